#include "dataplane/policies.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

Policies::Name from_abi(const PolicyName& row) {
  const uint32_t count = std::min(row.count, kMostGroups);
  return {row.vpc, GroupSet(row.groups, row.groups + count)};
}

PolicyName to_abi(const Policies::Name& name) {
  PolicyName out{};
  out.vpc = name.first;
  out.count = static_cast<uint32_t>(name.second.size());
  std::copy(name.second.begin(), name.second.end(), out.groups);
  return out;
}

enum class Family { ipv4, both, ipv6 };

Family family_of(const plan::Rule& rule) {
  if (!rule.cidr) return Family::both;
  return rule.cidr->is_v4() ? Family::ipv4 : Family::ipv6;
}

struct FamilyCounts {
  size_t ipv4_only = 0, ipv6_only = 0;
};

FamilyCounts families_of(const std::vector<plan::Rule>& rules) {
  FamilyCounts out;
  for (const auto& rule : rules) {
    if (family_of(rule) == Family::ipv4) ++out.ipv4_only;
    if (family_of(rule) == Family::ipv6) ++out.ipv6_only;
  }
  return out;
}

Status check(const Policies::Name& name, const Policy& policy) {
  if (name.second.size() > kMostGroups) {
    return fail("use policy", to_text(name), fmt::format("more than {} groups on one interface", kMostGroups));
  }
  for (const auto* rules : {&policy.ingress, &policy.egress}) {
    const auto [ipv4, ipv6] = families_of(*rules);
    const size_t most = rules->size() - std::min(ipv4, ipv6);
    if (most <= GINNEL_MAX_RULES_PER_POLICY) continue;
    return fail("use policy", to_text(name),
                fmt::format("{} rules in one direction for one family, at most {} are judged", most,
                            GINNEL_MAX_RULES_PER_POLICY));
  }
  return {};
}

}  // namespace

std::string to_text(const Policies::Name& name) {
  return fmt::format("{{{}}} of VPC {}", fmt::join(name.second, ","), name.first);
}

Result<std::optional<Policy>> Policies::read_rules(const ginnel_policy& ranges) {
  Policy out;
  for (const auto& [range, rules] : {std::pair(ranges.ingress, &out.ingress), std::pair(ranges.egress, &out.egress)}) {
    // Two policies that claim the same place: neither can be trusted.
    if (!ranges_.claim(range.offset, range.count)) return std::optional<Policy>();
    for (uint32_t i = range.offset; i < range.offset + range.count; ++i) {
      GINNEL_TRY(const auto rule, tables_.rules.get(i));
      if (!rule) return std::optional<Policy>();
      rules->push_back(dataplane::from_abi(*rule));
    }
    std::sort(rules->begin(), rules->end());  // as in a plan
  }
  return std::optional<Policy>(std::move(out));
}

Result<std::map<Policies::Name, std::optional<Policy>>> Policies::read() {
  std::map<PolicyId, ginnel_policy> rows;
  GINNEL_CHECKED(tables_.policies.for_each([&](PolicyId id, const ginnel_policy& row) { rows[id] = row; }));
  GINNEL_CHECKED(tables_.policy_names.for_each([&](PolicyId id, const PolicyName& row) {
    names_[id] = from_abi(row);
    next_ = std::max(next_, id + 1);
  }));
  std::map<Name, std::optional<Policy>> out;
  for (const auto& [id, row] : rows) {
    next_ = std::max(next_, id + 1);
    // The name is written first and removed last, so a policy without one is nobody's.
    if (!names_.contains(id)) GINNEL_CHECKED(tables_.policies.erase(id));
  }
  for (const auto& [id, name] : names_) {
    const auto row = rows.find(id);
    Known known{id, row == rows.end() ? ginnel_policy{} : row->second};
    std::optional<Policy> policy;
    if (row != rows.end()) {
      GINNEL_TRY(policy, read_rules(row->second));
      if (!policy) known.ranges = {};
    }
    known_[name] = known;
    out[name] = std::move(policy);
  }
  return out;
}

Result<ginnel_rule_range> Policies::write_rules(std::vector<plan::Rule> rules, RuleRanges::Time now) {
  std::stable_sort(rules.begin(), rules.end(),
                   [](const auto& a, const auto& b) { return family_of(a) < family_of(b); });
  const auto [ipv4_only, ipv6_only] = families_of(rules);
  ginnel_rule_range out{};
  out.count = static_cast<__u32>(rules.size());
  out.ipv4_only = static_cast<__u32>(ipv4_only);
  out.ipv6_only = static_cast<__u32>(ipv6_only);
  GINNEL_TRY(out.offset, ranges_.allocate(out.count, now));
  for (uint32_t i = 0; i < out.count; ++i) {
    if (auto status = tables_.rules.put(out.offset + i, dataplane::to_abi(rules[i])); !status) {
      ranges_.release(out.offset, out.count, now);
      return tl::unexpected(std::move(status).error());
    }
  }
  return out;
}

void Policies::release(const ginnel_policy& ranges, RuleRanges::Time now) {
  ranges_.release(ranges.ingress.offset, ranges.ingress.count, now);
  ranges_.release(ranges.egress.offset, ranges.egress.count, now);
}

Status Policies::put(const Name& name, const Policy& policy, RuleRanges::Time now) {
  GINNEL_CHECKED(check(name, policy));
  auto known = known_.find(name);
  if (known == known_.end()) {
    GINNEL_CHECKED(tables_.policy_names.put(next_, to_abi(name)));
    names_[next_] = name;
    known = known_.emplace(name, Known{next_++, {}}).first;
  }
  ginnel_policy fresh{};
  GINNEL_TRY(fresh.ingress, write_rules(policy.ingress, now));
  auto egress = write_rules(policy.egress, now);
  Status status;
  if (egress) {
    fresh.egress = *egress;
    status = tables_.policies.put(known->second.id, fresh);
  } else {
    status = tl::unexpected(std::move(egress).error());
  }
  // Whichever of the two the program does not use is free.
  release(status ? known->second.ranges : fresh, now);
  if (status) known->second.ranges = fresh;
  return status;
}

Status Policies::remove(const Name& name, RuleRanges::Time now) {
  const auto known = known_.find(name);
  if (known == known_.end()) return {};
  GINNEL_CHECKED(tables_.policies.erase(known->second.id));
  release(known->second.ranges, now);
  known->second.ranges = {};
  GINNEL_CHECKED(tables_.policy_names.erase(known->second.id));
  names_.erase(known->second.id);
  known_.erase(known);
  return {};
}

Result<PolicyId> Policies::id_of(const Name& name) const {
  const auto known = known_.find(name);
  if (known == known_.end()) return fail("find policy", to_text(name), "there is none");
  return known->second.id;
}

const Policies::Name* Policies::name_of(PolicyId id) const {
  const auto name = names_.find(id);
  return name == names_.end() ? nullptr : &name->second;
}

}  // namespace ginnel::dataplane
