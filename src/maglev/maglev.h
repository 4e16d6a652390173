// Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section
// 3.4): a table of targets that a flow's hash points into.
//
// Every target has the same share within 1 % where the table is a hundred times longer than the list, and when one of N
// targets leaves or comes, little more than 1/N of the table changes. Pure; depends on the set of targets alone.
#pragma once

#include <cstdint>
#include <vector>

namespace ginnel::maglev {

using Number = uint32_t;  // of a target; never 0

// Prime, and a hundred times the 600 targets of a large group; docs/decisions/0011 has the figures.
inline constexpr uint32_t kTableSize = 65537;

// `size` entries; empty where there are no targets. `size` is a prime of at least the number of targets, and targets
// are unique; neither is checked.
[[nodiscard]] std::vector<Number> table(const std::vector<Number>& targets, uint32_t size);

}  // namespace ginnel::maglev
