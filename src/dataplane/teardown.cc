#include "dataplane/teardown.h"

#include <bpf/bpf.h>

#include <cerrno>
#include <optional>
#include <set>
#include <vector>

#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/netns.h"
#include "dataplane/running.h"

namespace ginnel::dataplane {
namespace {

bool is_of(const std::string& tag, const LinkInfo& link) {
  return (link.kind == "veth" && is_device_name_of(tag, link.name)) ||
         (link.kind == "tun" && object_of_alias(tag, link.alias));
}

// The devices of the table of ports: its keys, which are the same in every layout.
Result<std::set<uint32_t>> devices_of_ports(int fd) {
  std::set<uint32_t> out;
  uint32_t before = 0, ifindex = 0;
  while (bpf_map_get_next_key(fd, out.empty() ? nullptr : &before, &ifindex) == 0) {
    out.insert(ifindex);
    before = ifindex;
  }
  if (errno != ENOENT) return fail_errno("read map", "ports");
  return out;
}

// Devices that are not ours only carry the program; its table of ports says which they are.
Status release_devices(Netlink& netlink, const std::string& tag, const std::vector<LinkInfo>& links) {
  GINNEL_TRY(const auto system, find_link(netlink, system_peer_name(tag)));
  if (!system) return {};
  GINNEL_TRY(const auto attacher, make_attacher(AttachMode::automatic, system->index));
  GINNEL_TRY(const auto running, find_running(netlink, *attacher, tag));
  if (!running || !running->maps.contains("ports")) return {};
  GINNEL_TRY(const auto ports, devices_of_ports(running->maps.at("ports").get()));
  for (const auto& link : links) {
    if (is_of(tag, link) || !ports.contains(link.index)) continue;
    auto status = attacher->detach(link.index);
    if (!status && status.error().code != ENODEV) return status;
  }
  return {};
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
  GINNEL_TRY(const auto links, list_links(netlink));
  if (auto status = release_devices(netlink, tag, links); !status) first = std::move(status).error();
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
