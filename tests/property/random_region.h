// Two VPCs with equal addresses whose interfaces stay what they are, in random security groups.
//
//   VPC 1   instances a, b, c; an endpoint for the region's service "ec2", one for the service of VPC 2
//   VPC 2   instances p and t with the addresses of a and b; a load balancer whose one target is t
//
// Every interface has addresses of both families; the target is registered with one of them.
#pragma once

#include <string>
#include <vector>

#include "model/region.h"
#include "model/snapshot.h"
#include "random_rules.h"

namespace ginnel::property {

struct Host {
  std::string name;       // also of its instance, after a prefix
  std::string interface;  // "eni-a"
  std::string vpc;
  std::string address, address6, mac;
};

inline const std::vector<Host> kHosts = {
    {"a", "eni-a", "vpc-1", "10.0.1.10", "2001:db8:1::a", "02:00:00:00:01:0a"},
    {"b", "eni-b", "vpc-1", "10.0.1.20", "2001:db8:1::14", "02:00:00:00:01:0b"},
    {"c", "eni-c", "vpc-1", "10.0.2.30", "2001:db8:1:2::c", "02:00:00:00:01:0c"},
    {"p", "eni-p", "vpc-2", "10.0.1.10", "2001:db8:1::a", "02:00:00:00:02:0a"},
    {"t", "eni-t", "vpc-2", "10.0.1.20", "2001:db8:1::14", "02:00:00:00:02:0b"},
};
struct Addresses {
  const char *ipv4, *ipv6;
};
inline constexpr Addresses kService = {"10.0.1.100", "2001:db8:1::64"};   // of the endpoint for "ec2"
inline constexpr Addresses kEndpoint = {"10.0.1.101", "2001:db8:1::65"};  // of the endpoint for VPC 2's service
inline constexpr Addresses kNode = {"10.0.1.50", "2001:db8:1::32"};       // of the load balancer
inline constexpr Addresses kTarget = {"10.0.1.20", "2001:db8:1::14"};
inline constexpr int kListenerPort = 443, kTargetPort = 8080;

[[nodiscard]] const Host& host(const std::string& name);
[[nodiscard]] model::Region region();
// Instances are called PREFIX-a, PREFIX-b, ….
[[nodiscard]] model::Snapshot random_region(Random& random, const std::string& prefix);
// A little else: some rules come and go, an interface changes its groups, a prefix list has other entries.
[[nodiscard]] model::Snapshot changed(Random& random, const model::Snapshot& snapshot);
// The same resources with other rules; every group is there still.
[[nodiscard]] model::Snapshot without_rules(const model::Snapshot& snapshot);

}  // namespace ginnel::property
