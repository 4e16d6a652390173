#include "dataplane/devices.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "abi/config.h"
#include "dataplane/abi_values.h"
#include "dataplane/names.h"
#include "dataplane/place.h"

namespace ginnel::dataplane {
namespace {

// What one namespace shows of its devices.
struct Inside {
  std::vector<LinkInfo> links;
  std::vector<InterfaceAddress> addresses;
  std::vector<RouteInfo> routes;
};

Status look_inside(int namespace_fd, Inside& out) {
  return in_namespace(namespace_fd, [&]() -> Status {
    GINNEL_TRY(Netlink netlink, Netlink::open());
    GINNEL_TRY(out.links, list_links(netlink));
    GINNEL_TRY(out.addresses, list_addresses(netlink));
    GINNEL_TRY(out.routes, list_routes(netlink));
    GINNEL_TRY(const auto second, list_routes(netlink, Family::v6));
    out.routes.insert(out.routes.end(), second.begin(), second.end());
    return {};
  });
}

bool has_default_route(const Inside& inside, uint32_t index, const IpAddress& gateway) {
  return std::any_of(inside.routes.begin(), inside.routes.end(), [&](const RouteInfo& route) {
    return route.index == index && route.destination.length() == 0 && route.gateway == gateway;
  });
}

// The device as it was made; further addresses and routes that the namespace gave itself do not matter.
void note_device(const Inside& inside, const LinkInfo& link, const std::string& netns, uint64_t inode,
                 FoundDevice& found) {
  Device out;
  out.netns = netns;
  out.netns_inode = inode;
  out.name = link.name;
  out.mac = link.mac;
  out.mtu = link.mtu;
  out.big_tcp = has_big_tcp(link);
  const auto address = std::find_if(inside.addresses.begin(), inside.addresses.end(),
                                    [&](const auto& each) { return each.index == link.index && each.address.is_v4(); });
  if (!link.up || address == inside.addresses.end()) return;
  out.address = address->address;
  out.subnet = Cidr(address->address, address->length);
  out.default_route = has_default_route(inside, link.index, router_of(out.subnet));
  for (const auto& each : inside.addresses) {
    if (each.index == link.index && !each.address.is_v4() && !is_link_local(each.address)) {
      found.addresses6.push_back(each);
    }
  }
  // Without the route of its family an address that was given is not whole.
  if (out.default_route && !has_default_route(inside, link.index, router6())) found.addresses6.clear();
  found.device = std::move(out);
}

}  // namespace

IpAddress router_of(const Cidr& subnet) { return subnet.base().plus(1); }

IpAddress router6() {
  const ginnel_address router{
      {htonl(GINNEL_ROUTER_PREFIX >> 32), htonl(GINNEL_ROUTER_PREFIX & 0xffffffff), 0, htonl(GINNEL_ROUTER_SUFFIX)}};
  return from_abi(router);
}

Result<uint32_t> Devices::put(const std::string& interface_id, const Device& device) {
  switch (device.kind) {
    case plan::PortKind::tap:
      return put_tap(interface_id, device);
    case plan::PortKind::device:
      GINNEL_CHECKED(remove(interface_id));
      return take_device(device);
    case plan::PortKind::pair:
      break;
  }
  return put_pair(interface_id, device);
}

Result<uint32_t> Devices::index_of(const std::string& name) {
  GINNEL_TRY(const auto link, find_link(netlink_, name));
  if (!link) return fail_errno("look up link", name, ENODEV);
  return link->index;
}

Result<uint32_t> Devices::put_pair(const std::string& interface_id, const Device& device) {
  const std::string host_name = host_device_name(tag_, interface_id);
  GINNEL_TRY(const auto standing, find_link(netlink_, host_name));
  const auto owner = standing ? object_of_alias(tag_, standing->alias) : std::nullopt;
  if (owner && *owner != interface_id) return fail("make device", host_name, "it belongs to " + *owner);
  if (owner) {
    GINNEL_TRY(const bool done, resize(interface_id, device, *standing));
    if (done) return standing->index;
  }
  if (standing) GINNEL_CHECKED(delete_link(netlink_, host_name));  // half made ones have no alias yet
  GINNEL_CHECKED(remove(interface_id));
  if (auto made = make(interface_id, device, host_name); !made) {
    (void)delete_link(netlink_, host_name);  // the first error is the one to tell
    return tl::unexpected(std::move(made).error());
  }
  return index_of(host_name);
}

// The end inside comes last: by it one sees that both are done.
Result<bool> Devices::resize(const std::string& interface_id, const Device& device, const LinkInfo& standing) {
  std::map<std::string, FoundDevice> here{{interface_id, {standing.index, {}, {}}}};
  if (!standing.up || !read_inside(device.netns, device.netns_inode, here)) return false;
  const FoundDevice& found = here.at(interface_id);
  if (!found.device) return false;
  if (!device.address6 && !found.addresses6.empty()) return false;  // it had one until now
  Device sized = *found.device;
  sized.big_tcp = device.big_tcp;
  const bool has_address6 = device.address6 && device.subnet6 &&
                            std::any_of(found.addresses6.begin(), found.addresses6.end(), [&](const auto& each) {
                              return each.address == *device.address6 && each.length == device.subnet6->length();
                            });
  if (has_address6) {
    sized.address6 = device.address6;
    sized.subnet6 = device.subnet6;
  }
  if (sized != device) return false;
  GINNEL_CHECKED(set_big_tcp(netlink_, standing.name, device.big_tcp));
  GINNEL_TRY(const UniqueFd netns, open_namespace(device.netns, device.netns_inode));
  GINNEL_CHECKED(in_namespace(netns.get(), [&]() -> Status {
    GINNEL_TRY(Netlink netlink, Netlink::open());
    return set_big_tcp(netlink, device.name, device.big_tcp);
  }));
  return true;
}

Result<UniqueFd> Devices::open_namespace(const std::string& netns, uint64_t inode) {
  return is_foreign_netns(netns) ? namespaces_.open_path(netns, inode) : namespaces_.open(netns);
}

Status Devices::make(const std::string& interface_id, const Device& device, const std::string& host_name) {
  GINNEL_TRY(const UniqueFd netns, open_namespace(device.netns, device.netns_inode));
  GINNEL_CHECKED(create_veth(netlink_, {host_name, device.mtu, device.name, device.mtu, device.mac, netns.get()}));
  const std::string place = is_foreign_netns(device.netns) ? device.netns : "";
  GINNEL_CHECKED(set_alias(netlink_, host_name, host_alias_of(tag_, {interface_id, place, device.netns_inode})));
  GINNEL_CHECKED(disable_ipv6(host_name));
  if (device.big_tcp) GINNEL_CHECKED(set_big_tcp(netlink_, host_name, true));
  GINNEL_CHECKED(set_up(netlink_, host_name));
  return in_namespace(netns.get(), [&] { return configure_inside(interface_id, device); });
}

Status Devices::configure_inside(const std::string& interface_id, const Device& device) {
  GINNEL_TRY(Netlink netlink, Netlink::open());
  GINNEL_CHECKED(set_up(netlink, "lo"));
  GINNEL_TRY(const auto link, find_link(netlink, device.name));
  if (!link) return fail_errno("look up link", device.name, ENODEV);
  GINNEL_CHECKED(set_alias(netlink, device.name, alias_of(tag_, interface_id)));
  if (device.big_tcp) GINNEL_CHECKED(set_big_tcp(netlink, device.name, true));
  GINNEL_CHECKED(device.address6 ? enable_ipv6(device.name) : disable_ipv6(device.name));
  GINNEL_CHECKED(add_address(netlink, link->index, device.address, device.subnet.length()));
  GINNEL_CHECKED(set_up(netlink, device.name));
  if (device.default_route) {
    GINNEL_CHECKED(add_route(netlink, Cidr(IpAddress::from_v4(0), 0), link->index, router_of(device.subnet)));
  }
  if (!device.address6 || !device.subnet6) return {};
  // What a program sends to its own address goes by way of lo.
  if (!is_foreign_netns(device.netns)) GINNEL_CHECKED(enable_ipv6("lo"));
  GINNEL_CHECKED(add_address(netlink, link->index, *device.address6, device.subnet6->length()));
  if (!device.default_route) return {};
  return add_route(netlink, Cidr(), link->index, router6());
}

Result<uint32_t> Devices::put_tap(const std::string& interface_id, const Device& device) {
  GINNEL_TRY(const auto standing, find_link(netlink_, device.name));
  const bool ours = standing && standing->kind == "tun" && object_of_alias(tag_, standing->alias) == interface_id;
  if (ours && standing->owner == device.owner && standing->mtu == device.mtu) {
    GINNEL_CHECKED(set_up(netlink_, device.name));
    return standing->index;
  }
  if (standing && !ours) {
    return fail("make tap", device.name, "a device of this name stands here; attach it as it is with --device");
  }
  GINNEL_CHECKED(remove(interface_id));
  if (auto made = make_tap(interface_id, device); !made) {
    if (made.error().code != EBUSY && made.error().code != EEXIST) (void)delete_link(netlink_, device.name);
    return tl::unexpected(std::move(made).error());
  }
  return index_of(device.name);
}

Status Devices::make_tap(const std::string& interface_id, const Device& device) {
  GINNEL_CHECKED(create_tap(device.name, device.owner));
  GINNEL_CHECKED(set_alias(netlink_, device.name, alias_of(tag_, interface_id)));
  GINNEL_CHECKED(disable_ipv6(device.name));
  GINNEL_CHECKED(set_mtu(netlink_, device.name, device.mtu));
  return set_up(netlink_, device.name);
}

Result<uint32_t> Devices::take_device(const Device& device) {
  GINNEL_TRY(const auto link, find_free_device(netlink_, device.name));
  return link.index;
}

Status Devices::remove(const std::string& interface_id) {
  GINNEL_TRY(const auto links, list_links(netlink_));
  for (const auto& link : links) {
    if (object_of_alias(tag_, link.alias) == interface_id && (link.kind == "veth" || link.kind == "tun")) {
      GINNEL_CHECKED(delete_link(netlink_, link.name));
    }
  }
  return {};
}

Status Devices::read_inside(const std::string& netns, uint64_t inode, std::map<std::string, FoundDevice>& out) {
  GINNEL_TRY(const UniqueFd fd, open_namespace(netns, inode));
  Inside inside;
  GINNEL_CHECKED(look_inside(fd.get(), inside));
  for (const auto& link : inside.links) {
    const auto interface_id = object_of_alias(tag_, link.alias);
    if (!interface_id) continue;
    if (const auto found = out.find(*interface_id); found != out.end()) {
      note_device(inside, link, netns, inode, found->second);
    }
  }
  return {};
}

Result<std::map<std::string, FoundDevice>> Devices::read(const std::map<uint32_t, std::string>& others) {
  std::map<std::string, FoundDevice> out;
  std::set<std::pair<std::string, uint64_t>> foreign;
  GINNEL_TRY(const auto links, list_links(netlink_));
  for (const auto& link : links) {
    const auto owner = host_alias(tag_, link.alias);
    if (owner && link.kind == "tun") {
      Device tap;
      tap.kind = plan::PortKind::tap;
      tap.name = link.name;
      tap.mtu = link.mtu;
      tap.owner = link.owner;
      tap.default_route = false;
      out[owner->interface_id] = {link.index, link.up ? std::optional(tap) : std::nullopt, {}};
    } else if (owner && is_device_name_of(tag_, link.name) && owner->interface_id != kSystemObject && link.up) {
      out[owner->interface_id].ifindex = link.index;
      if (!owner->netns.empty()) foreign.emplace(owner->netns, owner->netns_inode);
    } else if (const auto other = others.find(link.index); !owner && other != others.end()) {
      Device device;
      device.kind = plan::PortKind::device;
      device.name = link.name;
      device.default_route = false;
      out[other->second] = {link.index, device, {}};
    }
  }
  GINNEL_TRY(const auto namespaces, namespaces_.list());
  for (const auto& netns : namespaces) {
    if (netns.stands) GINNEL_CHECKED(read_inside(netns.name, 0, out));
  }
  // Somebody else's may be gone, or another one may stand in its place: then the device is not whole.
  for (const auto& [netns, inode] : foreign) (void)read_inside(netns, inode, out);
  return out;
}

}  // namespace ginnel::dataplane
