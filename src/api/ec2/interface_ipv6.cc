#include "api/ec2/interface_ipv6.h"

#include <fmt/format.h>

#include "api/ec2/interface_view.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

aws::ApiError too_many(size_t wanted) {
  return aws::api_error(
      "AddressLimitExceeded",
      fmt::format("A network interface can have at most 1 IPv6 address, the request asks for {}.", wanted));
}

aws::ApiStatus check_wish(const Ipv6Wish& wish) {
  if (wish.count && !wish.addresses.empty()) {
    return aws::invalid_combination(
        fmt::format("{0}Ipv6AddressCount and {0}{1} cannot be used in one request", wish.prefix, wish.parameter));
  }
  if (wish.count && *wish.count < 0) {
    return aws::invalid_value(wish.prefix + "Ipv6AddressCount", fmt::to_string(*wish.count),
                              "It must not be negative.");
  }
  const size_t wanted = wish.count ? static_cast<size_t>(*wish.count) : wish.addresses.size();
  return wanted > 1 ? aws::ApiStatus(too_many(wanted)) : aws::ApiStatus();
}

// The interfaces of endpoints and load balancers are their owners' affair.
aws::ApiResult<const model::NetworkInterface*> find_own_interface(const Call& call, const std::string& id) {
  GINNEL_TRY(const auto* interface, find_owned<model::NetworkInterface>(call, id));
  if (interface->requester_managed) {
    return aws::api_error("OperationNotPermitted",
                          fmt::format("The network interface '{}' is managed by {}.", id, requester_of(*interface)));
  }
  return interface;
}

}  // namespace

aws::ApiResult<Ipv6Wish> Ipv6Wish::read(const std::optional<int>& count,
                                        const std::vector<ec2::InstanceIpv6Address>& addresses, std::string prefix,
                                        std::string parameter) {
  Ipv6Wish wish{.count = count, .prefix = std::move(prefix), .parameter = std::move(parameter)};
  for (const auto& item : addresses) {
    const auto name = fmt::format("{}{}.{}", wish.prefix, wish.parameter, wish.addresses.size() + 1);
    if (!item.ipv6_address) return aws::missing_parameter(name + ".Ipv6Address");
    if (item.is_primary_ipv6.value_or(false)) return aws::unsupported_value(name + ".IsPrimaryIpv6", "true");
    wish.addresses.push_back(*item.ipv6_address);
  }
  return wish;
}

aws::ApiResult<std::optional<IpAddress>> take_ipv6(SubnetAddresses& addresses, const model::Subnet& subnet,
                                                   const Ipv6Wish& wish) {
  GINNEL_CHECKED(check_wish(wish));
  if (!wish.addresses.empty()) {
    GINNEL_TRY(const auto address, addresses.take(subnet, wish.addresses.front(),
                                                  fmt::format("{}{}.1", wish.prefix, wish.parameter), Family::v6));
    return std::optional(address);
  }
  if (wish.count.value_or(subnet.assign_ipv6 ? 1 : 0) == 0) return std::optional<IpAddress>();
  GINNEL_TRY(const auto address, addresses.take(subnet, Family::v6));
  return std::optional(address);
}

ActionResult<ec2::AssignIpv6AddressesResponse> assign_ipv6_addresses(const Call& call,
                                                                     const ec2::AssignIpv6AddressesRequest& request) {
  GINNEL_TRY(const auto* found, find_own_interface(call, *request.network_interface_id));
  if (!request.ipv6_address_count && request.ipv6_addresses.empty()) {
    return aws::missing_parameter("Ipv6AddressCount or Ipv6Addresses");
  }
  GINNEL_TRY(const auto* subnet, find_owned<model::Subnet>(call, found->subnet));
  SubnetAddresses addresses(call.snapshot);
  const Ipv6Wish wish{.count = request.ipv6_address_count, .addresses = request.ipv6_addresses, .prefix = ""};
  GINNEL_TRY(const auto address, take_ipv6(addresses, *subnet, wish));
  Done<ec2::AssignIpv6AddressesResponse> done;
  done.response.network_interface_id = found->id;
  if (!address) return done;
  if (!found->address6.empty()) return too_many(2);
  model::NetworkInterface interface = *found;
  interface.address6 = address->to_string();
  done.response.assigned_ipv6_addresses = {interface.address6};
  done.change.put(std::move(interface));
  return done;
}

ActionResult<ec2::UnassignIpv6AddressesResponse> unassign_ipv6_addresses(
    const Call& call, const ec2::UnassignIpv6AddressesRequest& request) {
  GINNEL_TRY(const auto* found, find_own_interface(call, *request.network_interface_id));
  if (request.ipv6_addresses.empty()) return aws::missing_parameter("Ipv6Addresses");
  Done<ec2::UnassignIpv6AddressesResponse> done;
  for (size_t i = 0; i < request.ipv6_addresses.size(); ++i) {
    const std::string& text = request.ipv6_addresses[i];
    const auto address = IpAddress::parse(text);
    if (address && !found->address6.empty() && address->to_string() == found->address6) continue;
    return aws::invalid_value(fmt::format("Ipv6Addresses.{}", i + 1), text,
                              fmt::format("It is not an IPv6 address of the network interface {}.", found->id));
  }
  model::NetworkInterface interface = *found;
  done.response.unassigned_ipv6_addresses = {interface.address6};
  interface.address6.clear();
  done.response.network_interface_id = interface.id;
  done.change.put(std::move(interface));
  return done;
}

}  // namespace ginnel::api
