// Random groups and rules, near to the packets of the test: addresses that differ in one bit, ports at the ends of
// ranges.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/resources.h"

namespace ginnel::property {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  [[nodiscard]] int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(engine_); }
  [[nodiscard]] int between(int least, int most) { return least + below(most - least + 1); }
  [[nodiscard]] bool chance(int n) { return below(n) == 0; }
  template <typename T>
  [[nodiscard]] const T& pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(below(static_cast<int>(from.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

inline const std::vector<int> kPorts = {1, 22, 53, 80, 443, 8080, 65535};
inline const std::vector<int> kOtherProtocols = {2, 47, 50, 89, 132, 253, 254};
// Messages that open something: queries, and what nothing answers.
inline const std::vector<int> kIcmpTypes = {8, 13, 15, 17, 40, 255};
inline const std::vector<int> kIcmpV6Types = {128, 138, 139, 200, 255};
inline const std::vector<int> kCodes = {0, 1, 7, 255};

// What rules of one VPC's groups may name.
struct Peers {
  std::vector<std::string> addresses;  // of both families
  std::vector<std::string> groups, prefix_lists;
};

// The service and the peer; id, account and group are the caller's.
[[nodiscard]] model::SecurityGroupRule random_rule(Random& random, const Peers& peers);
// Around the address, of any length; its host bits are zero.
[[nodiscard]] std::string random_block(Random& random, const std::string& address);

}  // namespace ginnel::property
