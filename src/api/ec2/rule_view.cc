#include "api/ec2/rule_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::SecurityGroupRule;

std::optional<std::string> if_any(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

bool has_ports(const SecurityGroupRule& rule) {
  return rule.protocol == "tcp" || rule.protocol == "udp" || rule.protocol == "icmp" || rule.protocol == "icmpv6";
}

void add_source(const Call& call, const SecurityGroupRule& rule, ec2::IpPermission& out) {
  const auto description = if_any(rule.description);
  if (!rule.cidr_ipv4.empty()) {
    out.ip_ranges.push_back({.description = description, .cidr_ip = rule.cidr_ipv4});
  } else if (!rule.cidr_ipv6.empty()) {
    out.ipv6_ranges.push_back({.description = description, .cidr_ipv6 = rule.cidr_ipv6});
  } else if (!rule.prefix_list.empty()) {
    out.prefix_list_ids.push_back({.description = description, .prefix_list_id = rule.prefix_list});
  } else {
    ec2::UserIdGroupPair pair;
    pair.description = description;
    pair.group_id = rule.referenced_group;
    const auto* group = call.snapshot.find<model::SecurityGroup>(rule.referenced_group);
    pair.user_id = group == nullptr ? rule.account : group->account;
    out.user_id_group_pairs.push_back(std::move(pair));
  }
}

}  // namespace

// In the order in which they were made, as far as the clock tells.
std::vector<ec2::IpPermission> permission_set(const Call& call, std::vector<const SecurityGroupRule*> rules) {
  std::sort(rules.begin(), rules.end(), [](const SecurityGroupRule* a, const SecurityGroupRule* b) {
    return std::tie(a->created, a->id) < std::tie(b->created, b->id);
  });
  std::map<std::tuple<std::string, int32_t, int32_t>, ec2::IpPermission> by_service;
  for (const auto* rule : rules) {
    ec2::IpPermission& permission = by_service[{rule->protocol, rule->from_port, rule->to_port}];
    permission.ip_protocol = rule->protocol;
    if (has_ports(*rule)) {
      permission.from_port = rule->from_port;
      permission.to_port = rule->to_port;
    }
    add_source(call, *rule, permission);
  }
  std::vector<ec2::IpPermission> out;
  for (auto& [service, permission] : by_service) out.push_back(std::move(permission));
  return out;
}

ec2::SecurityGroupRule rule_to_wire(const Call& call, const SecurityGroupRule& rule) {
  ec2::SecurityGroupRule out;
  out.security_group_rule_id = rule.id;
  out.group_id = rule.group;
  out.group_owner_id = rule.account;
  out.is_egress = rule.egress;
  out.ip_protocol = rule.protocol;
  out.from_port = rule.from_port;
  out.to_port = rule.to_port;
  out.cidr_ipv4 = if_any(rule.cidr_ipv4);
  out.cidr_ipv6 = if_any(rule.cidr_ipv6);
  out.prefix_list_id = if_any(rule.prefix_list);
  if (!rule.referenced_group.empty()) {
    out.referenced_group_info = ec2::ReferencedSecurityGroup{};
    out.referenced_group_info->group_id = rule.referenced_group;
    out.referenced_group_info->user_id = rule.account;
  }
  out.description = if_any(rule.description);
  out.tags = tag_set(call, rule.id);
  out.security_group_rule_arn = fmt::format("arn:{}:ec2:{}:{}:security-group-rule/{}", call.region.partition,
                                            call.region.name, rule.account, rule.id);
  return out;
}

ec2::RevokedSecurityGroupRule revoked_to_wire(const SecurityGroupRule& rule) {
  ec2::RevokedSecurityGroupRule out;
  out.security_group_rule_id = rule.id;
  out.group_id = rule.group;
  out.is_egress = rule.egress;
  out.ip_protocol = rule.protocol;
  out.from_port = rule.from_port;
  out.to_port = rule.to_port;
  out.cidr_ipv4 = if_any(rule.cidr_ipv4);
  out.cidr_ipv6 = if_any(rule.cidr_ipv6);
  out.prefix_list_id = if_any(rule.prefix_list);
  out.referenced_group_id = if_any(rule.referenced_group);
  out.description = if_any(rule.description);
  return out;
}

}  // namespace ginnel::api
