// The maps of the packet program, typed.
//
// `policy_names` and `probe_names` are the daemon's own: which VPC and set of groups each policy stands for, and whose
// each probe is, so that a restarted daemon knows them. They are bound to the program, which does not read them. One
// thread, except where a member says otherwise.
#pragma once

#include <map>
#include <string>

#include "abi/all.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "dataplane/maps.h"
#include "dataplane/objects.h"
#include "dataplane/port_table.h"

namespace ginnel::dataplane {

using PolicyId = __u32;

inline constexpr const char* kPolicyNamesMap = "policy_names";
inline constexpr uint32_t kMostGroups = 16;  // on one interface (EC2: at most 16)

struct PolicyName {
  uint32_t vpc;
  uint32_t count;
  uint32_t groups[kMostGroups];
};
static_assert(std::has_unique_object_representations_v<PolicyName>);

inline constexpr const char* kProbeNamesMap = "probe_names";

struct ProbeName {
  uint32_t length;
  char id[kLongestProbeId];
};
static_assert(std::has_unique_object_representations_v<ProbeName>);

struct Tables {
  PortTable ports;                          // also read from another thread
  Map<ginnel_link_key, ginnel_link> links;  // also read from another thread
  Map<ginnel_route_key, __u32> routes;
  Map<ginnel_destination_key, ginnel_destination> destinations;
  Map<PolicyId, ginnel_policy> policies;
  Map<__u32, ginnel_rule> rules;
  Map<ginnel_member_key, __u32> members;
  Map<__u32, ginnel_balancer> balancers;
  Map<__u32, __u32> tables;  // a descriptor goes in, an id comes out: target_tables.h
  Map<__u32, ginnel_target> targets;
  Map<__u32, ginnel_settings> settings;
  Map<__u32, __u64> port_errors;  // also from another thread
  Map<PolicyId, PolicyName> policy_names;
  Map<ginnel_link_key, ProbeName> probe_names;
  Map<ginnel_flow_key, ginnel_flow> flows;     // also from another thread
  Map<ginnel_flow_key, ginnel_proxy> proxies;  // also from another thread
  // Also from another thread.
  Map<__u32, ginnel_port_count> port_counts;
  Map<ginnel_link_count_key, ginnel_link_count> link_counts;
  Map<__u32, ginnel_drop_count> port_drops;
  Map<ginnel_link_count_key, ginnel_drop_count> link_drops;
  Counters drops;  // also from another thread

  // By the names that abi/README.md gives. Names the map that is missing or of another layout.
  static Result<Tables> bind(const std::map<std::string, int>& descriptors);
};

}  // namespace ginnel::dataplane
