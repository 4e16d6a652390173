#include "api/ec2/group_store.h"
#include "api/ec2/security_groups.h"

namespace ginnel::api {
namespace {

using model::SecurityGroup;
using model::SecurityGroupRule;
using Values = aws::FilterValues;

// What one rule adds to a filter's values; empty is nothing.
using OfRule = std::string (*)(const Call&, const SecurityGroupRule&);

std::string port_text(const SecurityGroupRule& rule, int32_t port) {
  return rule.protocol == "-1" ? std::string() : std::to_string(port);
}

std::string referenced_name(const Call& call, const SecurityGroupRule& rule) {
  const auto* group = call.snapshot.find<SecurityGroup>(rule.referenced_group);
  return group == nullptr ? std::string() : group->name;
}

struct RuleAttribute {
  std::string_view in_name, out_name;
  OfRule value;
};

const std::vector<RuleAttribute>& rule_attributes() {
  static const std::vector<RuleAttribute> kAttributes{
      {"ip-permission.cidr", "egress.ip-permission.cidr",
       [](const Call&, const SecurityGroupRule& rule) { return rule.cidr_ipv4; }},
      {"ip-permission.from-port", "egress.ip-permission.from-port",
       [](const Call&, const SecurityGroupRule& rule) { return port_text(rule, rule.from_port); }},
      {"ip-permission.group-id", "egress.ip-permission.group-id",
       [](const Call&, const SecurityGroupRule& rule) { return rule.referenced_group; }},
      {"ip-permission.group-name", "egress.ip-permission.group-name", referenced_name},
      {"ip-permission.ipv6-cidr", "egress.ip-permission.ipv6-cidr",
       [](const Call&, const SecurityGroupRule& rule) { return rule.cidr_ipv6; }},
      {"ip-permission.prefix-list-id", "egress.ip-permission.prefix-list-id",
       [](const Call&, const SecurityGroupRule& rule) { return rule.prefix_list; }},
      {"ip-permission.protocol", "egress.ip-permission.protocol",
       [](const Call&, const SecurityGroupRule& rule) { return rule.protocol; }},
      {"ip-permission.to-port", "egress.ip-permission.to-port",
       [](const Call&, const SecurityGroupRule& rule) { return port_text(rule, rule.to_port); }},
      {"ip-permission.user-id", "egress.ip-permission.user-id",
       [](const Call&, const SecurityGroupRule& rule) {
         return rule.referenced_group.empty() ? std::string() : rule.account;
       }},
  };
  return kAttributes;
}

Values values_of_rules(const Call& call, const SecurityGroup& group, bool egress, OfRule value) {
  Values out;
  for (const auto* rule : rules_of(call, group)) {
    if (rule->egress != egress) continue;
    std::string text = value(call, *rule);
    if (!text.empty()) out.push_back(std::move(text));
  }
  return out;
}

}  // namespace

const Attributes<SecurityGroup>& security_group_attributes() {
  static const Attributes<SecurityGroup> kAttributes = [] {
    Attributes<SecurityGroup> all{
        {"description", [](const Call&, const SecurityGroup& group) { return Values{group.description}; }},
        {"group-id", [](const Call&, const SecurityGroup& group) { return Values{group.id}; }},
        {"group-name", [](const Call&, const SecurityGroup& group) { return Values{group.name}; }},
        {"owner-id", [](const Call&, const SecurityGroup& group) { return Values{group.account}; }},
        {"vpc-id", [](const Call&, const SecurityGroup& group) { return Values{group.vpc}; }},
    };
    for (const auto& attribute : rule_attributes()) {
      const OfRule value = attribute.value;
      all.push_back({attribute.in_name, [value](const Call& call, const SecurityGroup& group) {
                       return values_of_rules(call, group, false, value);
                     }});
      all.push_back({attribute.out_name, [value](const Call& call, const SecurityGroup& group) {
                       return values_of_rules(call, group, true, value);
                     }});
    }
    return all;
  }();
  return kAttributes;
}

}  // namespace ginnel::api
