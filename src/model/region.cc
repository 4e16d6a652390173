#include "model/region.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::model {
namespace {

// FNV-1a, 64 bits: a stable spreading of names, not a secret.
uint64_t spread(std::string_view text, uint64_t hash = 0xcbf29ce484222325U) {
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace

const Zone* Region::zone(std::string_view name_or_id) const {
  const auto found = std::find_if(zones.begin(), zones.end(),
                                  [&](const Zone& zone) { return zone.name == name_or_id || zone.id == name_or_id; });
  return found == zones.end() ? nullptr : &*found;
}

const Service* Region::service(std::string_view service_name) const {
  const auto found = std::find_if(services.begin(), services.end(),
                                  [&](const Service& service) { return service.name == service_name; });
  return found == services.end() ? nullptr : &*found;
}

std::string service_id(std::string_view service_name) { return fmt::format("vpce-svc-0{:016x}", spread(service_name)); }

std::string regional_name(const Region& region, const Service& service, std::string_view endpoint_id,
                          std::string_view hash) {
  return fmt::format("{}-{}.{}.{}.vpce.{}", endpoint_id, hash, service.code, region.name, region.dns_suffix);
}

std::string zonal_name(const Region& region, const Service& service, std::string_view endpoint_id,
                       std::string_view hash, std::string_view zone) {
  return fmt::format("{}-{}-{}.{}.{}.vpce.{}", endpoint_id, hash, zone, service.code, region.name, region.dns_suffix);
}

std::string hosted_zone_id(std::string_view zone_name) {
  std::string id = "Z";
  uint64_t left = spread(zone_name);
  for (int i = 0; i < 13; ++i) {
    id += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[left % 36];
    left = i == 11 ? spread(id) : left / 36;
  }
  return id;
}

}  // namespace ginnel::model
