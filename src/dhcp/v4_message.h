// DHCPv4 messages (RFC 2131) and their options (RFC 2132, 3396, 3442).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::dhcp {

namespace option {
inline constexpr uint8_t kMask = 1, kRouter = 3, kDns = 6, kHostName = 12, kDomain = 15, kMtu = 26, kBroadcast = 28,
                         kRequestedAddress = 50, kLeaseTime = 51, kOverload = 52, kMessageType = 53, kServerId = 54,
                         kParameters = 55, kMessage = 56, kRenewal = 58, kRebinding = 59, kClientId = 61,
                         kClasslessRoutes = 121;
}  // namespace option

enum class V4Type : uint8_t { discover = 1, offer, request, decline, ack, nak, release, inform };

struct V4Message {
  bool is_reply = false;
  uint32_t transaction = 0;
  uint16_t seconds = 0;
  bool broadcast = false;
  IpAddress client, yours, server, relay;  // ciaddr, yiaddr, siaddr, giaddr
  MacAddress mac;
  V4Type type = V4Type::discover;
  // The others by code, without the message type; one that was sent in several parts is put together (RFC 3396).
  std::map<uint8_t, std::vector<uint8_t>> options;

  // An option of exactly four bytes.
  [[nodiscard]] std::optional<IpAddress> address(uint8_t code) const;
  void put(uint8_t code, const IpAddress& address);
  void put_u32(uint8_t code, uint32_t value);
  friend bool operator==(const V4Message&, const V4Message&) = default;
};

// Of Ethernet only, with a message type that the RFC has. The fields `sname` and `file` carry no options here: a
// message that says so (overload) is refused, since no client needs it for what a port is told.
Result<V4Message> decode_v4(std::span<const uint8_t> bytes);
// At least 300 bytes, which old clients want.
std::vector<uint8_t> encode_v4(const V4Message& message);

}  // namespace ginnel::dhcp
