// DHCPv6 messages between clients and servers (RFC 8415), and the options that a port needs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::dhcp {

namespace option6 {
inline constexpr uint16_t kClientId = 1, kServerId = 2, kIaNa = 3, kIaTa = 4, kIaAddress = 5, kStatus = 13,
                          kRapidCommit = 14, kDns = 23, kDomains = 24, kIaPd = 25;
}  // namespace option6

enum class V6Type : uint8_t {
  solicit = 1,
  advertise,
  request,
  confirm,
  renew,
  rebind,
  reply,
  release,
  decline,
  reconfigure,
  information,
};

struct V6Option {
  uint16_t code = 0;
  std::vector<uint8_t> value;
  friend bool operator==(const V6Option&, const V6Option&) = default;
};

struct V6Message {
  V6Type type = V6Type::solicit;
  uint32_t transaction = 0;  // 24 bits
  std::vector<V6Option> options;

  // The first of its code; nullptr where there is none.
  [[nodiscard]] const std::vector<uint8_t>* find(uint16_t code) const;
  void put(uint16_t code, std::vector<uint8_t> value) { options.push_back({code, std::move(value)}); }
  friend bool operator==(const V6Message&, const V6Message&) = default;
};

// An association of addresses (IA_NA).
struct Association {
  uint32_t id = 0;
  std::vector<IpAddress> addresses;  // that the client names
};

// Messages of relays are refused.
Result<V6Message> decode_v6(std::span<const uint8_t> bytes);
std::vector<uint8_t> encode_v6(const V6Message& message);
// Of each IA_NA in the message; an Error where one is broken.
Result<std::vector<Association>> associations_of(const V6Message& message);
// Options as they stand inside another one.
Result<std::vector<V6Option>> decode_options(std::span<const uint8_t> bytes);
std::vector<uint8_t> encode_options(const std::vector<V6Option>& options);

}  // namespace ginnel::dhcp
