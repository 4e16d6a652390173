#include "api/elbv2/balancer_nodes.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/elbv2/arns.h"
#include "api/elbv2/errors.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::LoadBalancerNode;
using model::NetworkInterface;

aws::ApiResult<const model::Subnet*> find_subnet(const Call& call, const std::string& id) {
  const auto* subnet = call.snapshot.find<model::Subnet>(id);
  if (subnet != nullptr && subnet->account == call.account) return subnet;
  return aws::api_error("SubnetNotFound", fmt::format("The subnet ID '{}' does not exist", id));
}

aws::ApiResult<WantedNode> read_mapping(const Call& call, const elbv2::SubnetMapping& mapping, size_t index) {
  const std::string parameter = fmt::format("SubnetMappings.member.{}", index + 1);
  if (!mapping.subnet_id) return missing(parameter + ".SubnetId");
  GINNEL_TRY(const auto* subnet, find_subnet(call, *mapping.subnet_id));
  const std::string address = mapping.private_ipv4_address.value_or("");
  if (mapping.private_ipv4_address) {
    const auto parsed = IpAddress::parse(address);
    if (!parsed || !parsed->is_v4()) {
      return bad_value(parameter + ".PrivateIPv4Address", address, "It is not a valid IPv4 address.");
    }
  }
  std::string address6 = mapping.ipv6_address.value_or("");
  if (mapping.ipv6_address) {
    const auto parsed = IpAddress::parse(address6);
    if (!parsed || parsed->is_v4()) {
      return bad_value(parameter + ".IPv6Address", address6, "It is not a valid IPv6 address.");
    }
    address6 = parsed->to_string();
  }
  return WantedNode{subnet, address, address6};
}

aws::ApiStatus check_one_a_zone(const std::vector<WantedNode>& nodes) {
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].subnet->vpc != nodes[0].subnet->vpc) {
      return bad_configuration(fmt::format("The subnets {} ({}) and {} ({}) are not in the same VPC",
                                           nodes[0].subnet->id, nodes[0].subnet->vpc, nodes[i].subnet->id,
                                           nodes[i].subnet->vpc));
    }
    if (i > 0 && nodes[i].subnet->zone == nodes[i - 1].subnet->zone) {
      return bad_configuration(fmt::format(
          "A load balancer cannot be attached to multiple subnets in the same Availability Zone ({}, {}: {})",
          nodes[i - 1].subnet->id, nodes[i].subnet->id, nodes[i].subnet->zone));
    }
  }
  return {};
}

const NetworkInterface* interface_of(const Call& call, const LoadBalancerNode& node) {
  return call.snapshot.find<NetworkInterface>(node.interface);
}

const LoadBalancerNode* node_in(const model::LoadBalancer& balancer, std::string_view subnet) {
  const auto found = std::find_if(balancer.nodes.begin(), balancer.nodes.end(),
                                  [&](const LoadBalancerNode& node) { return node.subnet == subnet; });
  return found == balancer.nodes.end() ? nullptr : &*found;
}

// An existing node is what the request asks for; without an address of its choice any will do.
bool serves(const Call& call, const LoadBalancerNode* node, const WantedNode& wanted) {
  if (node == nullptr) return false;
  const auto* interface = interface_of(call, *node);
  return interface != nullptr && (wanted.address.empty() || interface->address == wanted.address) &&
         (wanted.address6.empty() || interface->address6 == wanted.address6);
}

bool is_chosen(const WantedNode& wanted) { return !wanted.address.empty() || !wanted.address6.empty(); }

// AWS has a code for a full subnet; what else can be wrong with an address is a wrong value.
aws::ApiResult<IpAddress> take(SubnetAddresses& addresses, const WantedNode& wanted, Family family) {
  const auto& chosen = family == Family::v4 ? wanted.address : wanted.address6;
  const auto* parameter = family == Family::v4 ? "PrivateIPv4Address" : "IPv6Address";
  auto address = chosen.empty() ? addresses.take(*wanted.subnet, family)
                                : addresses.take(*wanted.subnet, chosen, parameter, family);
  if (address) return address;
  const bool full = address.error().code == "InsufficientFreeAddressesInSubnet";
  return aws::api_error(full ? "InvalidSubnet" : "ValidationError", address.error().message);
}

NetworkInterface make_interface(const Call& call, const model::LoadBalancer& balancer, const model::Subnet& subnet,
                                const IpAddress& address) {
  auto interface = new_interface(call, subnet, address, balancer.groups);
  interface.description = "ELB " + arn_suffix(balancer);
  interface.type = "network_load_balancer";
  interface.requester_managed = true;
  interface.delete_on_termination = false;
  interface.source_dest_check = false;
  interface.load_balancer = balancer.id;
  interface.attachment = make_resource_id("ela-attach", call.random);
  return interface;
}

// A node that stays gets or loses its IPv6 address.
aws::ApiStatus settle(const NetworkInterface& stored, const model::LoadBalancer& balancer, const WantedNode& wanted,
                      SubnetAddresses& addresses, model::Change& change) {
  const bool has = balancer.ip_address_type == "dualstack";
  if (has != stored.address6.empty()) return {};
  NetworkInterface interface = stored;
  interface.address6.clear();
  if (has) {
    GINNEL_TRY(const IpAddress address6, take(addresses, wanted, Family::v6));
    interface.address6 = address6.to_string();
  }
  change.put(std::move(interface));
  return {};
}

void remove(const Call& call, const NetworkInterface& interface, model::Change& change) {
  change.erase(interface);
  erase_tags(call, change, interface.id);
}

}  // namespace

aws::ApiResult<std::vector<WantedNode>> read_nodes(const Call& call, const std::vector<std::string>& subnets,
                                                   const std::vector<elbv2::SubnetMapping>& mappings) {
  if (!subnets.empty() && !mappings.empty()) {
    return validation_error("Only one of Subnets or SubnetMappings can be specified");
  }
  if (subnets.empty() && mappings.empty()) return validation_error("At least one subnet must be specified (Subnets)");
  std::vector<WantedNode> nodes;
  for (const auto& id : subnets) {
    GINNEL_TRY(const auto* subnet, find_subnet(call, id));
    nodes.push_back({subnet, {}, {}});
  }
  for (size_t i = 0; i < mappings.size(); ++i) {
    GINNEL_TRY(WantedNode node, read_mapping(call, mappings[i], i));
    nodes.push_back(std::move(node));
  }
  std::sort(nodes.begin(), nodes.end(), [](const WantedNode& a, const WantedNode& b) {
    return std::tie(a.subnet->zone, a.subnet->id) < std::tie(b.subnet->zone, b.subnet->id);
  });
  GINNEL_CHECKED(check_one_a_zone(nodes));
  return nodes;
}

bool stands_at(const Call& call, const model::LoadBalancer& balancer, const std::vector<WantedNode>& wanted) {
  return balancer.nodes.size() == wanted.size() &&
         std::all_of(wanted.begin(), wanted.end(), [&](const WantedNode& one) {
           const auto* node = node_in(balancer, one.subnet->id);
           return serves(call, node, one) && node->chosen == is_chosen(one);
         });
}

aws::ApiStatus check_address_type(const std::string& type, const std::vector<WantedNode>& wanted) {
  for (const auto& one : wanted) {
    if (type == "dualstack" && one.subnet->ipv6_cidr.empty()) {
      return validation_error(
          fmt::format("You must specify subnets with an associated IPv6 CIDR block ({})", one.subnet->id));
    }
    if (type != "dualstack" && !one.address6.empty()) {
      return validation_error(
          fmt::format("An IPv6 address ('{}') can only be specified for a load balancer with the IP "
                      "address type dualstack",
                      one.address6));
    }
  }
  return {};
}

aws::ApiStatus place_nodes(const Call& call, model::LoadBalancer& balancer, const std::vector<WantedNode>& wanted,
                           model::Change& change) {
  SubnetAddresses addresses(call.snapshot);
  std::vector<LoadBalancerNode> nodes;
  std::vector<WantedNode> coming;
  for (const auto& one : wanted) {
    const auto* node = node_in(balancer, one.subnet->id);
    if (!serves(call, node, one)) {
      coming.push_back(one);
      continue;
    }
    nodes.push_back(*node);
    nodes.back().chosen = node->chosen || is_chosen(one);
    GINNEL_CHECKED(settle(*interface_of(call, *node), balancer, one, addresses, change));
  }
  for (const auto& node : balancer.nodes) {
    const bool stays =
        std::any_of(nodes.begin(), nodes.end(), [&](const auto& one) { return one.subnet == node.subnet; });
    const auto* interface = interface_of(call, node);
    if (stays || interface == nullptr) continue;
    addresses.give_back(*interface);
    remove(call, *interface, change);
  }
  for (const auto& one : coming) {
    GINNEL_TRY(const IpAddress address, take(addresses, one, Family::v4));
    auto interface = make_interface(call, balancer, *one.subnet, address);
    if (balancer.ip_address_type == "dualstack") {
      GINNEL_TRY(const IpAddress address6, take(addresses, one, Family::v6));
      interface.address6 = address6.to_string();
    }
    nodes.push_back({one.subnet->id, one.subnet->zone, interface.id, is_chosen(one)});
    change.put(std::move(interface));
  }
  std::sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.zone < b.zone; });
  balancer.nodes = std::move(nodes);
  return {};
}

void remove_nodes(const Call& call, const model::LoadBalancer& balancer, model::Change& change) {
  for (const auto* interface : call.snapshot.table<NetworkInterface>().referring_to(balancer.id)) {
    remove(call, *interface, change);
  }
}

std::vector<elbv2::AvailabilityZone> zones_of(const Call& call, const model::LoadBalancer& balancer) {
  std::vector<elbv2::AvailabilityZone> out;
  for (const auto& node : balancer.nodes) {
    elbv2::AvailabilityZone zone;
    zone.zone_name = node.zone;
    zone.subnet_id = node.subnet;
    const auto* interface = interface_of(call, node);
    // As on AWS, addresses that nobody chose are seen with DescribeNetworkInterfaces only.
    if (node.chosen && interface != nullptr) {
      elbv2::LoadBalancerAddress address;
      address.private_ipv4_address = interface->address;
      if (!interface->address6.empty()) address.ipv6_address = interface->address6;
      zone.load_balancer_addresses.push_back(std::move(address));
    }
    out.push_back(std::move(zone));
  }
  return out;
}

}  // namespace ginnel::api
