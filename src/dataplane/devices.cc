#include "dataplane/devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/names.h"

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
    return {};
  });
}

// The device as it was made; further addresses and routes that the instance gave itself do not matter.
std::optional<Device> device_of(const Inside& inside, const LinkInfo& link, const std::string& netns) {
  Device out;
  out.netns = netns;
  out.name = link.name;
  out.mac = link.mac;
  out.mtu = link.mtu;
  const auto address = std::find_if(inside.addresses.begin(), inside.addresses.end(),
                                    [&](const auto& each) { return each.index == link.index && each.address.is_v4(); });
  if (!link.up || address == inside.addresses.end()) return std::nullopt;
  out.address = address->address;
  out.subnet = Cidr(address->address, address->length);
  out.default_route = std::any_of(inside.routes.begin(), inside.routes.end(), [&](const RouteInfo& route) {
    return route.index == link.index && route.destination.length() == 0 && route.gateway == router_of(out.subnet);
  });
  return out;
}

}  // namespace

IpAddress router_of(const Cidr& subnet) { return subnet.base().plus(1); }

Result<uint32_t> Devices::put(const std::string& interface_id, const Device& device) {
  const std::string host_name = host_device_name(tag_, interface_id);
  GINNEL_TRY(const auto standing, find_link(netlink_, host_name));
  if (standing) {
    const auto owner = object_of_alias(tag_, standing->alias);
    if (owner && *owner != interface_id) return fail("make device", host_name, "it belongs to " + *owner);
    GINNEL_CHECKED(delete_link(netlink_, host_name));
  }
  if (auto made = make(interface_id, device, host_name); !made) {
    (void)delete_link(netlink_, host_name);  // the first error is the one to tell
    return tl::unexpected(std::move(made).error());
  }
  GINNEL_TRY(const auto link, find_link(netlink_, host_name));
  if (!link) return fail_errno("look up link", host_name, ENODEV);
  return link->index;
}

Status Devices::make(const std::string& interface_id, const Device& device, const std::string& host_name) {
  GINNEL_TRY(const UniqueFd netns, namespaces_.open(device.netns));
  GINNEL_CHECKED(create_veth(netlink_, {host_name, device.mtu, device.name, device.mtu, device.mac, netns.get()}));
  GINNEL_CHECKED(set_alias(netlink_, host_name, alias_of(tag_, interface_id)));
  GINNEL_CHECKED(disable_ipv6(host_name));
  GINNEL_CHECKED(set_up(netlink_, host_name));
  return in_namespace(netns.get(), [&] { return configure_inside(interface_id, device); });
}

Status Devices::configure_inside(const std::string& interface_id, const Device& device) {
  GINNEL_TRY(Netlink netlink, Netlink::open());
  GINNEL_CHECKED(set_up(netlink, "lo"));
  GINNEL_TRY(const auto link, find_link(netlink, device.name));
  if (!link) return fail_errno("look up link", device.name, ENODEV);
  GINNEL_CHECKED(set_alias(netlink, device.name, alias_of(tag_, interface_id)));
  GINNEL_CHECKED(add_address(netlink, link->index, device.address, device.subnet.length()));
  GINNEL_CHECKED(set_up(netlink, device.name));
  if (!device.default_route) return {};
  return add_route(netlink, Cidr(IpAddress::from_v4(0), 0), link->index, router_of(device.subnet));
}

Status Devices::remove(const std::string& interface_id) {
  const std::string host_name = host_device_name(tag_, interface_id);
  GINNEL_TRY(const auto standing, find_link(netlink_, host_name));
  if (!standing) return {};
  const auto owner = object_of_alias(tag_, standing->alias);
  if (owner && *owner != interface_id) return {};
  return delete_link(netlink_, host_name);
}

Result<std::map<std::string, Device>> Devices::read_inside(const std::string& netns) {
  std::map<std::string, Device> out;
  GINNEL_TRY(const UniqueFd fd, namespaces_.open(netns));
  Inside inside;
  GINNEL_CHECKED(look_inside(fd.get(), inside));
  for (const auto& link : inside.links) {
    const auto interface_id = object_of_alias(tag_, link.alias);
    if (!interface_id) continue;
    if (auto device = device_of(inside, link, netns)) out.emplace(*interface_id, std::move(*device));
  }
  return out;
}

Result<std::map<std::string, FoundDevice>> Devices::read() {
  std::map<std::string, FoundDevice> out;
  GINNEL_TRY(const auto links, list_links(netlink_));
  for (const auto& link : links) {
    if (!is_device_name_of(tag_, link.name)) continue;
    const auto object = object_of_alias(tag_, link.alias);
    if (object && *object != kSystemObject && link.up) out[*object].ifindex = link.index;
  }
  GINNEL_TRY(const auto namespaces, namespaces_.list());
  for (const auto& netns : namespaces) {
    if (!netns.stands) continue;
    GINNEL_TRY(auto inside, read_inside(netns.name));
    for (auto& [interface_id, device] : inside) {
      if (const auto found = out.find(interface_id); found != out.end()) found->second.device = std::move(device);
    }
  }
  return out;
}

}  // namespace ginnel::dataplane
