#include "api/ec2/run_instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/addresses.h"
#include "api/ec2/instances.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_ipv6.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

// What the request says of the network, from either of the two places where it can say it.
struct Network {
  const model::Subnet* subnet = nullptr;
  std::vector<std::string> groups;
  std::optional<std::string> address;
  std::string address_parameter;  // the name of `address` in the request
  Ipv6Wish ipv6;
  std::string description;
};

aws::ApiStatus check_count(const ec2::RunInstancesRequest& request) {
  if (*request.min_count < 1) {
    return aws::invalid_value("MinCount", fmt::to_string(*request.min_count), "It must be at least 1.");
  }
  if (*request.max_count < *request.min_count) {
    return aws::invalid_value("MaxCount", fmt::to_string(*request.max_count), "It must not be less than MinCount.");
  }
  if (*request.max_count > kMaxInstancesPerCall) {
    return aws::invalid_value("MaxCount", fmt::to_string(*request.max_count),
                              fmt::format("One call can launch at most {} instances.", kMaxInstancesPerCall));
  }
  return {};
}

aws::ApiStatus check_image(const ec2::RunInstancesRequest& request) {
  if (request.image_id && !is_resource_id(*request.image_id, "ami")) {
    return aws::api_error("InvalidAMIID.Malformed",
                          fmt::format("Invalid id: \"{}\" (expecting \"ami-...\")", *request.image_id));
  }
  return {};
}

// FAMILY.SIZE, for example "t3.micro"; any will do, since a namespace has no size.
aws::ApiStatus check_type(const ec2::RunInstancesRequest& request) {
  if (!request.instance_type) return {};
  const std::string& type = *request.instance_type;
  const auto dot = type.find('.');
  const bool characters = std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (characters && dot != std::string::npos && dot > 0 && dot + 1 < type.size() && type.size() <= 64) return {};
  return aws::invalid_value("InstanceType", type, "It is not an instance type, for example t3.micro.");
}

aws::ApiStatus check_user_data(const ec2::RunInstancesRequest& request) {
  if (!request.user_data) return {};
  const std::string& data = *request.user_data;
  const auto end = data.find_last_not_of('=');
  const std::string_view digits = std::string_view(data).substr(0, end == std::string::npos ? 0 : end + 1);
  const bool base64 =
      data.size() % 4 == 0 && data.size() - digits.size() <= 2 &&
      std::all_of(digits.begin(), digits.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
      });
  if (!base64) return aws::api_error("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  if (digits.size() * 3 / 4 > kMaxUserDataBytes) {
    return aws::api_error("InvalidParameterValue", fmt::format("User data is limited to {} bytes.", kMaxUserDataBytes));
  }
  return {};
}

aws::ApiStatus check_one_interface(const ec2::RunInstancesRequest& request) {
  const auto both = [](std::string_view what) {
    return aws::invalid_combination(
        fmt::format("Network interfaces and an instance-level {} may not be specified on the same request", what));
  };
  if (request.subnet_id) return both("subnet ID");
  if (!request.security_group_ids.empty()) return both("security groups");
  if (request.private_ip_address) return both("private address");
  if (request.ipv6_address_count || !request.ipv6_addresses.empty()) return both("IPv6 address");
  if (request.network_interfaces.size() > 1) {
    return aws::api_error("AttachmentLimitExceeded",
                          fmt::format("Interface count {} exceeds the limit of 1 network interface per instance",
                                      request.network_interfaces.size()));
  }
  const auto& index = request.network_interfaces.front().device_index;
  if (!index) return aws::missing_parameter("NetworkInterface.1.DeviceIndex");
  if (*index != 0) {
    return aws::invalid_value("NetworkInterface.1.DeviceIndex", fmt::to_string(*index),
                              "The first network interface of an instance has device index 0.");
  }
  return {};
}

aws::ApiResult<Network> read_network(const Call& call, const ec2::RunInstancesRequest& request) {
  Network network;
  std::optional<std::string> subnet_id = request.subnet_id;
  std::vector<std::string> groups = request.security_group_ids;
  network.address = request.private_ip_address;
  network.address_parameter = "PrivateIpAddress";
  GINNEL_TRY(network.ipv6, Ipv6Wish::read(request.ipv6_address_count, request.ipv6_addresses, "", "Ipv6Address"));
  if (!request.network_interfaces.empty()) {
    GINNEL_CHECKED(check_one_interface(request));
    const auto& interface = request.network_interfaces.front();
    subnet_id = interface.subnet_id;
    groups = interface.groups;
    network.address = interface.private_ip_address;
    network.address_parameter = "NetworkInterface.1.PrivateIpAddress";
    GINNEL_TRY(network.ipv6,
               Ipv6Wish::read(interface.ipv6_address_count, interface.ipv6_addresses, "NetworkInterface.1."));
    network.description = interface.description.value_or("");
  }
  if (!subnet_id) {
    return aws::api_error("VPCIdNotSpecified", "No default VPC for this user: the request must name a subnet.");
  }
  GINNEL_TRY(network.subnet, find_owned<model::Subnet>(call, *subnet_id));
  GINNEL_TRY(network.groups, resolve_groups(call, network.subnet->vpc, groups));
  const auto one_only = [](std::string_view parameter) {
    return aws::invalid_combination(
        fmt::format("The parameter {} cannot be used to launch more than one instance", parameter));
  };
  if (network.address && *request.max_count > 1) return one_only(network.address_parameter);
  if (!network.ipv6.addresses.empty() && *request.max_count > 1) {
    return one_only(network.ipv6.prefix + network.ipv6.parameter);
  }
  return network;
}

aws::ApiStatus check_placement(const Call& call, const ec2::RunInstancesRequest& request, const model::Subnet& subnet) {
  if (!request.placement) return {};
  const auto check = [&](std::string_view parameter, const std::optional<std::string>& name) -> aws::ApiStatus {
    if (!name) return {};
    const auto* zone = call.region.zone(*name);
    if (zone != nullptr && zone->name == subnet.zone) return {};
    return aws::invalid_value(parameter, *name,
                              fmt::format("The subnet {} is in the zone {}.", subnet.id, subnet.zone));
  };
  GINNEL_CHECKED(check("Placement.AvailabilityZone", request.placement->availability_zone));
  return check("Placement.AvailabilityZoneId", request.placement->availability_zone_id);
}

// As many as the subnet has room for, at least MinCount.
aws::ApiResult<std::vector<IpAddress>> take_addresses(const ec2::RunInstancesRequest& request, const Network& network,
                                                      SubnetAddresses& addresses) {
  std::vector<IpAddress> out;
  if (network.address) {
    GINNEL_TRY(const auto address, addresses.take(*network.subnet, *network.address, network.address_parameter));
    return std::vector<IpAddress>{address};
  }
  for (int i = 0; i < *request.max_count; ++i) {
    auto address = addresses.take(*network.subnet);
    if (!address && i >= *request.min_count) break;
    if (!address) return std::move(address).error();
    out.push_back(*address);
  }
  return out;
}

model::Instance new_instance(const Call& call, const ec2::RunInstancesRequest& request,
                             const model::NetworkInterface& interface) {
  model::Instance instance;
  instance.id = make_resource_id("i", call.random);
  instance.account = call.account;
  instance.vpc = interface.vpc;
  instance.subnet = interface.subnet;
  instance.interface = interface.id;
  instance.image = request.image_id.value_or(instance.image);
  instance.type = request.instance_type.value_or(instance.type);
  instance.key_name = request.key_name.value_or("");
  instance.user_data = request.user_data.value_or("");
  instance.client_token = request.client_token.value_or("");
  instance.launched = call.now_ms();
  return instance;
}

}  // namespace

ActionResult<ec2::RunInstancesResponse> run_instances(const Call& call, const ec2::RunInstancesRequest& request) {
  GINNEL_CHECKED(check_count(request));
  GINNEL_CHECKED(check_image(request));
  GINNEL_CHECKED(check_type(request));
  GINNEL_CHECKED(check_user_data(request));
  GINNEL_TRY(const auto tags, NewTags::parse(request.tag_specifications, {"instance", "network-interface"}));
  GINNEL_TRY(const Network network, read_network(call, request));
  GINNEL_CHECKED(check_placement(call, request, *network.subnet));
  SubnetAddresses addresses(call.snapshot);
  GINNEL_TRY(const auto taken, take_addresses(request, network, addresses));

  model::Change change;
  std::vector<std::string> ids;
  const std::string reservation = make_resource_id("r", call.random);
  for (const auto& address : taken) {
    auto interface = new_interface(call, *network.subnet, address, network.groups);
    GINNEL_TRY(const auto address6, take_ipv6(addresses, *network.subnet, network.ipv6));
    if (address6) interface.address6 = address6->to_string();
    auto instance = new_instance(call, request, interface);
    instance.reservation = reservation;
    instance.launch_index = static_cast<int32_t>(ids.size());
    interface.description = network.description;
    interface.instance = instance.id;
    interface.attachment = make_resource_id("eni-attach", call.random);
    tags.put(call, change, "instance", instance.id);
    tags.put(call, change, "network-interface", interface.id);
    ids.push_back(instance.id);
    change.put(std::move(interface));
    change.put(std::move(instance));
  }

  const model::Snapshot after = call.snapshot.with(change);
  std::vector<const model::Instance*> launched;
  for (const auto& id : ids) launched.push_back(after.find<model::Instance>(id));
  auto response = reservation_of(call.on(after), launched);
  return Done<ec2::RunInstancesResponse>{std::move(response), std::move(change)};
}

}  // namespace ginnel::api
