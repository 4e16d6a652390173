// SHA-256 and HMAC, as the signature needs them.
#pragma once

#include <string>
#include <string_view>

namespace ginnel::aws {

[[nodiscard]] std::string sha256_hex(std::string_view data);
// The 32 bytes, not hexadecimal.
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view data);
[[nodiscard]] std::string to_hex(std::string_view bytes);
// Takes the same time wherever the texts differ; texts of different length are different at once.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ginnel::aws
