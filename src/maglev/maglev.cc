#include "maglev/maglev.h"

#include <algorithm>

namespace ginnel::maglev {
namespace {

constexpr uint32_t kFree = 0;

// The finaliser of MurmurHash3: every bit of the number matters.
uint64_t mix(uint64_t value) {
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdU;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53U;
  return value ^ (value >> 33);
}

// A target's permutation of the table: all of it, because the size is prime.
struct Preference {
  Number target;
  uint32_t next, step;
};

}  // namespace

std::vector<Number> table(const std::vector<Number>& targets, uint32_t size) {
  if (targets.empty()) return {};
  std::vector<Number> sorted = targets;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Preference> preferences;
  preferences.reserve(sorted.size());
  for (const auto target : sorted) {
    const uint64_t offset = mix(target), step = mix(target ^ 0x9e3779b97f4a7c15U);
    preferences.push_back({target, static_cast<uint32_t>(offset % size), static_cast<uint32_t>(step % (size - 1)) + 1});
  }
  std::vector<Number> entries(size, kFree);
  uint32_t filled = 0;
  while (true) {
    for (auto& preference : preferences) {
      while (entries[preference.next] != kFree) {
        preference.next = static_cast<uint32_t>((uint64_t{preference.next} + preference.step) % size);
      }
      entries[preference.next] = preference.target;
      if (++filled == size) return entries;
    }
  }
}

}  // namespace ginnel::maglev
