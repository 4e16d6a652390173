// CreateNetworkInterface and DeleteNetworkInterface.
#include <fmt/format.h>

#include "api/ec2/addresses.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_ipv6.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/network_interfaces.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

constexpr size_t kMaxDescription = 255;

struct WantedAddress {
  std::optional<std::string> value;
  std::string parameter = "PrivateIpAddress";
};

// The one address may be named in either of two places.
aws::ApiResult<WantedAddress> wanted_address(const ec2::CreateNetworkInterfaceRequest& request) {
  const auto& list = request.private_ip_addresses;
  if (list.empty()) return WantedAddress{request.private_ip_address};
  if (request.private_ip_address) {
    return aws::invalid_combination(
        "The parameters PrivateIpAddress and PrivateIpAddresses may not be specified on the same request");
  }
  if (list.size() > 1) {
    return aws::api_error(
        "PrivateIpAddressLimitExceeded",
        fmt::format("A network interface has one private address, the request names {}.", list.size()));
  }
  if (list.front().primary == false)
    return aws::invalid_value("PrivateIpAddresses.1.Primary", "false", "It is the only one.");
  if (!list.front().private_ip_address) return aws::missing_parameter("PrivateIpAddresses.1.PrivateIpAddress");
  return WantedAddress{list.front().private_ip_address, "PrivateIpAddresses.1.PrivateIpAddress"};
}

}  // namespace

aws::ApiStatus check_interface_description(std::string_view parameter, std::string_view text) {
  if (text.size() <= kMaxDescription) return {};
  return aws::invalid_value(parameter, text, fmt::format("A description has up to {} characters.", kMaxDescription));
}

ActionResult<ec2::CreateNetworkInterfaceResponse> create_network_interface(
    const Call& call, const ec2::CreateNetworkInterfaceRequest& request) {
  GINNEL_TRY(const auto* subnet, find_owned<model::Subnet>(call, *request.subnet_id));
  const std::string description = request.description.value_or("");
  GINNEL_CHECKED(check_interface_description("Description", description));
  GINNEL_TRY(const auto tags, NewTags::parse(request.tag_specifications, {"network-interface"}));
  GINNEL_TRY(auto groups, resolve_groups(call, subnet->vpc, request.groups));
  GINNEL_TRY(const WantedAddress wanted, wanted_address(request));
  GINNEL_TRY(const auto ipv6, Ipv6Wish::read(request.ipv6_address_count, request.ipv6_addresses, ""));
  SubnetAddresses addresses(call.snapshot);
  IpAddress address;
  if (wanted.value) {
    GINNEL_TRY(address, addresses.take(*subnet, *wanted.value, wanted.parameter));
  } else {
    GINNEL_TRY(address, addresses.take(*subnet));
  }
  GINNEL_TRY(const auto address6, take_ipv6(addresses, *subnet, ipv6));

  model::Change change;
  auto interface = new_interface(call, *subnet, address, std::move(groups));
  if (address6) interface.address6 = address6->to_string();
  interface.description = description;
  interface.delete_on_termination = false;
  tags.put(call, change, "network-interface", interface.id);
  change.put(interface);
  const model::Snapshot after = call.snapshot.with(change);
  ec2::CreateNetworkInterfaceResponse response;
  response.network_interface = to_wire(call.on(after), interface);
  response.client_token = request.client_token;
  return Done<ec2::CreateNetworkInterfaceResponse>{std::move(response), std::move(change)};
}

ActionResult<ec2::DeleteNetworkInterfaceResponse> delete_network_interface(
    const Call& call, const ec2::DeleteNetworkInterfaceRequest& request) {
  GINNEL_TRY(const auto* interface, find_owned<model::NetworkInterface>(call, *request.network_interface_id));
  if (is_attached(*interface)) {
    return aws::api_error("InvalidNetworkInterface.InUse",
                          fmt::format("The network interface '{}' is currently in use.", interface->id));
  }
  Done<ec2::DeleteNetworkInterfaceResponse> done;
  erase_tags(call, done.change, interface->id);
  done.change.erase(*interface);
  return done;
}

}  // namespace ginnel::api
