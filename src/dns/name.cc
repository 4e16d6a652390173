#include "dns/name.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::dns {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One character of a label, with its escape, from text[position] on; moves the position behind it.
Result<char> read_character(std::string_view text, size_t& position) {
  const char c = text[position++];
  if (c != '\\') return c;
  const auto rest = text.substr(position);
  if (rest.empty()) return fail("read name", text, "it ends in a backslash");
  if (!is_digit(rest[0])) {
    ++position;
    return rest[0];
  }
  if (rest.size() < 3 || !is_digit(rest[1]) || !is_digit(rest[2])) {
    return fail("read name", text, "a backslash and a digit without two more");
  }
  const int code = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (code > 255) return fail("read name", text, "an escape over \\255");
  position += 3;
  return static_cast<char>(code);
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.empty()) return fail("read name", text, "it is empty");
  if (text == ".") return Name();
  std::string wire, label;
  const auto end_label = [&]() -> Status {
    if (label.empty()) return fail("read name", text, "it has an empty label");
    if (label.size() > kLongestLabel) return fail("read name", text, "a label is longer than 63 bytes");
    wire += static_cast<char>(label.size());
    wire += label;
    if (wire.size() + 1 > kLongestName) return fail("read name", text, "it is longer than 255 bytes");
    label.clear();
    return {};
  };
  for (size_t position = 0; position < text.size();) {
    if (text[position] == '.') {
      GINNEL_CHECKED(end_label());
      ++position;
      continue;
    }
    GINNEL_TRY(const char c, read_character(text, position));
    label += c;
  }
  if (!label.empty()) GINNEL_CHECKED(end_label());
  wire += '\0';
  return Name(std::move(wire));
}

std::string Name::to_text() const {
  if (is_root()) return ".";
  std::string text;
  for (size_t start = 0; wire_[start] != 0;) {
    const auto length = static_cast<uint8_t>(wire_[start]);
    if (!text.empty()) text += '.';
    for (const char c : std::string_view(wire_).substr(start + 1, length)) {
      if (c == '.' || c == '\\') {
        text += '\\';
        text += c;
      } else if (c > 0x20 && c < 0x7f) {
        text += c;
      } else {
        text += fmt::format("\\{:03}", static_cast<uint8_t>(c));
      }
    }
    start += 1U + length;
  }
  return text;
}

Name Name::parent() const {
  if (is_root()) return *this;
  return Name(wire_.substr(1U + static_cast<uint8_t>(wire_[0])));
}

bool Name::is_under(const Name& ancestor) const {
  if (wire_.size() < ancestor.wire_.size()) return false;
  const size_t cut = wire_.size() - ancestor.wire_.size();
  size_t start = 0;
  while (start < cut) start += 1U + static_cast<uint8_t>(wire_[start]);
  return start == cut && Name(wire_.substr(cut)) == ancestor;
}

Result<Name> Name::child(std::string_view label) const {
  if (label.empty() || label.size() > kLongestLabel) return fail("make name under", to_text(), "the label's length");
  if (wire_.size() + 1 + label.size() > kLongestName) return fail("make name under", to_text(), "it is too long");
  return Name(static_cast<char>(label.size()) + std::string(label) + wire_);
}

bool operator==(const Name& a, const Name& b) {
  // Lengths are under 64 and so are no letters: the whole wire form can be compared without case.
  return std::equal(a.wire_.begin(), a.wire_.end(), b.wire_.begin(), b.wire_.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

TreeKey::TreeKey(const Name& name) {
  const std::string& wire = name.wire();
  std::vector<uint16_t> starts;
  for (size_t start = 0; wire[start] != 0; start += 1U + static_cast<uint8_t>(wire[start])) {
    starts.push_back(static_cast<uint16_t>(start));
  }
  bytes.reserve(wire.size());
  ends.reserve(starts.size() + 1);
  ends.push_back(0);
  for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
    const size_t length = 1U + static_cast<uint8_t>(wire[*start]);
    std::transform(wire.begin() + *start, wire.begin() + *start + static_cast<long>(length), std::back_inserter(bytes),
                   lower);
    ends.push_back(static_cast<uint16_t>(bytes.size()));
  }
}

}  // namespace ginnel::dns
