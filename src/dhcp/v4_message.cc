#include "dhcp/v4_message.h"

#include <algorithm>

#include "dhcp/bytes.h"

namespace ginnel::dhcp {
namespace {

constexpr size_t kFixed = 236, kLeast = 300;
constexpr uint32_t kCookie = 0x63825363;
constexpr uint8_t kRequest = 1, kReply = 2, kEthernet = 1, kPad = 0, kEnd = 255;
constexpr uint16_t kBroadcastFlag = 0x8000;
constexpr size_t kLongestPart = 255;

tl::unexpected<Error> broken(std::string_view cause) { return fail("read", "DHCP message", cause); }

IpAddress address_at(View bytes, size_t at) { return IpAddress::from_v4(get32(bytes, at)); }

Status read_options(View bytes, V4Message& out) {
  size_t at = 0;
  while (at < bytes.size() && bytes[at] != kEnd) {
    const uint8_t code = bytes[at++];
    if (code == kPad) continue;
    if (at == bytes.size() || bytes[at] > bytes.size() - at - 1) return broken("an option is cut short");
    append(out.options[code], bytes.subspan(at + 1, bytes[at]));
    at += 1U + bytes[at];
  }
  return at < bytes.size() ? Status() : broken("the options have no end");
}

void write_option(Bytes& out, uint8_t code, View value) {
  do {
    const View part = value.first(std::min(value.size(), kLongestPart));
    out.push_back(code);
    out.push_back(static_cast<uint8_t>(part.size()));
    append(out, part);
    value = value.subspan(part.size());
  } while (!value.empty());
}

}  // namespace

std::optional<IpAddress> V4Message::address(uint8_t code) const {
  const auto found = options.find(code);
  if (found == options.end() || found->second.size() != 4) return std::nullopt;
  return address_at(found->second, 0);
}

void V4Message::put(uint8_t code, const IpAddress& address) { put_u32(code, address.v4()); }

void V4Message::put_u32(uint8_t code, uint32_t value) {
  options[code].clear();
  put32(options[code], value);
}

Result<V4Message> decode_v4(View bytes) {
  if (bytes.size() < kFixed + 4) return broken("it is too short");
  if (bytes[0] != kRequest && bytes[0] != kReply) return broken("it is neither request nor reply");
  if (bytes[1] != kEthernet || bytes[2] != 6) return broken("it is not of Ethernet");
  if (get32(bytes, kFixed) != kCookie) return broken("it has no magic cookie");
  V4Message out;
  out.is_reply = bytes[0] == kReply;
  out.transaction = get32(bytes, 4);
  out.seconds = get16(bytes, 8);
  out.broadcast = (get16(bytes, 10) & kBroadcastFlag) != 0;
  out.client = address_at(bytes, 12);
  out.yours = address_at(bytes, 16);
  out.server = address_at(bytes, 20);
  out.relay = address_at(bytes, 24);
  std::copy_n(bytes.begin() + 28, out.mac.bytes.size(), out.mac.bytes.begin());
  GINNEL_CHECKED(read_options(bytes.subspan(kFixed + 4), out));
  const auto type = out.options.extract(option::kMessageType);
  if (type.empty() || type.mapped().size() != 1) return broken("it has no message type");
  out.type = static_cast<V4Type>(type.mapped().front());
  if (out.type < V4Type::discover || out.type > V4Type::inform) return broken("its message type is unknown");
  if (out.options.contains(option::kOverload)) return broken("it has options in other fields");
  // One that is passed over as if it were not there would make another message of it.
  for (const auto code : {option::kServerId, option::kRequestedAddress}) {
    if (out.options.contains(code) && !out.address(code)) return broken("an address has not four bytes");
  }
  return out;
}

Bytes encode_v4(const V4Message& message) {
  Bytes out = {message.is_reply ? kReply : kRequest, kEthernet, 6, 0};
  put32(out, message.transaction);
  put16(out, message.seconds);
  put16(out, message.broadcast ? kBroadcastFlag : 0);
  for (const auto& address : {message.client, message.yours, message.server, message.relay}) {
    put32(out, address.is_v4() ? address.v4() : 0);
  }
  append(out, message.mac.bytes);
  out.resize(kFixed);
  put32(out, kCookie);
  write_option(out, option::kMessageType, Bytes{static_cast<uint8_t>(message.type)});
  for (const auto& [code, value] : message.options) write_option(out, code, value);
  out.push_back(kEnd);
  if (out.size() < kLeast) out.resize(kLeast);
  return out;
}

}  // namespace ginnel::dhcp
