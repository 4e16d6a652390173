// UTF-8, as far as the wire needs it (RFC 3629: no surrogates, nothing over U+10FFFF, no overlong forms).
#pragma once

#include <cstddef>
#include <string_view>

namespace ginnel::aws {

inline constexpr char32_t kBadCodePoint = 0xFFFFFFFF;

// The code point that begins at text[at], which is advanced past it; kBadCodePoint, and one byte further, where
// there is none. `at` must be inside the text.
char32_t next_code_point(std::string_view text, std::size_t& at);

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace ginnel::aws
