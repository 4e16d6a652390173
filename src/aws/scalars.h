// The texts of scalars in requests. Each function gives nothing where the text is no such value, whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace ginnel::aws {

[[nodiscard]] std::optional<bool> parse_bool(std::string_view text);  // true, false, in any case
[[nodiscard]] std::optional<int> parse_int(std::string_view text);
[[nodiscard]] std::optional<std::int64_t> parse_long(std::string_view text);
[[nodiscard]] std::optional<double> parse_double(std::string_view text);  // finite
// ISO 8601 in UTC: "2026-01-31T12:00:00Z", with or without a fraction, of which milliseconds are kept.
[[nodiscard]] std::optional<WallTime> parse_timestamp(std::string_view text);
// The form of the signature: "20260131T120000Z".
[[nodiscard]] std::optional<WallTime> parse_basic_timestamp(std::string_view text);
[[nodiscard]] std::string to_basic_timestamp(WallTime time);

}  // namespace ginnel::aws
