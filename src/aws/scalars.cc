#include "aws/scalars.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string>

namespace ginnel::aws {
namespace {

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// Reads digits and fixed characters off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return bad();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }
  void skip(std::string_view expected) {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      bad();
    }
  }
  int milliseconds() {
    if (!rest_.starts_with('.')) return 0;
    rest_.remove_prefix(1);
    int value = 0;
    std::size_t count = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count, rest_.remove_prefix(1)) {
      if (count < 3) value = value * 10 + (rest_.front() - '0');
    }
    if (count == 0) return bad();
    for (std::size_t i = count; i < 3; ++i) value *= 10;
    return value;
  }
  [[nodiscard]] bool good_to_the_end() const { return good_ && rest_.empty(); }

 private:
  int bad() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

std::optional<WallTime> scan_time(std::string_view text, std::string_view dash, std::string_view colon) {
  using namespace std::chrono;
  Scanner scan(text);
  const year y(scan.digits(4));
  scan.skip(dash);
  const month m(static_cast<unsigned>(scan.digits(2)));
  scan.skip(dash);
  const day d(static_cast<unsigned>(scan.digits(2)));
  scan.skip("T");
  const int hour = scan.digits(2);
  scan.skip(colon);
  const int minute = scan.digits(2);
  scan.skip(colon);
  const int second = scan.digits(2);
  const int ms = dash.empty() ? 0 : scan.milliseconds();
  scan.skip("Z");
  const year_month_day date(y, m, d);
  if (!scan.good_to_the_end() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return sys_days(date) + hours(hour) + minutes(minute) + seconds(second) + milliseconds(ms);
}

}  // namespace

std::optional<bool> parse_bool(std::string_view text) {
  if (equals_lower(text, "true")) return true;
  if (equals_lower(text, "false")) return false;
  return std::nullopt;
}

std::optional<int> parse_int(std::string_view text) { return parse_number<int>(text); }
std::optional<std::int64_t> parse_long(std::string_view text) { return parse_number<std::int64_t>(text); }

std::optional<double> parse_double(std::string_view text) {
  const std::optional<double> value = parse_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<WallTime> parse_timestamp(std::string_view text) { return scan_time(text, "-", ":"); }
std::optional<WallTime> parse_basic_timestamp(std::string_view text) { return scan_time(text, "", ""); }

std::string to_basic_timestamp(WallTime time) {
  std::string out;
  for (const char c : to_iso8601(time)) {
    if (c == '.') break;
    if (c != '-' && c != ':') out.push_back(c);
  }
  return out + "Z";
}

}  // namespace ginnel::aws
