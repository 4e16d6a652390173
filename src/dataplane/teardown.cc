#include "dataplane/teardown.h"

#include <optional>

#include "dataplane/links.h"
#include "dataplane/names.h"
#include "dataplane/netns.h"

namespace ginnel::dataplane {

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
  for (const auto& link : links) {
    // The other end of a pair goes with the first.
    if (link.kind == "veth" && is_device_name_of(tag, link.name)) note(delete_link(netlink, link.name), report.devices);
  }
  const HostMounts mounts = HostMounts::find();
  const Namespaces namespaces(mounts, tag);
  GINNEL_TRY(const auto names, namespaces.list());
  for (const auto& netns : names) note(namespaces.remove(netns.name), report.namespaces);
  if (first) return tl::unexpected(std::move(*first));
  return report;
}

}  // namespace ginnel::dataplane
