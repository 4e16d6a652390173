#include "dataplane/system_port.h"

#include "dataplane/names.h"
#include "dataplane/netns.h"

namespace ginnel::dataplane {
namespace {

Status make_pair_if_missing(Netlink& netlink, const std::string& tag, uint32_t mtu) {
  const std::string alias = alias_of(tag, kSystemObject);
  const std::string peer = system_peer_name(tag);
  GINNEL_TRY(const auto standing, find_link(netlink, kSystemDevice));
  if (standing && standing->alias == alias) return {};
  if (standing && !standing->alias.empty()) {
    return fail("make device", kSystemDevice,
                "one stands here and belongs to \"" + standing->alias + "\"; a network namespace holds one region");
  }
  GINNEL_TRY(const auto standing_peer, find_link(netlink, peer));
  // A pair without alias was left half made by ourselves if its peer has our name.
  if (standing && !standing_peer) return fail("make device", kSystemDevice, "one stands here that is not ours");
  if (standing_peer) GINNEL_CHECKED(delete_link(netlink, peer));
  VethSpec spec;
  spec.name = kSystemDevice;
  spec.peer_name = peer;
  spec.mtu = spec.peer_mtu = mtu;
  GINNEL_CHECKED(create_veth(netlink, spec));
  GINNEL_CHECKED(set_alias(netlink, peer, alias));
  return set_alias(netlink, kSystemDevice, alias);
}

}  // namespace

Result<SystemPort> ensure_system_port(Netlink& netlink, const std::string& tag, const Cidr& range,
                                      const IpAddress& system_address, const MacAddress& router_mac, uint32_t mtu) {
  GINNEL_CHECKED(make_pair_if_missing(netlink, tag, mtu));
  const std::string peer_name = system_peer_name(tag);
  for (const std::string& name : {std::string(kSystemDevice), peer_name}) {
    GINNEL_CHECKED(disable_ipv6(name));
    GINNEL_CHECKED(set_up(netlink, name));
  }
  GINNEL_TRY(const auto device, find_link(netlink, kSystemDevice));
  GINNEL_TRY(const auto peer, find_link(netlink, peer_name));
  if (!device || !peer) return fail_errno("look up link", device ? peer_name : kSystemDevice, ENODEV);
  GINNEL_CHECKED(add_address(netlink, device->index, system_address, 32));
  // Never on the wire: only the name of the permanent neighbour. The last address of the range is given to nobody.
  const IpAddress router = range.last();
  GINNEL_CHECKED(add_neighbour(netlink, device->index, router, router_mac));
  GINNEL_CHECKED(add_route(netlink, range, device->index, router, system_address));
  return SystemPort{device->index, peer->index, device->mac};
}

}  // namespace ginnel::dataplane
