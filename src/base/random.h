// Randomness, passed in, and the identifiers made from it.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace ginnel {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(std::span<uint8_t> out) = 0;
};

// The kernel's generator (getrandom); safe from any thread.
class SystemRandom final : public RandomSource {
 public:
  void fill(std::span<uint8_t> out) override;
};

// Repeatable, for tests; one thread.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  void fill(std::span<uint8_t> out) override;

 private:
  std::mt19937_64 engine_;
};

// `count` lower-case hexadecimal digits.
[[nodiscard]] std::string random_hex(RandomSource& random, unsigned count);
// "vpc-0" and 16 random hexadecimal digits: the long form of EC2 resource ids. `prefix` without the dash.
[[nodiscard]] std::string make_resource_id(std::string_view prefix, RandomSource& random);
// A UUID, version 4 (RFC 9562), as used for request ids.
[[nodiscard]] std::string make_uuid(RandomSource& random);

}  // namespace ginnel
