// A domain name (RFC 1035 section 3.1): labels of 1–63 bytes, at most 255 bytes on the wire.
//
// Keeps the case that it was written in; compares without case (RFC 4343). A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ginnel::dns {

inline constexpr size_t kLongestName = 255;  // bytes on the wire, the root's 0 included
inline constexpr size_t kLongestLabel = 63;

class Name {
 public:
  Name() : wire_(1, '\0') {}  // the root
  // "www.example.com", with or without the final dot; "\." and "\DDD" as in RFC 1035 section 5.1.
  static Result<Name> parse(std::string_view text);
  // From labels that are checked already: the wire form without compression, the root's 0 included.
  static Name from_wire(std::string wire) { return Name(std::move(wire)); }

  [[nodiscard]] const std::string& wire() const { return wire_; }
  [[nodiscard]] bool is_root() const { return wire_.size() == 1; }
  // Without the final dot ("." for the root), escaped where parse() needs it.
  [[nodiscard]] std::string to_text() const;
  // The name without its first label; the root's is the root.
  [[nodiscard]] Name parent() const;
  // The name itself counts as under it.
  [[nodiscard]] bool is_under(const Name& ancestor) const;
  // "*" as the first label.
  [[nodiscard]] bool is_wildcard() const { return wire_.size() > 2 && wire_[0] == 1 && wire_[1] == '*'; }
  // Label + this name; an Error where it would be too long.
  [[nodiscard]] Result<Name> child(std::string_view label) const;

  friend bool operator==(const Name& a, const Name& b);

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}

  std::string wire_;
};

// The labels from the root on, in lower case, each after its length: the key of a name in an ordered map. The names
// under a name are the keys that begin with its key.
struct TreeKey {
  explicit TreeKey(const Name& name);

  std::string bytes;
  // Where the key of each ancestor ends, the root's (0) first, the name's own last.
  std::vector<uint16_t> ends;
};

}  // namespace ginnel::dns
