#include "dataplane/teardown.h"

#include <cerrno>
#include <optional>
#include <vector>

#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/netns.h"
#include "dataplane/running.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {
namespace {

// Devices that are not ours only carry the program; its table of ports says which they are.
Status release_devices(Netlink& netlink, const std::string& tag) {
  GINNEL_TRY(const auto system, find_link(netlink, system_peer_name(tag)));
  if (!system) return {};
  GINNEL_TRY(const auto attacher, make_attacher(AttachMode::automatic, system->index));
  GINNEL_TRY(const auto running, find_running(netlink, *attacher, tag));
  if (!running || !running->maps.contains("ports")) return {};
  GINNEL_TRY(const auto ports, (Map<__u32, ginnel_port>::bind(running->maps.at("ports").get(), "ports")));
  std::vector<uint32_t> found;
  GINNEL_CHECKED(ports.for_each([&](__u32 ifindex, const ginnel_port& row) {
    if ((row.flags & GINNEL_PORT_DEVICE) != 0) found.push_back(ifindex);
  }));
  for (const auto ifindex : found) {
    auto status = attacher->detach(ifindex);
    if (!status && status.error().code != ENODEV) return status;
  }
  return {};
}

bool is_of(const std::string& tag, const LinkInfo& link) {
  return (link.kind == "veth" && is_device_name_of(tag, link.name)) ||
         (link.kind == "tun" && object_of_alias(tag, link.alias));
}

}  // namespace

Result<TeardownReport> teardown(const std::string& tag) {
  if (tag.empty()) return fail("tear down", "region", "it has no tag");
  TeardownReport report;
  std::optional<Error> first;
  const auto note = [&](Status status, unsigned& count) {
    if (status) {
      ++count;
    } else if (!first) {
      first = std::move(status).error();
    }
  };
  GINNEL_TRY(Netlink netlink, Netlink::open());
  if (auto status = release_devices(netlink, tag); !status) first = std::move(status).error();
  GINNEL_TRY(const auto links, list_links(netlink));
  for (const auto& link : links) {
    // The other end of a pair goes with the first.
    if (is_of(tag, link)) note(delete_link(netlink, link.name), report.devices);
  }
  const HostMounts mounts = HostMounts::find();
  const Namespaces namespaces(mounts, tag);
  GINNEL_TRY(const auto names, namespaces.list());
  for (const auto& netns : names) note(namespaces.remove(netns.name), report.namespaces);
  if (first) return tl::unexpected(std::move(*first));
  return report;
}

}  // namespace ginnel::dataplane
