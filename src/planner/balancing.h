// A load balancer's targets as the API's rules see them: which exist, which get new flows, which zones serve.
//
// Rules of Elastic Load Balancing, "Network Load Balancers": cross-zone load balancing, target group health (fail open,
// DNS failover), connection termination for unhealthy targets. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/region.h"
#include "model/snapshot.h"
#include "planner/plan.h"

namespace ginnel::plan {

// A registered target that has an address.
struct PlacedTarget {
  const model::Target* target = nullptr;
  IpAddress address;
  std::string zone;  // empty: it serves all zones
};

// The number of a listener in a zone of the region: 256 for each listener.
[[nodiscard]] BalancerNumber balancer_number(const model::Region& region, const model::Listener& listener,
                                             const std::string& zone);

class Balancing {
 public:
  // Everything must outlive it. An Error names the document that makes no sense.
  static Result<Balancing> read(const model::Snapshot& snapshot, const model::Region& region,
                                const model::LoadBalancer& balancer);

  struct Listener {
    const model::Listener* listener = nullptr;
    const model::TargetGroup* group = nullptr;
    std::vector<PlacedTarget> targets;  // registered in zones that the load balancer has; draining ones are not there
    std::vector<PlacedTarget> draining;
    bool cross_zone = false;
  };
  [[nodiscard]] const std::vector<Listener>& listeners() const { return listeners_; }

  // Those that get the zone's new flows, sorted by number: the healthy, or all where too few are.
  [[nodiscard]] std::vector<TargetNumber> chosen(const Listener& listener, const std::string& zone) const;
  // The listener's targets that have or keep flows: chosen somewhere, draining, or not to be cut off when unhealthy.
  [[nodiscard]] std::vector<PlacedTarget> kept(const Listener& listener) const;
  // The zones whose addresses the load balancer's names give: those with enough healthy targets behind every listener;
  // all where there is none.
  [[nodiscard]] std::set<std::string> serving_zones() const;
  [[nodiscard]] BalancerNumber number(const model::Listener& listener, const std::string& zone) const;

 private:
  Balancing(const model::Region& region, const model::LoadBalancer& balancer) : region_(region), balancer_(balancer) {}
  [[nodiscard]] std::vector<PlacedTarget> candidates(const Listener& listener, const std::string& zone) const;
  [[nodiscard]] bool zone_fails(const Listener& listener, const std::string& zone) const;

  const model::Region& region_;
  const model::LoadBalancer& balancer_;
  std::vector<Listener> listeners_;
};

}  // namespace ginnel::plan
