// Plan values as the packet program holds them, and back. Pure; the layouts are abi/'s.
#pragma once

#include "abi/all.h"
#include "dataplane/objects.h"

namespace ginnel::dataplane {

[[nodiscard]] ginnel_address to_abi(const IpAddress& address);
[[nodiscard]] IpAddress from_abi(const ginnel_address& address);
// All zero is none.
[[nodiscard]] std::optional<IpAddress> optional_from_abi(const ginnel_address& address);

[[nodiscard]] ginnel_rule to_abi(const plan::Rule& rule);
[[nodiscard]] plan::Rule from_abi(const ginnel_rule& rule);

[[nodiscard]] ginnel_route_key to_abi(plan::VpcNumber vpc, const Cidr& cidr);
[[nodiscard]] Cidr cidr_of(const ginnel_route_key& key);

[[nodiscard]] ginnel_destination_key destination_key(plan::VpcNumber vpc, const IpAddress& address);
[[nodiscard]] ginnel_member_key to_abi(const MemberKey& key);
[[nodiscard]] MemberKey from_abi(const ginnel_member_key& key);
[[nodiscard]] ginnel_link_key to_abi(plan::VpcNumber vpc, const LinkKey& key);
[[nodiscard]] LinkKey from_abi(const ginnel_link_key& key);

void copy_mac(const MacAddress& from, __u8 (&to)[6]);
[[nodiscard]] MacAddress mac_of(const __u8 (&bytes)[6]);

}  // namespace ginnel::dataplane
