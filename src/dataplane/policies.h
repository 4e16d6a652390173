// Policies in the kernel: an id for each (VPC, set of groups), and the ranges of rules that it points to.
//
// A change writes the new rules beside the old ones and switches the policy over, so a packet is judged by the old or
// by the new rules, never by a mixture. Ids are never given out twice by one daemon. One thread.
#pragma once

#include <map>

#include "dataplane/rule_ranges.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

class Policies {
 public:
  using Name = std::pair<plan::VpcNumber, GroupSet>;

  explicit Policies(Tables& tables) : tables_(tables), ranges_(tables.rules.capacity()) {}

  // What the maps hold, with rules. A policy of which a part is missing is given without value.
  Result<std::map<Name, std::optional<Policy>>> read();

  Status put(const Name& name, const Policy& policy, RuleRanges::Time now);
  Status remove(const Name& name, RuleRanges::Time now);
  // Error if there is no such policy.
  [[nodiscard]] Result<PolicyId> id_of(const Name& name) const;
  // Nothing if the id means no policy that is known.
  [[nodiscard]] const Name* name_of(PolicyId id) const;

 private:
  struct Known {
    PolicyId id = 0;
    ginnel_policy ranges{};
  };
  Result<std::optional<Policy>> read_rules(const ginnel_policy& ranges);
  Result<ginnel_rule_range> write_rules(std::vector<plan::Rule> rules, RuleRanges::Time now);
  void release(const ginnel_policy& ranges, RuleRanges::Time now);

  Tables& tables_;
  RuleRanges ranges_;
  std::map<Name, Known> known_;
  std::map<PolicyId, Name> names_;
  PolicyId next_ = 1;
};

[[nodiscard]] std::string to_text(const Policies::Name& name);

}  // namespace ginnel::dataplane
