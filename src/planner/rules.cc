#include "planner/rules.h"

#include <algorithm>
#include <charconv>

namespace ginnel::plan {
namespace {

constexpr uint16_t kAny = 0xffff;

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// An ICMP type or code; -1 is any.
uint16_t icmp_part(int32_t value) { return value < 0 ? kAny : static_cast<uint16_t>(value); }

}  // namespace

Result<uint8_t> protocol_number(std::string_view protocol) {
  if (protocol == "-1") return kAnyProtocol;
  if (protocol == "tcp") return kTcp;
  if (protocol == "udp") return kUdp;
  if (protocol == "icmp") return kIcmp;
  if (protocol == "icmpv6") return kIcmpV6;
  uint8_t number = 0;
  const auto [end, error] = std::from_chars(protocol.data(), protocol.data() + protocol.size(), number);
  if (error != std::errc() || end != protocol.data() + protocol.size() || number == kAnyProtocol) {
    return fail("read protocol", protocol, "it is no IP protocol");
  }
  return number;
}

Result<Rule> compile_rule(const model::SecurityGroupRule& rule, GroupNumber referenced) {
  Rule out;
  GINNEL_TRY(out.protocol, protocol_number(rule.protocol));
  if (out.protocol == kTcp || out.protocol == kUdp) {
    const bool all = rule.from_port < 0;
    out.from_port = all ? 0 : static_cast<uint16_t>(rule.from_port);
    out.to_port = all ? kAny : static_cast<uint16_t>(rule.to_port);
  } else if (out.protocol == kIcmp || out.protocol == kIcmpV6) {
    out.from_port = icmp_part(rule.from_port);
    out.to_port = icmp_part(rule.to_port);
  }
  if (!rule.referenced_group.empty()) {
    out.group = referenced;
  } else {
    GINNEL_TRY(out.cidr, Cidr::parse(rule.cidr_ipv4.empty() ? rule.cidr_ipv6 : rule.cidr_ipv4));
  }
  return out;
}

namespace {

// What the rule of the group means in packets: nothing, one rule, or one of each entry of a prefix list.
Status add_rules(const model::Snapshot& snapshot, const model::SecurityGroup& group,
                 const model::SecurityGroupRule& rule, std::vector<Rule>& out) {
  if (!rule.prefix_list.empty()) {
    const auto* list = snapshot.find<model::PrefixList>(rule.prefix_list);
    if (!list) return {};
    model::SecurityGroupRule of_entry = rule;
    for (const auto& entry : list->entries) {
      of_entry.cidr_ipv4 = entry.cidr;  // of either family
      GINNEL_TRY(Rule compiled, compile_rule(of_entry, 0));
      out.push_back(std::move(compiled));
    }
    return {};
  }
  const auto* referenced = snapshot.find<model::SecurityGroup>(rule.referenced_group);
  const bool is_reference = !rule.referenced_group.empty();
  if (is_reference && (!referenced || referenced->vpc != group.vpc)) return {};
  GINNEL_TRY(Rule compiled, compile_rule(rule, is_reference ? referenced->number : 0));
  out.push_back(std::move(compiled));
  return {};
}

}  // namespace

Result<Policy> compile_policy(const model::Snapshot& snapshot, const std::vector<const model::SecurityGroup*>& groups) {
  Policy policy;
  for (const auto* group : groups) {
    policy.groups.push_back(group->number);
    for (const auto* rule : snapshot.table<model::SecurityGroupRule>().referring_to(group->id)) {
      if (rule->group != group->id) continue;  // it only refers to the group
      const auto status = add_rules(snapshot, *group, *rule, rule->egress ? policy.egress : policy.ingress);
      if (!status) return fail("plan", rule->id, status.error().text());
    }
  }
  sort_unique(policy.groups);
  sort_unique(policy.ingress);
  sort_unique(policy.egress);
  return policy;
}

}  // namespace ginnel::plan
