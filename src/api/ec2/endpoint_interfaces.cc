#include "api/ec2/endpoint_interfaces.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

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

aws::ApiStatus check_configurations(const std::vector<ec2::SubnetConfiguration>& configurations) {
  for (size_t i = 0; i < configurations.size(); ++i) {
    const auto& id = configurations[i].subnet_id;
    if (!id) return aws::missing_parameter(fmt::format("SubnetConfiguration.{}.SubnetId", i + 1));
    if (configuration_of(configurations, *id) != &configurations[i]) {
      return invalid(fmt::format("The subnet {} has more than one SubnetConfiguration", *id));
    }
  }
  return {};
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

aws::ApiStatus EndpointInterfaces::add(const std::vector<std::string>& subnet_ids,
                                       const std::vector<ec2::SubnetConfiguration>& configurations) {
  GINNEL_CHECKED(check_configurations(configurations));
  // All that move first give their address back, so that two can swap.
  std::vector<std::string> wanted = subnet_ids;
  for (const auto& configuration : configurations) {
    const bool listed = std::find(wanted.begin(), wanted.end(), *configuration.subnet_id) != wanted.end();
    const auto found = std::find_if(present_.begin(), present_.end(), [&](const auto& interface) {
      return interface.subnet == *configuration.subnet_id;
    });
    if (listed) continue;
    if (found != present_.end()) {
      if (!configuration.ipv4 || *configuration.ipv4 == found->address) continue;
      drop(static_cast<size_t>(found - present_.begin()));
    }
    wanted.push_back(*configuration.subnet_id);
  }
  // Those with an address of their own choice come first, so that nobody else is given it.
  std::stable_partition(wanted.begin(), wanted.end(), [&](const std::string& id) {
    const auto* configuration = configuration_of(configurations, id);
    return configuration != nullptr && configuration->ipv4;
  });
  for (const auto& id : wanted) GINNEL_CHECKED(add_one(id, configuration_of(configurations, id)));
  return {};
}

aws::ApiStatus EndpointInterfaces::add_one(const std::string& subnet_id,
                                           const ec2::SubnetConfiguration* configuration) {
  GINNEL_TRY(const auto* subnet, check_subnet(subnet_id));
  if (std::any_of(present_.begin(), present_.end(), [&](const auto& other) { return other.zone == subnet->zone; })) {
    return same_zone(subnet_id);
  }
  const bool chosen = configuration != nullptr && configuration->ipv4;
  GINNEL_TRY(const IpAddress address, chosen
                                          ? addresses_.take(*subnet, *configuration->ipv4, "SubnetConfiguration.Ipv4")
                                          : addresses_.take(*subnet));
  present_.push_back(make(*subnet, address));
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
