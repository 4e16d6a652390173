#include "api/ec2/endpoint_interfaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/ec2/address_types.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameter", text); }

aws::ApiError same_zone(std::string_view subnet_id) {
  return aws::api_error("DuplicateSubnetsInSameZone",
                        fmt::format("Found another VPC endpoint subnet in the availability zone of {}", subnet_id));
}

const ec2::SubnetConfiguration* configuration_of(const std::vector<ec2::SubnetConfiguration>& configurations,
                                                 const std::string& subnet_id) {
  const auto found = std::find_if(configurations.begin(), configurations.end(),
                                  [&](const auto& one) { return one.subnet_id == subnet_id; });
  return found == configurations.end() ? nullptr : &*found;
}

std::string supported_zones(const model::Service& service) {
  if (service.zones.empty()) return "supports none";
  return fmt::format("supports {}", fmt::join(service.zones, ", "));
}

// The same text for the same address.
std::string normal(const std::optional<std::string>& text) {
  if (!text) return {};
  const auto address = IpAddress::parse(*text);
  return address ? address->to_string() : *text;
}

}  // namespace

EndpointInterfaces::EndpointInterfaces(const Call& call, const model::Service& service, model::VpcEndpoint& endpoint)
    : call_(call), service_(service), endpoint_(endpoint), addresses_(call.snapshot) {
  for (const auto& id : endpoint.interfaces) {
    if (const auto* interface = call.snapshot.find<model::NetworkInterface>(id)) present_.push_back(*interface);
  }
}

aws::ApiStatus EndpointInterfaces::remove(const std::vector<std::string>& subnet_ids) {
  for (const auto& id : subnet_ids) {
    const auto found =
        std::find_if(present_.begin(), present_.end(), [&](const auto& interface) { return interface.subnet == id; });
    if (found == present_.end()) {
      return invalid(fmt::format("The subnet {} is not one of the VPC endpoint {}", id, endpoint_.id));
    }
    drop(static_cast<size_t>(found - present_.begin()));
  }
  return {};
}

void EndpointInterfaces::drop(size_t index) {
  const auto at = present_.begin() + static_cast<std::ptrdiff_t>(index);
  addresses_.give_back(*at);
  removed_.push_back(std::move(*at));
  present_.erase(at);
}

aws::ApiStatus EndpointInterfaces::check_configurations(
    const std::vector<ec2::SubnetConfiguration>& configurations) const {
  const auto useless = [&](std::string_view name) {
    return invalid(fmt::format("{} of a SubnetConfiguration does not go with the IpAddressType {}", name,
                               endpoint_.ip_address_type));
  };
  for (size_t i = 0; i < configurations.size(); ++i) {
    const auto& configuration = configurations[i];
    if (!configuration.subnet_id) {
      return aws::missing_parameter(fmt::format("SubnetConfiguration.{}.SubnetId", i + 1));
    }
    if (configuration_of(configurations, *configuration.subnet_id) != &configuration) {
      return invalid(fmt::format("The subnet {} has more than one SubnetConfiguration", *configuration.subnet_id));
    }
    if (configuration.ipv4 && !has_ipv4(endpoint_)) return useless("Ipv4");
    if (configuration.ipv6 && !has_ipv6(endpoint_)) return useless("Ipv6");
  }
  return {};
}

void EndpointInterfaces::drop_outdated(const std::vector<ec2::SubnetConfiguration>& configurations,
                                       std::vector<Wanted>& wanted) {
  // What an interface shall have, from what is chosen and what it has; nothing is said by an empty text.
  const auto next = [](bool has, const std::string& chosen, const std::string& old) {
    return !has ? std::string() : chosen.empty() ? old : chosen;
  };
  for (size_t i = 0; i < present_.size();) {
    const auto& interface = present_[i];
    const auto* configuration = configuration_of(configurations, interface.subnet);
    const auto chosen = [&](auto member) { return configuration ? normal(configuration->*member) : std::string(); };
    const Wanted one{interface.subnet,
                     next(has_ipv4(endpoint_), chosen(&ec2::SubnetConfiguration::ipv4), interface.address),
                     next(has_ipv6(endpoint_), chosen(&ec2::SubnetConfiguration::ipv6), interface.address6)};
    const bool fits = one.address == interface.address && one.address6 == interface.address6 &&
                      one.address.empty() != has_ipv4(endpoint_) && one.address6.empty() != has_ipv6(endpoint_);
    if (fits) {
      ++i;
      continue;
    }
    drop(i);
    wanted.push_back(one);
  }
}

aws::ApiStatus EndpointInterfaces::add(const std::vector<std::string>& subnet_ids,
                                       const std::vector<ec2::SubnetConfiguration>& configurations) {
  GINNEL_CHECKED(check_configurations(configurations));
  const auto stands_in = [&](const std::string& id) {
    return std::any_of(present_.begin(), present_.end(), [&](const auto& interface) { return interface.subnet == id; });
  };
  std::vector<std::string> ids = subnet_ids;
  for (const auto& configuration : configurations) {
    const std::string& id = *configuration.subnet_id;
    if (std::find(ids.begin(), ids.end(), id) == ids.end() && !stands_in(id)) ids.push_back(id);
  }
  std::vector<Wanted> wanted;
  for (const auto& id : ids) {
    const auto* configuration = configuration_of(configurations, id);
    wanted.push_back(
        {id, configuration ? normal(configuration->ipv4) : "", configuration ? normal(configuration->ipv6) : ""});
  }
  // All that move first give their addresses back.
  drop_outdated(configurations, wanted);
  // Those with an address of their own choice come first, so that nobody else is given it.
  std::stable_partition(wanted.begin(), wanted.end(),
                        [](const Wanted& one) { return !one.address.empty() || !one.address6.empty(); });
  for (const auto& one : wanted) GINNEL_CHECKED(add_one(one));
  return {};
}

aws::ApiResult<IpAddress> EndpointInterfaces::take(const model::Subnet& subnet, const std::string& wanted,
                                                   Family family) {
  if (wanted.empty()) return addresses_.take(subnet, family);
  const auto parameter = family == Family::v4 ? "SubnetConfiguration.Ipv4" : "SubnetConfiguration.Ipv6";
  return addresses_.take(subnet, wanted, parameter, family);
}

aws::ApiStatus EndpointInterfaces::add_one(const Wanted& wanted) {
  GINNEL_TRY(const auto* subnet, check_subnet(wanted.subnet));
  if (std::any_of(present_.begin(), present_.end(), [&](const auto& other) { return other.zone == subnet->zone; })) {
    return same_zone(wanted.subnet);
  }
  std::vector<IpAddress> taken;  // one of each family
  if (has_ipv4(endpoint_)) {
    GINNEL_TRY(const auto address, take(*subnet, wanted.address, Family::v4));
    taken.push_back(address);
  }
  if (has_ipv6(endpoint_)) {
    GINNEL_TRY(const auto address, take(*subnet, wanted.address6, Family::v6));
    taken.push_back(address);
  }
  present_.push_back(make(*subnet, taken.front()));
  if (taken.size() > 1) present_.back().address6 = taken.back().to_string();
  return {};
}

aws::ApiResult<const model::Subnet*> EndpointInterfaces::check_subnet(const std::string& id) const {
  GINNEL_TRY(const auto* subnet, find_owned<model::Subnet>(call_, id));
  if (subnet->vpc != endpoint_.vpc) {
    return invalid(fmt::format("The subnet {} does not belong to the VPC {}", id, endpoint_.vpc));
  }
  if (std::find(service_.zones.begin(), service_.zones.end(), subnet->zone) == service_.zones.end()) {
    return invalid(
        fmt::format("The VPC endpoint service {} does not support the availability zone of the subnet: {} ({})",
                    service_.name, id, supported_zones(service_)));
  }
  if (has_ipv6(endpoint_) && subnet->ipv6_cidr.empty()) {
    return invalid(fmt::format("The subnet {} does not support the IP address type {}: it has no IPv6 CIDR block", id,
                               endpoint_.ip_address_type));
  }
  return subnet;
}

model::NetworkInterface EndpointInterfaces::make(const model::Subnet& subnet, const IpAddress& address) const {
  auto interface = new_interface(call_, subnet, address, endpoint_.groups);
  interface.description = "VPC Endpoint Interface " + endpoint_.id;
  interface.type = "vpc_endpoint";
  interface.requester_managed = true;
  interface.delete_on_termination = false;
  interface.endpoint = endpoint_.id;
  interface.attachment = make_resource_id("ela-attach", call_.random);
  return interface;
}

void EndpointInterfaces::put(model::Change& change) {
  for (const auto& interface : removed_) {
    // One that this same action has made was never stored.
    if (call_.snapshot.find<model::NetworkInterface>(interface.id) == nullptr) continue;
    change.erase(interface);
    erase_tags(call_, change, interface.id);
  }
  std::sort(present_.begin(), present_.end(), [](const auto& left, const auto& right) {
    return std::tie(left.zone, left.subnet) < std::tie(right.zone, right.subnet);
  });
  endpoint_.subnets.clear();
  endpoint_.interfaces.clear();
  for (auto& interface : present_) {
    interface.groups = endpoint_.groups;
    endpoint_.subnets.push_back(interface.subnet);
    endpoint_.interfaces.push_back(interface.id);
    change.put(interface);
  }
}

}  // namespace ginnel::api
