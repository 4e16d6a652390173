#include "api/elbv2/set_load_balancer.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/elbv2/arns.h"
#include "api/elbv2/balancer_groups.h"
#include "api/elbv2/balancer_nodes.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/target_families.h"
#include "base/check.h"

namespace ginnel::api {
namespace {

using model::LoadBalancer;

bool needs_node(const model::VpcEndpoint& endpoint) {
  return endpoint.state != "deleting" && endpoint.state != "rejected" && endpoint.state != "failed";
}

// The endpoints that use the load balancer's node in the zone.
std::vector<std::string> endpoints_in(const Call& call, const LoadBalancer& balancer, std::string_view zone) {
  std::vector<std::string> ids;
  for (const auto* endpoint : call.snapshot.table<model::VpcEndpoint>().referring_to(balancer.id)) {
    const bool there = std::any_of(endpoint->subnets.begin(), endpoint->subnets.end(), [&](const std::string& id) {
      const auto* subnet = call.snapshot.find<model::Subnet>(id);
      return subnet != nullptr && subnet->zone == zone;
    });
    if (there && needs_node(*endpoint)) ids.push_back(endpoint->id);
  }
  return ids;
}

aws::ApiStatus check_going(const Call& call, const LoadBalancer& balancer, const std::vector<WantedNode>& wanted) {
  for (const auto& node : balancer.nodes) {
    const bool stays =
        std::any_of(wanted.begin(), wanted.end(), [&](const auto& one) { return one.subnet->zone == node.zone; });
    if (stays) continue;
    const auto users = endpoints_in(call, balancer, node.zone);
    if (users.empty()) continue;
    return aws::api_error(
        "ResourceInUse", fmt::format("The Availability Zone '{}' of load balancer '{}' is in use by VPC endpoints ({})",
                                     node.zone, balancer.id, fmt::join(users, ", ")));
  }
  return {};
}

// The address type of `balancer` is the one that it is to have. IPv6 stays while target groups and services need it.
aws::ApiStatus check_new_type(const Call& call, const LoadBalancer& balancer) {
  GINNEL_CHECKED(check_type_known(balancer.ip_address_type));
  if (balancer.ip_address_type == "dualstack") return {};
  for (const auto* listener : call.snapshot.table<model::Listener>().referring_to(balancer.id)) {
    const auto* group = call.snapshot.find<model::TargetGroup>(listener->target_group);
    if (group != nullptr) GINNEL_CHECKED(check_families(*group, balancer));
  }
  for (const auto* service : call.snapshot.table<model::EndpointService>().referring_to(balancer.id)) {
    if (!service->ipv6) continue;
    return aws::api_error("ResourceInUse", fmt::format("The load balancer '{}' must be dualstack: the VPC endpoint "
                                                       "service {} supports the IP address type ipv6",
                                                       balancer.id, service->id));
  }
  return {};
}

}  // namespace

ActionResult<elbv2::SetSubnetsResponse> set_subnets(const Call& call, const elbv2::SetSubnetsRequest& request) {
  GINNEL_TRY(const auto* found, find_by_arn<LoadBalancer>(call, *request.load_balancer_arn));
  GINNEL_TRY(const auto wanted, read_nodes(call, request.subnets, request.subnet_mappings));
  if (wanted.front().subnet->vpc != found->vpc) {
    return bad_configuration(fmt::format("The subnet {} is not in the VPC of the load balancer ({})",
                                         wanted.front().subnet->id, found->vpc));
  }
  GINNEL_CHECKED(check_going(call, *found, wanted));
  LoadBalancer balancer = *found;
  balancer.ip_address_type = request.ip_address_type.value_or(found->ip_address_type);
  GINNEL_CHECKED(check_new_type(call, balancer));
  GINNEL_CHECKED(check_address_type(balancer.ip_address_type, wanted));
  Done<elbv2::SetSubnetsResponse> done;
  GINNEL_CHECKED(place_nodes(call, balancer, wanted, done.change));
  if (balancer != *found) done.change.put(balancer);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.availability_zones = zones_of(call.on(later), balancer);
  done.response.ip_address_type = balancer.ip_address_type;
  done.response.enable_prefix_for_ipv6_source_nat = "off";
  return done;
}

ActionResult<elbv2::SetSecurityGroupsResponse> set_security_groups(const Call& call,
                                                                   const elbv2::SetSecurityGroupsRequest& request) {
  GINNEL_TRY(const auto* found, find_by_arn<LoadBalancer>(call, *request.load_balancer_arn));
  if (request.security_groups.empty()) return missing("SecurityGroups");
  if (found->groups.empty()) {
    return bad_configuration(
        fmt::format("You cannot set security groups on the load balancer '{}': it was created without any", found->id));
  }
  LoadBalancer balancer = *found;
  GINNEL_TRY(balancer.groups, resolve_balancer_groups(call, found->vpc, request.security_groups));
  const auto& judge = request.enforce_security_group_inbound_rules_on_private_link_traffic;
  if (judge) balancer.judge_private_link = *judge == "on";
  Done<elbv2::SetSecurityGroupsResponse> done;
  if (balancer != *found) done.change.put(balancer);
  for (const auto* interface : call.snapshot.table<model::NetworkInterface>().referring_to(found->id)) {
    if (interface->groups == balancer.groups) continue;
    model::NetworkInterface next = *interface;
    next.groups = balancer.groups;
    done.change.put(std::move(next));
  }
  done.response.security_group_ids = balancer.groups;
  done.response.enforce_security_group_inbound_rules_on_private_link_traffic =
      balancer.judge_private_link ? "on" : "off";
  return done;
}

ActionResult<elbv2::SetIpAddressTypeResponse> set_ip_address_type(const Call& call,
                                                                  const elbv2::SetIpAddressTypeRequest& request) {
  GINNEL_TRY(const auto* found, find_by_arn<LoadBalancer>(call, *request.load_balancer_arn));
  LoadBalancer balancer = *found;
  balancer.ip_address_type = *request.ip_address_type;
  GINNEL_CHECKED(check_new_type(call, balancer));
  std::vector<WantedNode> wanted;
  for (const auto& node : balancer.nodes) {
    const auto* subnet = call.snapshot.find<model::Subnet>(node.subnet);
    GINNEL_CHECK(subnet != nullptr, "a stored node has its subnet");
    wanted.push_back({subnet, {}, {}});
  }
  GINNEL_CHECKED(check_address_type(balancer.ip_address_type, wanted));
  Done<elbv2::SetIpAddressTypeResponse> done;
  GINNEL_CHECKED(place_nodes(call, balancer, wanted, done.change));
  done.response.ip_address_type = balancer.ip_address_type;
  if (balancer != *found) done.change.put(std::move(balancer));
  return done;
}

}  // namespace ginnel::api
