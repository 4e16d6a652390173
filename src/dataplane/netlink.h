// A route-netlink socket: requests with an acknowledgement, and dumps, over libmnl.
//
// A Netlink belongs to the network namespace in which it was opened, whatever namespace its user is in later. It is
// used by one thread at a time. Errors carry the kernel's own sentence (extended acknowledgement) where it gives one,
// and the errno in Error::code. Sources: netlink(7), rtnetlink(7).
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace ginnel::dataplane {

// One request under construction. Attributes are appended in order; nests are closed by end().
class NetlinkMessage {
 public:
  NetlinkMessage(uint16_t type, uint16_t flags);

  // The fixed header of the message type (ifinfomsg, ifaddrmsg, …), zeroed. To be called first, at most once.
  template <typename Header>
  Header& header() {
    return *static_cast<Header*>(mnl_nlmsg_put_extra_header(head(), sizeof(Header)));
  }
  NetlinkMessage& put(uint16_t type, std::span<const uint8_t> bytes);
  NetlinkMessage& put(uint16_t type, std::string_view text);  // with the final zero
  NetlinkMessage& put_u32(uint16_t type, uint32_t value);
  NetlinkMessage& put(uint16_t type, const IpAddress& address);  // 4 or 16 bytes, by its family
  nlattr* begin(uint16_t type);
  void end(nlattr* nest);
  // Inside a nest: room for a fixed header that the kernel expects there (VETH_INFO_PEER).
  void put_raw(size_t bytes);

  nlmsghdr* head() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

 private:
  alignas(NLMSG_ALIGNTO) std::array<uint8_t, 2048> buffer_{};
};

class Netlink {
 public:
  // In the network namespace of the calling thread.
  static Result<Netlink> open();

  // Sends and waits for the acknowledgement. `operation` and `object` go into the error.
  Status execute(NetlinkMessage& message, std::string_view operation, std::string_view object);
  // A request for one object: `answer` is called with it once.
  Status get(NetlinkMessage& message, std::string_view operation, std::string_view object,
             const std::function<void(const nlmsghdr*)>& answer);
  // Sends a dump request and gives each answer to `each`. Repeated from the start when the kernel says that the
  // dump was interrupted by a change; `restart` is then called first.
  Status dump(NetlinkMessage& message, std::string_view operation, const std::function<void(const nlmsghdr*)>& each,
              const std::function<void()>& restart);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit Netlink(mnl_socket* socket) : socket_(socket) {}
  Status send(NetlinkMessage& message, std::string_view operation, std::string_view object);
  Result<size_t> receive(std::string_view operation, std::string_view object);

  std::unique_ptr<mnl_socket, Close> socket_;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(64 * 1024);
};

// Calls `each` with every attribute between `first` and `end`. (libmnl's macros are C only.)
template <typename Each>
void each_attribute(const void* first, const void* end, Each each) {
  const auto* attribute = static_cast<const nlattr*>(first);
  const auto left = [&] {
    return static_cast<int>(static_cast<const char*>(end) - reinterpret_cast<const char*>(attribute));
  };
  for (; mnl_attr_ok(attribute, left()); attribute = mnl_attr_next(attribute)) each(attribute);
}

template <typename Each>
void each_nested(const nlattr* outer, Each each) {
  const auto* payload = static_cast<const char*>(mnl_attr_get_payload(outer));
  each_attribute(payload, payload + mnl_attr_get_payload_len(outer), each);
}

// Attributes of an answer by number; absent ones are null. `offset` is the size of the fixed header.
template <size_t N>
std::array<const nlattr*, N> attributes(const nlmsghdr* message, size_t offset) {
  std::array<const nlattr*, N> out{};
  each_attribute(mnl_nlmsg_get_payload_offset(message, offset), mnl_nlmsg_get_payload_tail(message),
                 [&](const nlattr* attribute) {
                   if (mnl_attr_get_type(attribute) < N) out[mnl_attr_get_type(attribute)] = attribute;
                 });
  return out;
}

}  // namespace ginnel::dataplane
