#include "health/matcher.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace ginnel::health {
namespace {

std::optional<int> parse_status(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 100 || value > 599) return std::nullopt;
  return value;
}

}  // namespace

Result<Matcher> Matcher::parse(std::string_view text) {
  Matcher out;
  for (size_t start = 0; start <= text.size();) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view part = text.substr(start, comma - start);
    const size_t dash = part.find('-');
    const auto first = parse_status(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_status(part.substr(dash + 1));
    if (!first || !last || *first > *last) return fail("read matcher", text, "\"" + std::string(part) + "\"");
    out.ranges_.emplace_back(*first, *last);
    start = comma + 1;
  }
  return out;
}

bool Matcher::matches(int status) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const auto& range) { return range.first <= status && status <= range.second; });
}

}  // namespace ginnel::health
