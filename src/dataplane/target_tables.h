// The Maglev tables of balancers in the kernel: an array each, put in place whole.
//
// A packet finds the old table or the new one, never a mixture. One thread. abi/balancer.h has the layout.
#pragma once

#include <optional>
#include <vector>

#include "dataplane/tables.h"

namespace ginnel::dataplane {

using Targets = std::vector<plan::TargetNumber>;  // sorted

// Replaces the balancer's table by that of these targets; without targets it has none. `size` is a prime; refuses more
// targets than that.
Status put_target_table(Tables& tables, plan::BalancerNumber balancer, const Targets& targets, uint32_t size);
// False if there was none.
Result<bool> erase_target_table(Tables& tables, plan::BalancerNumber balancer);
// The targets that a table was made of; empty where there is none. No value: it is not as it would be made now.
Result<std::optional<Targets>> read_target_table(const Tables& tables, plan::BalancerNumber balancer, uint32_t size);

}  // namespace ginnel::dataplane
