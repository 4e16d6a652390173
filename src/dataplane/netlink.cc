#include "dataplane/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace ginnel::dataplane {
namespace {

// The kernel's own sentence about an error, or nothing.
std::string extended_text(const nlmsghdr* message) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  size_t offset = sizeof(nlmsgerr);
  if ((message->nlmsg_flags & NLM_F_CAPPED) == 0) offset += error->msg.nlmsg_len - sizeof(nlmsghdr);
  const auto found = attributes<NLMSGERR_ATTR_MAX + 1>(message, offset);
  return found[NLMSGERR_ATTR_MSG] ? mnl_attr_get_str(found[NLMSGERR_ATTR_MSG]) : std::string();
}

tl::unexpected<Error> refused(const nlmsghdr* message, std::string_view operation, std::string_view object) {
  const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
  auto out = fail_errno(operation, object, -error->error);
  const std::string text = extended_text(message);
  if (!text.empty()) out.value().cause += " (" + text + ")";
  return out;
}

}  // namespace

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
}

NetlinkMessage& NetlinkMessage::put(uint16_t type, std::span<const uint8_t> bytes) {
  const bool fits = mnl_attr_put_check(head(), buffer_.size(), type, bytes.size(), bytes.data());
  GINNEL_CHECK(fits, "a netlink request fits its buffer");
  return *this;
}

NetlinkMessage& NetlinkMessage::put(uint16_t type, std::string_view text) {
  const std::string with_zero(text);
  return put(type, std::span(reinterpret_cast<const uint8_t*>(with_zero.c_str()), with_zero.size() + 1));
}

NetlinkMessage& NetlinkMessage::put_u32(uint16_t type, uint32_t value) {
  return put(type, std::span(reinterpret_cast<const uint8_t*>(&value), sizeof value));
}

NetlinkMessage& NetlinkMessage::put(uint16_t type, const IpAddress& address) {
  const std::span<const uint8_t> bytes = address.bytes();
  return put(type, address.is_v4() ? bytes.subspan(12) : bytes);
}

nlattr* NetlinkMessage::begin(uint16_t type) { return mnl_attr_nest_start(head(), type); }
void NetlinkMessage::end(nlattr* nest) { mnl_attr_nest_end(head(), nest); }
void NetlinkMessage::put_raw(size_t bytes) {
  GINNEL_CHECK(head()->nlmsg_len + bytes <= buffer_.size(), "a netlink request fits its buffer");
  mnl_nlmsg_put_extra_header(head(), bytes);
}

Result<Netlink> Netlink::open() {
  mnl_socket* socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket == nullptr) return fail_errno("open", "netlink socket");
  Netlink out(socket);
  if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) return fail_errno("bind", "netlink socket");
  int on = 1;
  // Better error texts and shorter answers; a kernel without them answers all the same.
  (void)mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof on);
  (void)mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof on);
  return out;
}

Status Netlink::send(NetlinkMessage& message, std::string_view operation, std::string_view object) {
  message.head()->nlmsg_seq = ++sequence_;
  if (mnl_socket_sendto(socket_.get(), message.head(), message.head()->nlmsg_len) < 0) {
    return fail_errno(operation, object);
  }
  return {};
}

Result<size_t> Netlink::receive(std::string_view operation, std::string_view object) {
  while (true) {
    const ssize_t got = mnl_socket_recvfrom(socket_.get(), buffer_.data(), buffer_.size());
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return fail_errno(operation, object);
  }
}

Status Netlink::execute(NetlinkMessage& message, std::string_view operation, std::string_view object) {
  return get(message, operation, object, [](const nlmsghdr*) {});
}

Status Netlink::get(NetlinkMessage& message, std::string_view operation, std::string_view object,
                    const std::function<void(const nlmsghdr*)>& answer_to) {
  message.head()->nlmsg_flags |= NLM_F_ACK;
  GINNEL_CHECKED(send(message, operation, object));
  while (true) {
    GINNEL_TRY(const size_t got, receive(operation, object));
    int left = static_cast<int>(got);
    for (const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(answer, left);
         answer = mnl_nlmsg_next(answer, &left)) {
      if (answer->nlmsg_seq != sequence_) continue;  // late, of an earlier request that ended in an error of recvfrom
      if (answer->nlmsg_type != NLMSG_ERROR) {
        answer_to(answer);
        continue;
      }
      if (static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(answer))->error == 0) return {};
      return refused(answer, operation, object);
    }
  }
}

Status Netlink::dump(NetlinkMessage& message, std::string_view operation,
                     const std::function<void(const nlmsghdr*)>& each, const std::function<void()>& restart) {
  message.head()->nlmsg_flags |= NLM_F_DUMP;
  bool interrupted = true;
  for (int attempt = 0; interrupted; ++attempt) {
    if (attempt == 10) return fail_errno(operation, "dump", EINTR);
    if (attempt > 0) restart();
    interrupted = false;
    GINNEL_CHECKED(send(message, operation, "dump"));
    for (bool done = false; !done;) {
      GINNEL_TRY(const size_t got, receive(operation, "dump"));
      int left = static_cast<int>(got);
      for (const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer_.data()); mnl_nlmsg_ok(answer, left);
           answer = mnl_nlmsg_next(answer, &left)) {
        if (answer->nlmsg_seq != sequence_) continue;
        interrupted = interrupted || (answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (answer->nlmsg_type == NLMSG_ERROR) return refused(answer, operation, "dump");
        if (answer->nlmsg_type == NLMSG_DONE) {
          done = true;
          break;
        }
        each(answer);
      }
    }
  }
  return {};
}

}  // namespace ginnel::dataplane
