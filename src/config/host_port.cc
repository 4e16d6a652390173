#include "config/host_port.h"

#include <fmt/format.h>

#include <charconv>

namespace ginnel::config {
namespace {

constexpr size_t kLongestName = 253, kLongestLabel = 63;

Result<uint16_t> parse_port(std::string_view whole, std::string_view digits) {
  uint32_t port = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, port);
  if (error != std::errc() || rest != end || port == 0 || port > 65535)
    return fail("read", whole, fmt::format("'{}' is not a port (1–65535)", digits));
  return static_cast<uint16_t>(port);
}

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  return true;
}

std::string join(std::string_view host, uint16_t port) {
  return host.find(':') == std::string_view::npos ? fmt::format("{}:{}", host, port)
                                                  : fmt::format("[{}]:{}", host, port);
}

}  // namespace

Result<std::string> parse_dns_name(std::string_view text, bool wildcard) {
  std::string name(text);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  std::string_view rest = name;
  if (wildcard && rest.starts_with("*.")) rest.remove_prefix(2);
  if (rest.size() > kLongestName) return fail("read", text, "longer than a DNS name may be (253)");
  while (true) {
    const size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return fail("read", text, "not a DNS name");
    if (dot == std::string_view::npos) return name;
    rest.remove_prefix(dot + 1);
  }
}

Result<HostPort> HostPort::parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail("read", text, "not HOST:PORT");
  GINNEL_TRY(const uint16_t port, parse_port(text, text.substr(colon + 1)));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    auto address = IpAddress::parse(host);
    if (!address || address->is_v4()) return fail("read", text, "no IPv6 address in the brackets");
    return HostPort{address->to_string(), port};
  }
  if (auto address = IpAddress::parse(host)) {
    if (!address->is_v4()) return fail("read", text, "an IPv6 address goes in brackets");
    return HostPort{address->to_string(), port};
  }
  auto name = parse_dns_name(host);
  // Digits and dots alone are a mistyped address, never a host.
  if (!name || host.find_first_not_of("0123456789.") == std::string_view::npos)
    return fail("read", text, "neither a host name nor an address before the port");
  return HostPort{*name, port};
}

std::string HostPort::to_string() const { return join(host, port); }

Result<AddressPort> AddressPort::parse(std::string_view text) {
  GINNEL_TRY(const HostPort both, HostPort::parse(text));
  auto address = IpAddress::parse(both.host);
  if (!address) return fail("read", text, "not ADDRESS:PORT");
  return AddressPort{*address, both.port};
}

std::string AddressPort::to_string() const { return join(address.to_string(), port); }

bool AddressPort::is_loopback() const {
  if (address.is_v4()) return address.v4() >> 24 == 127;
  IpAddress::Bytes loopback{};
  loopback.back() = 1;
  return address == IpAddress(loopback);
}

}  // namespace ginnel::config
