// "HOST:PORT" as a value: where something listens, or what is connected to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::config {

struct HostPort {
  std::string host;  // a DNS name in lower case, or an address without brackets
  uint16_t port = 0;

  // "name:443", "192.0.2.1:443", "[2001:db8::1]:443"; the port is 1–65535.
  static Result<HostPort> parse(std::string_view text);
  // The same text again.
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

// As a HostPort whose host is an address.
struct AddressPort {
  IpAddress address;
  uint16_t port = 0;

  static Result<AddressPort> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] bool is_loopback() const;
  friend auto operator<=>(const AddressPort&, const AddressPort&) = default;
};

// A DNS name in lower case, without a final dot (RFC 1035 section 2.3.4: labels of 1–63, 253 in all). `wildcard`
// allows "*." in front.
Result<std::string> parse_dns_name(std::string_view text, bool wildcard = false);

}  // namespace ginnel::config
