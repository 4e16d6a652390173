#include "model/services.h"

#include <fmt/format.h>

namespace ginnel::model {
namespace {

std::string offered_prefix(const Region& region) { return fmt::format("com.amazonaws.vpce.{}.", region.name); }

}  // namespace

std::string service_name(const Region& region, const EndpointService& service) {
  return offered_prefix(region) + service.id;
}

const EndpointService* offered_service(const Snapshot& snapshot, const Region& region, std::string_view service_name) {
  const std::string prefix = offered_prefix(region);
  if (!service_name.starts_with(prefix)) return nullptr;
  return snapshot.find<EndpointService>(service_name.substr(prefix.size()));
}

std::optional<Service> find_service(const Snapshot& snapshot, const Region& region, std::string_view service_name) {
  if (const auto* own = region.service(service_name)) return *own;
  const auto* offered = offered_service(snapshot, region, service_name);
  if (!offered) return std::nullopt;
  Service service;
  service.code = offered->id;
  service.id = offered->id;
  service.name = service_name;
  service.zones = offered->zones;
  service.ipv4 = offered->ipv4;
  service.ipv6 = offered->ipv6;
  if (!offered->private_dns_name.empty() && offered->private_dns_state == "verified") {
    service.private_dns_names = {offered->private_dns_name};
  }
  return service;
}

std::string load_balancer_name(const Region& region, const LoadBalancer& balancer, std::string_view zone) {
  return fmt::format("{}{}{}-{}.elb.{}.{}", zone, zone.empty() ? "" : ".", balancer.name, balancer.dns_hash,
                     region.name, region.dns_suffix);
}

}  // namespace ginnel::model
