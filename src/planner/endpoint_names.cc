#include "planner/endpoint_names.h"

namespace ginnel::plan {
namespace {

bool is_named(const std::string& record_type, const IpAddress& address, bool is_private) {
  if (address.is_v4()) return record_type != "ipv6";
  return record_type != "ipv4" && !(is_private && record_type == "service-defined");
}

}  // namespace

void EndpointNames::add(const std::string& zone, const std::vector<IpAddress>& addresses, bool serves) {
  zones_[zone].insert(addresses.begin(), addresses.end());
  all_.insert(addresses.begin(), addresses.end());
  if (serves) serving_.insert(addresses.begin(), addresses.end());
}

void EndpointNames::name(const model::Region& region, const model::Service& service, NameMap& public_names,
                         NameMap* private_names) const {
  const auto& id = endpoint_.id;
  const auto& hash = endpoint_.dns_hash;
  for (const auto& [zone, addresses] : zones_) {
    put(public_names, model::zonal_name(region, service, id, hash, zone), addresses, false);
  }
  const auto& regional = serving_.empty() ? all_ : serving_;
  put(public_names, model::regional_name(region, service, id, hash), regional, false);
  if (private_names == nullptr) return;
  for (const auto& name : service.private_dns_names) put(*private_names, name, regional, true);
}

void EndpointNames::put(NameMap& names, const std::string& name, const std::set<IpAddress>& addresses,
                        bool is_private) const {
  for (const auto& address : addresses) {
    if (is_named(endpoint_.dns_record_ip_type, address, is_private)) names[name].insert(address);
  }
}

}  // namespace ginnel::plan
