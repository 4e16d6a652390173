// Big-endian numbers at the end or in the middle of a buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ginnel::dhcp {

using Bytes = std::vector<uint8_t>;
using View = std::span<const uint8_t>;

inline void put16(Bytes& out, uint16_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void put32(Bytes& out, uint32_t value) {
  put16(out, static_cast<uint16_t>(value >> 16));
  put16(out, static_cast<uint16_t>(value));
}
inline void append(Bytes& out, View bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Within bounds: the caller has checked.
[[nodiscard]] inline uint16_t get16(View bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
[[nodiscard]] inline uint32_t get32(View bytes, size_t at) {
  return static_cast<uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

}  // namespace ginnel::dhcp
