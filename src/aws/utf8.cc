#include "aws/utf8.h"

#include <array>

namespace ginnel::aws {
namespace {

// How many bytes follow the first one, or -1 where it cannot be the first.
int following(unsigned char first) {
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first < 0xE0) return 1;
  if (first >= 0xE0 && first < 0xF0) return 2;
  if (first >= 0xF0 && first < 0xF5) return 3;
  return -1;
}

constexpr std::array<char32_t, 4> kSmallest{0, 0x80, 0x800, 0x10000};

}  // namespace

char32_t next_code_point(std::string_view text, std::size_t& at) {
  const std::size_t begin = at++;
  const auto first = static_cast<unsigned char>(text[begin]);
  const int more = following(first);
  if (more == 0) return first;
  if (more < 0 || text.size() - begin <= static_cast<std::size_t>(more)) return kBadCodePoint;
  char32_t point = first & (0x3FU >> more);
  for (int i = 1; i <= more; ++i) {
    const auto byte = static_cast<unsigned char>(text[begin + static_cast<std::size_t>(i)]);
    if ((byte & 0xC0U) != 0x80U) return kBadCodePoint;
    point = (point << 6U) | (byte & 0x3FU);
  }
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (surrogate || point > 0x10FFFF || point < kSmallest[static_cast<std::size_t>(more)]) return kBadCodePoint;
  at = begin + static_cast<std::size_t>(more) + 1;
  return point;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (next_code_point(text, at) == kBadCodePoint) return false;
  }
  return true;
}

}  // namespace ginnel::aws
