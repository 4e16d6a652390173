// The names of one endpoint: which there are, and which of its addresses each gives.
//
// Zonal names give the zone's addresses, the regional and the private names those of the zones that serve. Of which
// family is said by the endpoint's DnsRecordIpType ("DNS record IP type" of the PrivateLink guide): service-defined is
// both, but IPv4 alone for private names. A name that has no address of the type is not there.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/region.h"
#include "model/resources.h"
#include "planner/plan.h"

namespace ginnel::plan {

using NameMap = std::map<std::string, std::set<IpAddress>>;

class EndpointNames {
 public:
  // `endpoint` must outlive it.
  explicit EndpointNames(const model::VpcEndpoint& endpoint) : endpoint_(endpoint) {}

  // The addresses of the endpoint's interface in one zone. Where no zone serves, all do.
  void add(const std::string& zone, const std::vector<IpAddress>& addresses, bool serves);
  // Adds the names to `public_names`, and the service's private names to `private_names` where that is not nullptr.
  void name(const model::Region& region, const model::Service& service, NameMap& public_names,
            NameMap* private_names) const;

 private:
  void put(NameMap& names, const std::string& name, const std::set<IpAddress>& addresses, bool is_private) const;

  const model::VpcEndpoint& endpoint_;
  std::map<std::string, std::set<IpAddress>> zones_;
  std::set<IpAddress> all_, serving_;
};

}  // namespace ginnel::plan
