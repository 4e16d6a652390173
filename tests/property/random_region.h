// Two VPCs with equal addresses whose interfaces stay what they are, in random security groups.
//
//   VPC 1   instances a, b, c; an endpoint for the region's service "ec2", one for the service of VPC 2
//   VPC 2   instances p and t with the addresses of a and b; a load balancer whose one target is t
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
inline constexpr const char* kServiceAddress = "10.0.1.100";   // of the endpoint for "ec2"
inline constexpr const char* kEndpointAddress = "10.0.1.101";  // of the endpoint for VPC 2's service
inline constexpr const char* kNodeAddress = "10.0.1.50";       // of the load balancer
inline constexpr const char* kTargetAddress = "10.0.1.20";
inline constexpr int kListenerPort = 443, kTargetPort = 8080;

[[nodiscard]] const Host& host(const std::string& name);
[[nodiscard]] model::Region region();
// Instances are called PREFIX-a, PREFIX-b, ….
[[nodiscard]] model::Snapshot random_region(Random& random, const std::string& prefix);
// The same resources with other rules; every group is there still.
[[nodiscard]] model::Snapshot without_rules(const model::Snapshot& snapshot);

}  // namespace ginnel::property
