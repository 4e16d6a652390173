#include "dhcp/lease.h"

#include <fmt/format.h>

#include <algorithm>

#include "dhcp/bytes.h"

namespace ginnel::dhcp {
namespace {

const IpAddress kNone = IpAddress::from_v4(0);
constexpr uint64_t kRouterOffset = 1;

Bytes text(std::string_view value) { return {value.begin(), value.end()}; }

void put_text(V4Message& reply, uint8_t code, const std::string& value) {
  if (!value.empty()) reply.options[code] = text(value);
}

uint32_t mask_of(const Cidr& subnet) { return subnet.length() == 0 ? 0 : ~uint32_t{0} << (32 - subnet.length()); }

// What the client named, or everything where it named nothing. Clients that ask for classless routes read no others
// (RFC 3442), so these hold the default route.
void put_parameters(const Lease& lease, const V4Message& question, V4Message& reply) {
  V4Message all;
  all.put_u32(option::kMask, mask_of(lease.subnet));
  all.put(option::kRouter, lease.router);
  if (lease.resolver.is_v4()) all.put(option::kDns, lease.resolver);
  put_text(all, option::kHostName, lease.host_name);
  put_text(all, option::kDomain, lease.domain);
  put16(all.options[option::kMtu], lease.mtu);
  all.put(option::kBroadcast, lease.subnet.last());
  all.put(option::kClasslessRoutes, lease.router);
  all.options[option::kClasslessRoutes].insert(all.options[option::kClasslessRoutes].begin(), 0);  // 0.0.0.0/0
  const auto wanted = question.options.find(option::kParameters);
  for (auto& [code, value] : all.options) {
    const bool asked = wanted == question.options.end()
                           ? code != option::kClasslessRoutes
                           : std::find(wanted->second.begin(), wanted->second.end(), code) != wanted->second.end();
    if (asked) reply.options[code] = std::move(value);
  }
}

V4Message reply_to(const Lease& lease, const V4Message& question, V4Type type) {
  V4Message reply;
  reply.is_reply = true;
  reply.transaction = question.transaction;
  reply.broadcast = question.broadcast;
  reply.mac = question.mac;
  reply.type = type;
  reply.put(option::kServerId, lease.router);
  const auto id = question.options.find(option::kClientId);
  if (id != question.options.end()) reply.options.insert(*id);  // RFC 6842
  return reply;
}

V4Message grant(const Lease& lease, const V4Message& question, V4Type type) {
  V4Message reply = reply_to(lease, question, type);
  reply.yours = lease.address;
  reply.client = type == V4Type::ack ? question.client : kNone;
  reply.put_u32(option::kLeaseTime, kLeaseSeconds);
  reply.put_u32(option::kRenewal, kLeaseSeconds / 2);
  reply.put_u32(option::kRebinding, kLeaseSeconds / 8 * 7);
  put_parameters(lease, question, reply);
  return reply;
}

// RFC 2131, section 4.3.2: what the client believes to have is in an option, or, once it uses it, in `client`.
std::optional<V4Message> answer_request(const Lease& lease, const V4Message& question) {
  const auto server = question.address(option::kServerId);
  if (server && *server != lease.router) return std::nullopt;  // it has chosen another one
  const auto asked = question.address(option::kRequestedAddress);
  if (!asked && question.client == kNone) return std::nullopt;
  if (asked && question.client != kNone && *asked != question.client) return std::nullopt;  // no state of a client
  if (asked.value_or(question.client) == lease.address) return grant(lease, question, V4Type::ack);
  V4Message reply = reply_to(lease, question, V4Type::nak);
  reply.broadcast = true;
  reply.options[option::kMessage] = text("the address is another interface's");
  return reply;
}

}  // namespace

Lease lease_of(const plan::Port& port) {
  std::string host = "ip-" + port.address.to_string();
  std::replace(host.begin(), host.end(), '.', '-');
  return {port.mac,      port.address,    port.subnet,        port.subnet.base().plus(kRouterOffset),
          port.resolver, std::move(host), port.search_domain, static_cast<uint16_t>(port.mtu)};
}

std::optional<V4Message> answer_v4(const Lease& lease, const V4Message& question) {
  if (question.is_reply || question.mac != lease.mac || question.relay != kNone) return std::nullopt;
  switch (question.type) {
    case V4Type::discover:
      return grant(lease, question, V4Type::offer);
    case V4Type::request:
      return answer_request(lease, question);
    case V4Type::inform: {
      if (question.client != lease.address) return std::nullopt;
      V4Message reply = reply_to(lease, question, V4Type::ack);
      reply.client = question.client;
      put_parameters(lease, question, reply);
      return reply;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace ginnel::dhcp
