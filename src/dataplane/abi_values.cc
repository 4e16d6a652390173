#include "dataplane/abi_values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace ginnel::dataplane {
namespace {

constexpr unsigned kV4Prefix = 96;

Cidr cidr_from(const ginnel_address& base, unsigned prefix) {
  const IpAddress address = from_abi(base);
  return address.is_v4() && prefix >= kV4Prefix ? Cidr(address, prefix - kV4Prefix) : Cidr(address, prefix);
}

}  // namespace

ginnel_address to_abi(const IpAddress& address) {
  ginnel_address out{};
  std::memcpy(&out, address.bytes().data(), sizeof out);
  return out;
}

IpAddress from_abi(const ginnel_address& address) {
  IpAddress::Bytes bytes{};
  std::memcpy(bytes.data(), &address, sizeof address);
  return IpAddress(bytes);
}

std::optional<IpAddress> optional_from_abi(const ginnel_address& address) {
  const IpAddress out = from_abi(address);
  return out == IpAddress() ? std::nullopt : std::optional(out);
}

ginnel_rule to_abi(const plan::Rule& rule) {
  ginnel_rule out{};
  if (rule.cidr) {
    out.peer = to_abi(rule.cidr->base());
    out.prefix = static_cast<__u8>(rule.cidr->length_128());
  }
  out.group = rule.group;
  out.from_port = rule.from_port;
  out.to_port = rule.to_port;
  out.protocol = rule.protocol;
  return out;
}

plan::Rule from_abi(const ginnel_rule& rule) {
  plan::Rule out;
  out.protocol = rule.protocol;
  out.from_port = rule.from_port;
  out.to_port = rule.to_port;
  out.group = rule.group;
  if (rule.group == 0) out.cidr = cidr_from(rule.peer, rule.prefix);
  return out;
}

ginnel_route_key to_abi(plan::VpcNumber vpc, const Cidr& cidr) {
  ginnel_route_key out{};
  out.prefix = 32 + cidr.length_128();
  out.vpc = vpc;
  out.address = to_abi(cidr.base());
  return out;
}

Cidr cidr_of(const ginnel_route_key& key) { return cidr_from(key.address, key.prefix - 32); }

ginnel_destination_key destination_key(plan::VpcNumber vpc, const IpAddress& address) {
  ginnel_destination_key out{};
  out.vpc = vpc;
  out.address = to_abi(address);
  return out;
}

ginnel_member_key to_abi(const MemberKey& key) {
  ginnel_member_key out{};
  out.group = key.group;
  out.address = to_abi(key.address);
  return out;
}

MemberKey from_abi(const ginnel_member_key& key) { return {key.group, from_abi(key.address)}; }

ginnel_link_key to_abi(plan::VpcNumber vpc, const LinkKey& key) {
  ginnel_link_key out{};
  out.vpc = vpc;
  out.address = to_abi(key.address);
  out.port = htons(key.port);
  out.protocol = key.protocol;
  return out;
}

LinkKey from_abi(const ginnel_link_key& key) { return {from_abi(key.address), ntohs(key.port), key.protocol}; }

void copy_mac(const MacAddress& from, __u8 (&to)[6]) { std::copy(from.bytes.begin(), from.bytes.end(), to); }

MacAddress mac_of(const __u8 (&bytes)[6]) {
  MacAddress out;
  std::copy(std::begin(bytes), std::end(bytes), out.bytes.begin());
  return out;
}

}  // namespace ginnel::dataplane
