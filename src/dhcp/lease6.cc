#include "dhcp/lease6.h"

#include <algorithm>

#include "dhcp/bytes.h"

namespace ginnel::dhcp {
namespace {

constexpr uint16_t kSuccess = 0, kNoAddresses = 2, kNoBinding = 3, kNotOnLink = 4;
constexpr uint8_t kSolicitation = 133, kAdvertisement = 134;
constexpr uint8_t kManaged = 0x80, kOther = 0x40, kOnLink = 0x80;
constexpr uint8_t kSourceMac = 1, kPrefix = 3, kMtu = 5;
constexpr uint16_t kRouterSeconds = 1800;
constexpr uint32_t kPrefixSeconds = 86400;
constexpr size_t kSolicitationHeader = 8, kLeastId = 3, kMostId = 130;  // of a DUID (RFC 8415 section 11.1)

// DUID-LL of the router's MAC (RFC 8415 section 11.4).
Bytes server_id(const Lease6& lease) {
  Bytes out = {0, 3, 0, 1};
  append(out, lease.router_mac.bytes);
  return out;
}

// "a.b" as labels (RFC 1035 section 3.1).
Bytes labels(const std::string& domain) {
  Bytes out;
  for (size_t at = 0; at < domain.size();) {
    const size_t end = std::min(domain.find('.', at), domain.size());
    out.push_back(static_cast<uint8_t>(end - at));
    out.insert(out.end(), domain.begin() + static_cast<std::ptrdiff_t>(at),
               domain.begin() + static_cast<std::ptrdiff_t>(end));
    at = end + 1;
  }
  out.push_back(0);
  return out;
}

Bytes address_option(const IpAddress& address, uint32_t preferred, uint32_t valid) {
  Bytes out(address.bytes().begin(), address.bytes().end());
  put32(out, preferred);
  put32(out, valid);
  return out;
}

// The lease's address, and of those that the client named the others as over.
Bytes grant(const Lease6& lease, const Association& asked) {
  Bytes out;
  put32(out, asked.id);
  put32(out, kPreferredSeconds / 2);
  put32(out, kPreferredSeconds / 5 * 4);
  std::vector<V6Option> inner = {
      {option6::kIaAddress, address_option(lease.address, kPreferredSeconds, kValidSeconds)}};
  for (const auto& address : asked.addresses) {
    if (address != lease.address) inner.push_back({option6::kIaAddress, address_option(address, 0, 0)});
  }
  append(out, encode_options(inner));
  return out;
}

// An association without an address, and why.
Bytes refusal(const Association& asked, uint16_t status) {
  Bytes out, code;
  put32(out, asked.id);
  put32(out, 0);
  put32(out, 0);
  put16(code, status);
  append(out, encode_options({{option6::kStatus, code}}));
  return out;
}

bool names(const Association& association, const IpAddress& address) {
  return std::find(association.addresses.begin(), association.addresses.end(), address) != association.addresses.end();
}

// Sections 18.3.2 to 18.3.5: what a request names must be of this link; what is renewed must have been given.
void put_associations(const Lease6& lease, const V6Message& question, const std::vector<Association>& asked,
                      V6Message& reply) {
  const auto named =
      std::find_if(asked.begin(), asked.end(), [&](const auto& each) { return names(each, lease.address); });
  const auto chosen = named == asked.end() ? asked.begin() : named;
  const bool extends = question.type == V6Type::renew || question.type == V6Type::rebind;
  for (auto each = asked.begin(); each != asked.end(); ++each) {
    const bool foreign = std::any_of(each->addresses.begin(), each->addresses.end(),
                                     [&](const IpAddress& address) { return !lease.subnet.contains(address); });
    Bytes value;
    if (question.type == V6Type::request && foreign) {
      value = refusal(*each, kNotOnLink);
    } else if (each != chosen) {
      value = refusal(*each, extends ? kNoBinding : kNoAddresses);
    } else {
      value = grant(lease, *each);
    }
    reply.put(option6::kIaNa, std::move(value));
  }
}

V6Message reply_to(const Lease6& lease, const V6Message& question, V6Type type) {
  V6Message reply;
  reply.type = type;
  reply.transaction = question.transaction;
  if (const auto* client = question.find(option6::kClientId)) reply.put(option6::kClientId, *client);
  reply.put(option6::kServerId, server_id(lease));
  return reply;
}

void put_parameters(const Lease6& lease, V6Message& reply) {
  const auto& resolver = lease.resolver.bytes();
  reply.put(option6::kDns, {resolver.begin(), resolver.end()});
  if (!lease.domain.empty()) reply.put(option6::kDomains, labels(lease.domain));
}

V6Message confirm(const Lease6& lease, const V6Message& question, const std::vector<Association>& asked) {
  const bool on_link = std::all_of(asked.begin(), asked.end(), [&](const Association& each) {
    return std::all_of(each.addresses.begin(), each.addresses.end(),
                       [&](const IpAddress& address) { return address == lease.address; });
  });
  V6Message reply = reply_to(lease, question, V6Type::reply);
  Bytes status;
  put16(status, on_link ? kSuccess : kNotOnLink);
  reply.put(option6::kStatus, std::move(status));
  return reply;
}

bool has_association(const V6Message& message) {
  return std::any_of(message.options.begin(), message.options.end(), [](const V6Option& each) {
    return each.code == option6::kIaNa || each.code == option6::kIaTa || each.code == option6::kIaPd;
  });
}

// Which of the two ids a message of the type must have (section 16).
bool is_addressed(const Lease6& lease, const V6Message& question) {
  const auto* client = question.find(option6::kClientId);
  if (client != nullptr && (client->size() < kLeastId || client->size() > kMostId)) return false;
  const auto* server = question.find(option6::kServerId);
  const bool ours = server != nullptr && *server == server_id(lease);
  switch (question.type) {
    case V6Type::solicit:
    case V6Type::confirm:
    case V6Type::rebind:
      return client != nullptr && server == nullptr;
    case V6Type::request:
    case V6Type::renew:
    case V6Type::release:
    case V6Type::decline:
      return client != nullptr && ours;
    case V6Type::information:
      return (server == nullptr || ours) && !has_association(question);
    default:
      return false;
  }
}

}  // namespace

std::optional<Lease6> lease6_of(const plan::Port& port, const MacAddress& router_mac) {
  if (!port.address6 || !port.subnet6) return std::nullopt;
  static const IpAddress kRouter = *IpAddress::parse("fe80::1"), kResolver = *IpAddress::parse("fd00:ec2::253");
  return Lease6{port.mac, router_mac, *port.address6,     *port.subnet6,
                kRouter,  kResolver,  port.search_domain, static_cast<uint16_t>(port.mtu)};
}

std::optional<V6Message> answer_v6(const Lease6& lease, const V6Message& question,
                                   const std::vector<Association>& asked) {
  if (!is_addressed(lease, question)) return std::nullopt;
  if (question.type == V6Type::confirm) {
    const bool any = std::any_of(asked.begin(), asked.end(), [](const auto& each) { return !each.addresses.empty(); });
    return any ? std::optional(confirm(lease, question, asked)) : std::nullopt;
  }
  const bool rapid = question.type == V6Type::solicit && question.find(option6::kRapidCommit) != nullptr;
  const bool offer = question.type == V6Type::solicit && !rapid;
  V6Message reply = reply_to(lease, question, offer ? V6Type::advertise : V6Type::reply);
  if (rapid) reply.put(option6::kRapidCommit, {});
  if (question.type == V6Type::release || question.type == V6Type::decline) {
    reply.put(option6::kStatus, {0, kSuccess});  // nothing is kept, so nothing is to forget
    return reply;
  }
  put_associations(lease, question, asked, reply);
  put_parameters(lease, reply);
  return reply;
}

bool is_solicitation(View icmp, bool from_nobody) {
  if (icmp.size() < kSolicitationHeader || icmp[0] != kSolicitation || icmp[1] != 0) return false;
  for (View options = icmp.subspan(kSolicitationHeader); !options.empty();) {
    const size_t length = options.size() < 2 ? 0 : options[1] * size_t{8};
    if (length == 0 || length > options.size()) return false;
    if (from_nobody && options[0] == kSourceMac) return false;
    options = options.subspan(length);
  }
  return true;
}

Bytes advertisement(const Lease6& lease) {
  Bytes out = {kAdvertisement, 0, 0, 0, 64, kManaged | kOther};
  put16(out, kRouterSeconds);
  put32(out, 0);  // reachable time and retransmission: the client's own
  put32(out, 0);
  append(out, Bytes{kSourceMac, 1});
  append(out, lease.router_mac.bytes);
  append(out, Bytes{kMtu, 1, 0, 0});
  put32(out, lease.mtu);
  append(out, Bytes{kPrefix, 4, static_cast<uint8_t>(lease.subnet.length()), kOnLink});
  put32(out, kPrefixSeconds);
  put32(out, kPrefixSeconds);
  put32(out, 0);
  append(out, lease.subnet.base().bytes());
  return out;
}

}  // namespace ginnel::dhcp
