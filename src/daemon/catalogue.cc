#include "daemon/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ginnel::daemon {
namespace {

constexpr uint16_t kFirstRelayPort = 20000, kRelayPorts = 10000;

// FNV-1a: where the search for a free port begins.
uint32_t spread(std::string_view text) {
  uint32_t hash = 0x811c9dc5U;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193U;
  return hash;
}

model::Service make_service(const model::Region& region, std::string code) {
  model::Service service;
  service.name = fmt::format("com.amazonaws.{}.{}", region.name, code);
  service.id = model::service_id(service.name);
  service.code = std::move(code);
  return service;
}

std::vector<std::string> zone_names(const model::Region& region) {
  std::vector<std::string> names;
  for (const auto& zone : region.zones) names.push_back(zone.name);
  return names;
}

}  // namespace

Catalogue make_catalogue(const config::Config& config) {
  Catalogue catalogue;
  auto& region = catalogue.region;
  region.name = config.region;
  region.dns_suffix = config.dns_suffix;
  if (config.region.starts_with("cn-")) region.partition = "aws-cn";
  if (config.region.starts_with("us-gov-")) region.partition = "aws-us-gov";
  for (const auto& zone : config.zones) region.zones.push_back({zone.name, zone.id});
  region.ipv6_pool = config.ipv6_pool;
  region.public_address = config.public_address;
  region.rules_per_group = config.rules_per_security_group;

  for (const auto code : config::kBuiltInServices) {
    auto service = make_service(region, std::string(code));
    service.private_dns_names = {fmt::format("{}.{}.{}", code, region.name, region.dns_suffix)};
    service.zones = zone_names(region);
    service.system_port = kApiPort;
    region.services.push_back(std::move(service));
  }

  std::map<std::string, const config::Service*> by_name;  // sorted, so that the ports do not depend on the order
  for (const auto& declared : config.services) by_name[declared.name] = &declared;
  std::set<uint16_t> taken;
  for (const auto& [name, declared] : by_name) {
    auto port = static_cast<uint16_t>(kFirstRelayPort + spread(name) % kRelayPorts);
    while (!taken.insert(port).second) {
      port = port + 1 == kFirstRelayPort + kRelayPorts ? kFirstRelayPort : static_cast<uint16_t>(port + 1);
    }
    auto service = make_service(region, name);
    service.private_dns_names = declared->private_dns_names;
    service.zones = declared->zones;
    service.port = declared->port;
    service.system_port = port;
    region.services.push_back(std::move(service));
    catalogue.relayed.push_back({name, port, declared->upstream.host, declared->upstream.port});
  }
  std::sort(region.services.begin(), region.services.end(),
            [](const model::Service& a, const model::Service& b) { return a.name < b.name; });
  return catalogue;
}

std::vector<std::string> certificate_names(const model::Region& region, const model::Service& service) {
  auto names = service.private_dns_names;
  names.push_back(fmt::format("*.{}.{}.vpce.{}", service.code, region.name, region.dns_suffix));
  return names;
}

}  // namespace ginnel::daemon
