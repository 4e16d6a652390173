#include "dataplane/tables.h"

namespace ginnel::dataplane {
namespace {

Result<int> descriptor(const std::map<std::string, int>& descriptors, const std::string& name) {
  const auto found = descriptors.find(name);
  if (found == descriptors.end()) return fail("find map", name, "the program does not hold it");
  return found->second;
}

template <typename Key, typename Value>
Status bind_map(const std::map<std::string, int>& descriptors, const char* name, Map<Key, Value>& out) {
  GINNEL_TRY(const int fd, descriptor(descriptors, name));
  GINNEL_TRY(out, (Map<Key, Value>::bind(fd, name)));
  return {};
}

}  // namespace

Result<Tables> Tables::bind(const std::map<std::string, int>& descriptors) {
  Tables out;
  Map<__u32, ginnel_port> slots, ports;
  GINNEL_CHECKED(bind_map(descriptors, "port_slots", slots));
  GINNEL_CHECKED(bind_map(descriptors, "ports", ports));
  out.ports = {std::move(slots), std::move(ports)};
  GINNEL_CHECKED(bind_map(descriptors, "links", out.links));
  GINNEL_CHECKED(bind_map(descriptors, "routes", out.routes));
  GINNEL_CHECKED(bind_map(descriptors, "destinations", out.destinations));
  GINNEL_CHECKED(bind_map(descriptors, "policies", out.policies));
  GINNEL_CHECKED(bind_map(descriptors, "rules", out.rules));
  GINNEL_CHECKED(bind_map(descriptors, "group_members", out.members));
  GINNEL_CHECKED(bind_map(descriptors, "balancers", out.balancers));
  GINNEL_CHECKED(bind_map(descriptors, "tables", out.tables));
  GINNEL_CHECKED(bind_map(descriptors, "targets", out.targets));
  GINNEL_CHECKED(bind_map(descriptors, "settings", out.settings));
  GINNEL_CHECKED(bind_map(descriptors, "port_errors", out.port_errors));
  GINNEL_CHECKED(bind_map(descriptors, kPolicyNamesMap, out.policy_names));
  GINNEL_CHECKED(bind_map(descriptors, kProbeNamesMap, out.probe_names));
  GINNEL_CHECKED(bind_map(descriptors, "flows", out.flows));
  GINNEL_CHECKED(bind_map(descriptors, "proxies", out.proxies));
  GINNEL_CHECKED(bind_map(descriptors, "port_counts", out.port_counts));
  GINNEL_CHECKED(bind_map(descriptors, "link_counts", out.link_counts));
  GINNEL_CHECKED(bind_map(descriptors, "port_drops", out.port_drops));
  GINNEL_CHECKED(bind_map(descriptors, "link_drops", out.link_drops));
  GINNEL_TRY(const int drops, descriptor(descriptors, "drops"));
  GINNEL_TRY(out.drops, Counters::bind(drops, "drops"));
  return out;
}

}  // namespace ginnel::dataplane
