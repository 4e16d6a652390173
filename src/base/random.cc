#include "base/random.h"

#include <sys/random.h>

#include <array>

#include "base/check.h"

namespace ginnel {

void SystemRandom::fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    const auto got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    GINNEL_CHECK(got > 0, "getrandom gives bytes");
    out = out.subspan(static_cast<size_t>(got));
  }
}

void SeededRandom::fill(std::span<uint8_t> out) {
  for (auto& byte : out) byte = static_cast<uint8_t>(engine_());
}

std::string random_hex(RandomSource& random, unsigned count) {
  std::string bytes(count, '\0');
  random.fill(std::span(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
  for (auto& c : bytes) c = "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  return bytes;
}

std::string make_resource_id(std::string_view prefix, RandomSource& random) {
  return std::string(prefix) + "-0" + random_hex(random, 16);
}

std::string make_uuid(RandomSource& random) {
  std::string hex = random_hex(random, 32);
  hex[12] = '4';
  hex[16] = "89ab"[static_cast<uint8_t>(hex[16]) & 3];
  for (const size_t at : {8, 13, 18, 23}) hex.insert(at, "-");
  return hex;
}

}  // namespace ginnel
