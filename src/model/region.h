// What the configuration says of the region: constant while the daemon runs, and so not part of a Snapshot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace ginnel::model {

struct Zone {
  std::string name;  // "ap-northeast-1a"
  std::string id;    // "apne1-az1"
  friend bool operator==(const Zone&, const Zone&) = default;
};

// A service that an interface endpoint can be made for.
struct Service {
  std::string code;                            // "ec2", "kinesis"; the SVC of its endpoints' names
  std::string name;                            // "com.amazonaws.REGION.ec2"
  std::string id;                              // "vpce-svc-…", made from the name
  std::vector<std::string> private_dns_names;  // "ec2.REGION.amazonaws.com"; may be wildcards; may be none
  std::vector<std::string> zones;              // the zones' names
  bool ipv4 = true, ipv6 = true;               // address types of endpoints that it supports
  uint16_t port = 443;                         // where endpoints listen
  uint16_t system_port = 443;                  // where the daemon or the relay listens on the system address
};

struct Region {
  std::string name;  // "ap-northeast-1"
  std::string dns_suffix = "amazonaws.com";
  std::string partition = "aws";
  std::vector<Zone> zones;
  std::vector<Service> services;  // by name
  Cidr ipv6_pool;                 // what the IPv6 blocks of VPCs are taken from
  IpAddress public_address;       // where the region's public service names point
  uint32_t rules_per_group = 60;  // of a security group, at most: each direction and each family

  [[nodiscard]] const Zone* zone(std::string_view name_or_id) const;
  [[nodiscard]] const Service* service(std::string_view name) const;
};

// "vpce-svc-" and 17 hexadecimal digits made from the service's name, so that it is the same everywhere.
[[nodiscard]] std::string service_id(std::string_view service_name);
// Names of an endpoint (semantics: regional, zonal). `hash` is the endpoint's dns_hash.
[[nodiscard]] std::string regional_name(const Region& region, const Service& service, std::string_view endpoint_id,
                                        std::string_view hash);
[[nodiscard]] std::string zonal_name(const Region& region, const Service& service, std::string_view endpoint_id,
                                     std::string_view hash, std::string_view zone);
// The id of the hosted zone that a name of this service stands in: "Z" and 13 characters made from the name.
[[nodiscard]] std::string hosted_zone_id(std::string_view zone_name);

}  // namespace ginnel::model
