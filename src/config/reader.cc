#include "config/reader.h"

namespace ginnel::config {
namespace {

constexpr std::string_view kOperation = "read the configuration";
constexpr size_t kShown = 80;  // bytes of a value that a message shows

std::string shown(const toml::value& value) {
  switch (value.type()) {
    case toml::value_t::string: {
      const std::string& text = value.as_string(std::nothrow).str;
      return fmt::format("\"{}{}\"", std::string_view(text).substr(0, kShown), text.size() > kShown ? "…" : "");
    }
    case toml::value_t::integer:
      return fmt::format("{}", value.as_integer(std::nothrow));
    case toml::value_t::boolean:
      return value.as_boolean(std::nothrow) ? "true" : "false";
    case toml::value_t::floating:
      return fmt::format("{}", value.as_floating(std::nothrow));
    case toml::value_t::array:
      return "[…]";
    case toml::value_t::table:
      return "{…}";
    default:
      return "(a date or time)";
  }
}

}  // namespace

std::string place(const std::string& file, const toml::source_location& location) {
  return fmt::format("{}:{}", file, location.line());
}

std::string Reader::name(const std::string& key) const { return what_.empty() ? key : what_ + "." + key; }

const toml::value* Reader::find(const std::string& key) {
  known_.insert(key);
  const auto& entries = table_.as_table(std::nothrow);
  const auto found = entries.find(key);
  return found == entries.end() ? nullptr : &found->second;
}

Result<const toml::value*> Reader::require(const std::string& key) {
  const toml::value* value = find(key);
  if (value == nullptr) return error(fmt::format("{} is missing", name(key)));
  return value;
}

Result<std::string> Reader::text(const std::string& key, const toml::value& value) const {
  if (!value.is_string()) return error(key, value, "is not a string");
  return value.as_string(std::nothrow).str;
}

Result<int64_t> Reader::integer(const std::string& key, const toml::value& value, int64_t least, int64_t most) const {
  if (!value.is_integer()) return error(key, value, "is not a whole number");
  const int64_t number = value.as_integer(std::nothrow);
  if (number < least || number > most) return error(key, value, fmt::format("is not in {}–{}", least, most));
  return number;
}

Result<const toml::array*> Reader::list(const std::string& key, const toml::value& value) const {
  if (!value.is_array()) return error(key, value, "is not a list");
  return &value.as_array(std::nothrow);
}

tl::unexpected<Error> Reader::error(const std::string& key, const toml::value& value, std::string_view cause) const {
  return fail(kOperation, place(file_, value.location()), fmt::format("{} = {}: {}", name(key), shown(value), cause));
}

tl::unexpected<Error> Reader::error(std::string_view cause) const {
  return fail(kOperation, place(file_, table_.location()), cause);
}

Status Reader::finish() const {
  // The first in the file, so that the message does not depend on the order of the table.
  const toml::value* first = nullptr;
  std::string key;
  for (const auto& [name, value] : table_.as_table(std::nothrow)) {
    if (known_.contains(name)) continue;
    if (first == nullptr || value.location().line() < first->location().line()) {
      first = &value;
      key = name;
    }
  }
  if (first != nullptr) return error(key, *first, "unknown key");
  return {};
}

}  // namespace ginnel::config
