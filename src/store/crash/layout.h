// What the crash test's writer puts, shared with the test that reads it back.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

#include "store/store.h"

namespace ginnel::store::crash {

inline constexpr int kParts = 5;
inline constexpr uint64_t kKept = 20;

inline std::string key(uint64_t number, int part) { return fmt::format("part/{:012}/{}", number, part); }
// Long enough that a transaction spans pages.
inline std::string value(uint64_t number) { return std::string(1500, '.') + std::to_string(number); }

inline Transaction transaction(uint64_t number) {
  Transaction out;
  out.puts.push_back({"last", std::to_string(number)});
  for (int part = 0; part < kParts; ++part) {
    out.puts.push_back({key(number, part), value(number)});
    if (number > kKept) out.deletes.push_back(key(number - kKept, part));
  }
  return out;
}

}  // namespace ginnel::store::crash
