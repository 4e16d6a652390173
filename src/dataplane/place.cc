#include "dataplane/place.h"

#include <fmt/format.h>

#include <optional>

#include "dataplane/devices.h"
#include "dataplane/host_mounts.h"

namespace ginnel::dataplane {
namespace {

Status check_inside(int namespace_fd, const Place& place) {
  std::optional<LinkInfo> standing;
  GINNEL_CHECKED(in_namespace(namespace_fd, [&]() -> Status {
    GINNEL_TRY(Netlink inside, Netlink::open());
    GINNEL_TRY(standing, find_link(inside, place.device));
    return {};
  }));
  if (!standing) return {};
  return fail("make device", place.device, "a device of this name stands in " + place.netns);
}

Status check_tap(Netlink& netlink, const std::string& name) {
  GINNEL_TRY(const auto standing, find_link(netlink, name));
  if (!standing) return {};
  return fail("make tap", name, "a device of this name stands here; attach it as it is with --device");
}

}  // namespace

bool is_link_local(const IpAddress& address) {
  static const Cidr kPrefix(router6(), 10);
  return kPrefix.contains(address);
}

Result<LinkInfo> find_free_device(Netlink& netlink, const std::string& name) {
  GINNEL_TRY(const auto link, find_link(netlink, name));
  if (!link) return fail("attach device", name, "there is none in the daemon's network namespace");
  if (!link->ethernet) return fail("attach device", name, "it does not carry Ethernet frames");
  if (!link->alias.empty() && link->alias.starts_with("ginnel ")) {
    return fail("attach device", name, "it belongs to \"" + link->alias + "\"");
  }
  if (link->master != 0) return fail("attach device", name, "it is part of a bridge or bond");
  if (!link->up) return fail("attach device", name, "it is down");
  GINNEL_TRY(const auto addresses, list_addresses(netlink));
  for (const auto& each : addresses) {
    if (each.index == link->index && !is_link_local(each.address)) {
      return fail("attach device", name, "the host uses it: it has the address " + each.address.to_string());
    }
  }
  return *link;
}

Result<uint64_t> check_place(Netlink& netlink, const Namespaces& namespaces, const Place& place) {
  if (place.kind == plan::PortKind::pair) {
    GINNEL_TRY(const UniqueFd netns, namespaces.open_path(place.netns, place.netns_inode));
    GINNEL_CHECKED(check_inside(netns.get(), place));
    return inode_of(netns.get());
  }
  if (place.kind == plan::PortKind::tap) {
    GINNEL_CHECKED(check_tap(netlink, place.device));
  } else {
    GINNEL_CHECKED(find_free_device(netlink, place.device));
  }
  return uint64_t{0};
}

Result<uint64_t> check_place(const std::string& tag, const Place& place) {
  GINNEL_TRY(Netlink netlink, Netlink::open());
  const HostMounts mounts = HostMounts::find();
  return check_place(netlink, Namespaces(mounts, tag), place);
}

}  // namespace ginnel::dataplane
