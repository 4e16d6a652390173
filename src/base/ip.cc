#include "base/ip.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/check.h"

namespace ginnel {
namespace {

constexpr std::array<uint8_t, 12> kV4Prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress masked(const IpAddress& address, unsigned length_128, uint8_t fill) {
  auto bytes = address.bytes();
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::clamp<int>(static_cast<int>(length_128) - static_cast<int>(i * 8), 0, 8);
    const auto mask = static_cast<uint8_t>(0xff00 >> kept);
    bytes[i] = static_cast<uint8_t>((bytes[i] & mask) | (fill & ~mask));
  }
  return IpAddress(bytes);
}

}  // namespace

IpAddress IpAddress::from_v4(uint32_t host_order) {
  Bytes bytes{};
  std::copy(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
  for (unsigned i = 0; i < 4; ++i) bytes[12 + i] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  return IpAddress(bytes);
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  in_addr v4{};
  if (inet_pton(AF_INET, copy.c_str(), &v4) == 1) return from_v4(ntohl(v4.s_addr));
  Bytes bytes{};
  if (copy.size() == text.size() && inet_pton(AF_INET6, copy.c_str(), bytes.data()) == 1) return IpAddress(bytes);
  return fail("parse address", text, "not an IPv4 or IPv6 address");
}

bool IpAddress::is_v4() const { return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes_.begin()); }

uint32_t IpAddress::v4() const {
  GINNEL_CHECK(is_v4(), "v4() of an IPv6 address");
  uint32_t value = 0;
  for (unsigned i = 12; i < 16; ++i) value = value << 8 | bytes_[i];
  return value;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

IpAddress IpAddress::plus(uint64_t offset) const {
  if (is_v4()) return from_v4(v4() + static_cast<uint32_t>(offset));
  Bytes bytes = bytes_;
  uint64_t low = 0;
  for (unsigned i = 8; i < 16; ++i) low = low << 8 | bytes[i];
  low += offset;
  for (unsigned i = 0; i < 8; ++i) bytes[15 - i] = static_cast<uint8_t>(low >> (8 * i));
  if (low < offset) {
    for (unsigned i = 8; i-- > 0 && ++bytes[i] == 0;) continue;
  }
  return IpAddress(bytes);
}

Cidr::Cidr(IpAddress base, unsigned length) : length_(length), v4_(base.is_v4()) {
  GINNEL_CHECK(length <= (v4_ ? 32U : 128U), "prefix length");
  base_ = masked(base, length_128(), 0);
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return fail("parse prefix", text, "no '/' and length");
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return fail("parse prefix", text, "not an IPv4 or IPv6 address");
  const auto digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc() || end != digits.data() + digits.size() || length > (address->is_v4() ? 32U : 128U)) {
    return fail("parse prefix", text, "the prefix length is not valid");
  }
  return Cidr(*address, length);
}

Result<Cidr> Cidr::parse_strict(std::string_view text) {
  GINNEL_TRY(Cidr cidr, parse(text));
  GINNEL_TRY(const IpAddress given, IpAddress::parse(text.substr(0, text.find('/'))));
  if (given != cidr.base()) return fail("parse prefix", text, "host bits are set; did you mean " + cidr.to_string());
  return cidr;
}

bool Cidr::contains(const IpAddress& address) const {
  return address.is_v4() == v4_ && masked(address, length_128(), 0) == base_;
}

bool Cidr::contains(const Cidr& other) const { return other.length_ >= length_ && contains(other.base_); }

bool Cidr::overlaps(const Cidr& other) const { return contains(other) || other.contains(*this); }

uint64_t Cidr::size() const {
  const unsigned host_bits = (v4_ ? 32U : 128U) - length_;
  return uint64_t{1} << std::min(host_bits, 63U);
}

IpAddress Cidr::last() const { return masked(base_, length_128(), 0xff); }

std::string Cidr::to_string() const { return fmt::format("{}/{}", base_.to_string(), length_); }

Result<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  if (text.size() != 17) return fail("parse MAC address", text, "want six hexadecimal pairs with ':'");
  for (unsigned i = 0; i < 6; ++i) {
    const char* begin = text.data() + i * 3;
    const auto [end, error] = std::from_chars(begin, begin + 2, mac.bytes[i], 16);
    if (error != std::errc() || end != begin + 2 || (i < 5 && *end != ':')) {
      return fail("parse MAC address", text, "want six hexadecimal pairs with ':'");
    }
  }
  return mac;
}

std::string MacAddress::to_string() const {
  return fmt::format("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4],
                     bytes[5]);
}

}  // namespace ginnel
