#include "api/ec2/rules_in_force.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <tuple>

#include "api/ec2/group_store.h"

namespace ginnel::api {
namespace {

using model::SecurityGroupRule;
using Groups = std::vector<std::string>;

// Of one direction and one family.
struct Count {
  bool egress = false, ipv6 = false;
  size_t rules = 0;

  // "61 inbound rules for IPv4"
  [[nodiscard]] std::string text() const {
    return fmt::format("{} {} rules for {}", rules, egress ? "outbound" : "inbound", ipv6 ? "IPv6" : "IPv4");
  }
};
using Counts = std::array<Count, 2>;  // IPv4, IPv6

// How many it is of those.
size_t weight(const Call& call, const SecurityGroupRule& rule, bool ipv6) {
  if (!rule.prefix_list.empty()) {
    const auto* list = call.snapshot.find<model::PrefixList>(rule.prefix_list);
    return list != nullptr && (list->address_family == "IPv6") == ipv6 ? static_cast<size_t>(list->max_entries) : 0;
  }
  return (ipv6 ? rule.cidr_ipv4 : rule.cidr_ipv6).empty() ? 1 : 0;
}

// What two rules that are in force as one have in common.
auto meaning(const SecurityGroupRule& rule) {
  return std::tie(rule.egress, rule.protocol, rule.from_port, rule.to_port, rule.cidr_ipv4, rule.cidr_ipv6,
                  rule.referenced_group, rule.prefix_list);
}

Counts count_rules(const Call& call, const Groups& groups, bool egress) {
  const auto before = [](const SecurityGroupRule* a, const SecurityGroupRule* b) { return meaning(*a) < meaning(*b); };
  std::set<const SecurityGroupRule*, decltype(before)> rules(before);
  for (const auto& id : groups) {
    const auto* group = call.snapshot.find<model::SecurityGroup>(id);
    if (group == nullptr) continue;
    for (const auto* rule : rules_of(call, *group)) rules.insert(rule);
  }
  Counts counts{{{egress, false}, {egress, true}}};
  for (const auto* rule : rules) {
    if (rule->egress != egress) continue;
    for (auto& count : counts) count.rules += weight(call, *rule, count.ipv6);
  }
  return counts;
}

// The first that is more than `most`.
std::optional<Count> above(const Counts& counts, size_t most) {
  const auto found = std::find_if(counts.begin(), counts.end(), [&](const Count& each) { return each.rules > most; });
  return found == counts.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

aws::ApiStatus check_groups_together(const Call& call, const Groups& groups) {
  if (groups.size() > kMaxGroupsPerInterface) {
    return aws::api_error("SecurityGroupsPerInterfaceLimitExceeded",
                          fmt::format("A network interface can have at most {} security groups, the request names {}.",
                                      kMaxGroupsPerInterface, groups.size()));
  }
  for (const bool egress : {false, true}) {
    const auto count = above(count_rules(call, groups, egress), kMaxRulesInForce);
    if (!count) continue;
    return aws::api_error(
        "SecurityGroupsPerInterfaceLimitExceeded",
        fmt::format("The security groups {} together have {}, a network interface can have at most {} in force.",
                    fmt::join(groups, ", "), count->text(), kMaxRulesInForce));
  }
  return {};
}

aws::ApiStatus check_rules_of(const Call& call, const model::SecurityGroup& group, bool egress) {
  constexpr const char* kCode = "RulesPerSecurityGroupLimitExceeded";
  constexpr const char* kText = "The maximum number of rules per security group has been reached.";
  if (const auto count = above(count_rules(call, {group.id}, egress), call.region.rules_per_group)) {
    return aws::api_error(kCode, fmt::format("{} (The security group {} would have {}, at most {} are allowed)", kText,
                                             group.id, count->text(), call.region.rules_per_group));
  }
  std::set<Groups> checked;
  for (const auto* interface : call.snapshot.table<model::NetworkInterface>().referring_to(group.id)) {
    Groups groups = interface->groups;
    std::sort(groups.begin(), groups.end());
    if (!checked.insert(groups).second) continue;
    const auto count = above(count_rules(call, groups, egress), kMaxRulesInForce);
    if (!count) continue;
    return aws::api_error(kCode, fmt::format("{} (With the security group {} the network interface {} would have {} in "
                                             "force, at most {} are allowed)",
                                             kText, group.id, interface->id, count->text(), kMaxRulesInForce));
  }
  return {};
}

}  // namespace ginnel::api
