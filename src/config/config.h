// The daemon's configuration: a TOML file, with what the command line says on top.
//
// Everything has a default; an empty file is a valid configuration. Unknown keys, wrong types and bad values are
// errors that name the file, the line, the key and the value. docs/configuration.md lists the keys.
// Plain values; free to copy between threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "config/host_port.h"
#include "config/webhook.h"

namespace ginnel::config {

struct Zone {
  std::string name;  // "ap-northeast-1a"
  std::string id;    // "apne1-az1"
  friend auto operator<=>(const Zone&, const Zone&) = default;
};

// A service whose upstream lies outside any VPC, offered as com.amazonaws.REGION.NAME. The services that the daemon
// answers itself (kBuiltInServices) are always there and are not listed.
struct Service {
  std::string name;  // AWS's code: "kinesis"
  // Lower case; "*." in front stands for one or more labels. Default: NAME.REGION.SUFFIX.
  std::vector<std::string> private_dns_names;
  HostPort upstream;
  uint16_t port = 443;             // on the endpoint
  std::vector<std::string> zones;  // names of the zones that have it; never empty after parsing
  friend auto operator<=>(const Service&, const Service&) = default;
};

inline constexpr std::string_view kBuiltInServices[] = {"ec2", "elasticloadbalancing", "sts"};

struct Config {
  std::string region = "ap-northeast-1";
  std::vector<Zone> zones;  // one to 26; default: default_zones(region)
  std::string dns_suffix = "amazonaws.com";
  AddressPort listen{IpAddress::from_v4(0x7f000001), 8443};  // TLS, for the operator
  std::optional<AddressPort> http;                           // plain; loopback only
  std::optional<AddressPort> metrics_listen;                 // plain; any address
  // Who is asked for names that are not the region's; none: the resolvers of the host's /etc/resolv.conf.
  std::vector<AddressPort> upstream_resolvers;
  // What the region's public names resolve to; a private subnet has no route there. Default 203.0.113.10 (RFC 5737).
  IpAddress public_address = IpAddress::from_v4(0xcb00710a);
  // VPCs' IPv6 blocks are taken from it, a /56 each; IPv6, /16 to /56. Default 2001:db8::/32 (RFC 3849).
  Cidr ipv6_pool{IpAddress(IpAddress::Bytes{0x20, 0x01, 0x0d, 0xb8}), 32};
  Cidr synthetic_range{IpAddress::from_v4(0x64400000), 10};  // 100.64.0.0/10 (RFC 6598); IPv4, /8 to /24
  std::vector<Service> services;                             // in the file's order
  std::vector<Webhook> webhooks;                             // likewise; one a topic
  // How long the TXT record of a private DNS name is looked for before its verification has failed.
  uint32_t private_dns_verification_s = 60;
  // At most, in each direction and for each family (AWS's quota).
  uint32_t rules_per_security_group = 60;
  // Entries of a load balancer's target table, a prime.
  uint32_t maglev_table_size = 65537;
  bool big_tcp = false;  // TCP segments over IPv4 of more than 64 KiB between instances
  // Flows that are tracked at one time, and those of them that one network interface may have opened.
  uint32_t max_flows = 1000000, max_flows_per_interface = 1 << 18;
};

// What the command line gives; each takes the place of the file's.
struct Overrides {
  std::optional<std::string> region, listen, http;
};

// `name` is the file's name in messages.
Result<Config> parse(std::string_view text, std::string_view name, const Overrides& overrides = {});
Result<Config> load(const std::filesystem::path& path, const Overrides& overrides = {});
// Without a file.
Result<Config> defaults(const Overrides& overrides = {});

// Three zones: REGIONa, b, c (a, c, d in ap-northeast-1) with ids such as apne1-az1.
std::vector<Zone> default_zones(std::string_view region);
// "ap-northeast-1" → "apne1": the first part, the points of the compass by their letters, the number.
std::string region_code(std::string_view region);

}  // namespace ginnel::config
