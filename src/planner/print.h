// Plans as text that a person can review: golden tests, `explain`.
#pragma once

#include <string>

#include "planner/plan.h"

namespace ginnel::plan {

// Ends with a newline. The revision is left out, as it is left out where plans are compared.
[[nodiscard]] std::string print(const VpcPlan& plan);
[[nodiscard]] std::string print(const HostPlan& plan);
// "tcp 443", "udp 1000-2000", "icmp type 8", "icmp", "any", "protocol 47"
[[nodiscard]] std::string print_traffic(const Rule& rule);

}  // namespace ginnel::plan
