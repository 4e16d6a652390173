#include "daemon/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace ginnel::daemon {
namespace {

std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Exposition::family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                 kind == Kind::counter ? "counter" : "gauge");
}

void Exposition::sample(const Labels& labels, uint64_t value) {
  text_ += name_;
  char before = '{';
  for (const auto& [label, text] : labels) {
    if (text.empty()) continue;
    fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", before, label, escaped(text, true));
    before = ',';
  }
  if (before == ',') text_ += '}';
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

}  // namespace ginnel::daemon
