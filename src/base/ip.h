// IP addresses, prefixes and MAC addresses as values.
//
// An IpAddress is always 128 bits in network byte order; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2),
// so that one code path serves both families. Prefix lengths of a Cidr are those that a person writes (0–32 for IPv4).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ginnel {

class IpAddress {
 public:
  using Bytes = std::array<uint8_t, 16>;

  constexpr IpAddress() = default;  // "::"
  explicit constexpr IpAddress(const Bytes& bytes) : bytes_(bytes) {}
  static IpAddress from_v4(uint32_t host_order);
  // Accepts the dotted form and RFC 4291 text; no zone, no prefix.
  static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] uint32_t v4() const;  // host order; only where is_v4()
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  [[nodiscard]] std::string to_string() const;
  // The address `offset` further on; behind the last one come the first again.
  [[nodiscard]] IpAddress plus(uint64_t offset) const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Bytes bytes_{};
};

class Cidr {
 public:
  Cidr() = default;  // "::/0"
  // `length` as written for the family of `base`; host bits are cleared.
  Cidr(IpAddress base, unsigned length);
  // "10.0.0.0/16". Host bits may be set in the text and are cleared.
  static Result<Cidr> parse(std::string_view text);
  // As parse, but host bits that are set are an error.
  static Result<Cidr> parse_strict(std::string_view text);

  [[nodiscard]] const IpAddress& base() const { return base_; }
  [[nodiscard]] unsigned length() const { return length_; }
  [[nodiscard]] unsigned length_128() const { return is_v4() ? length_ + 96 : length_; }
  [[nodiscard]] bool is_v4() const { return v4_; }
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] bool contains(const Cidr& other) const;
  [[nodiscard]] bool overlaps(const Cidr& other) const;
  // How many addresses, saturated at 2^63.
  [[nodiscard]] uint64_t size() const;
  [[nodiscard]] IpAddress last() const;
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const Cidr&, const Cidr&) = default;

 private:
  IpAddress base_;
  unsigned length_ = 0;
  bool v4_ = false;
};

struct MacAddress {
  std::array<uint8_t, 6> bytes{};

  static Result<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const MacAddress&, const MacAddress&) = default;
};

}  // namespace ginnel
