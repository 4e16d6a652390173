#include "api/elbv2/load_balancers.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/elbv2/arns.h"
#include "api/elbv2/balancer_groups.h"
#include "api/elbv2/balancer_nodes.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/names.h"
#include "api/elbv2/pages.h"
#include "api/elbv2/tags.h"
#include "api/lookup.h"
#include "api/tags.h"
#include "model/attributes.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

using model::LoadBalancer;

constexpr size_t kMaxNamed = 20;
constexpr std::string_view kReservedPrefix = "internal-";

aws::ApiStatus check_name(const std::string& name) {
  GINNEL_CHECKED(check_elb_name("Load balancer", name));
  if (!name.starts_with(kReservedPrefix)) return {};
  return validation_error(fmt::format("Load balancer name '{}' cannot begin with '{}'", name, kReservedPrefix));
}

// The API's own defaults are application and internet-facing, so both must be given.
aws::ApiStatus check_kind(const elbv2::CreateLoadBalancerRequest& request) {
  const std::string type = request.type.value_or("application");
  if (type != "network") {
    return bad_value("Type", type,
                     fmt::format("Only load balancers of type network are supported{}.",
                                 request.type ? "" : "; application is the default"));
  }
  const std::string scheme = request.scheme.value_or("internet-facing");
  if (scheme == "internal") return {};
  return aws::api_error("InvalidScheme",
                        fmt::format("Value ({}) for parameter Scheme is invalid. Only internal load balancers are "
                                    "supported{}.",
                                    scheme, request.scheme ? "" : "; internet-facing is the default"));
}

const LoadBalancer* find_named(const Call& call, std::string_view name) {
  for (const auto* balancer : all_owned<LoadBalancer>(call)) {
    if (balancer->name == name) return balancer;
  }
  return nullptr;
}

bool same_members(std::vector<std::string> left, std::vector<std::string> right) {
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

Done<elbv2::CreateLoadBalancerResponse> answer_with(const Call& call, const LoadBalancer& balancer,
                                                    model::Change change) {
  const model::Snapshot later = call.snapshot.with(change);
  Done<elbv2::CreateLoadBalancerResponse> done;
  done.response.load_balancers = {to_wire(call.on(later), balancer)};
  done.change = std::move(change);
  return done;
}

aws::ApiResult<std::vector<const LoadBalancer*>> wanted_ones(const Call& call,
                                                             const elbv2::DescribeLoadBalancersRequest& request) {
  std::vector<const LoadBalancer*> out;
  for (const auto& arn : request.load_balancer_arns) {
    if (!is_arn(call, kArnForm<LoadBalancer>, arn)) return malformed_arn(kArnForm<LoadBalancer>, arn);
  }
  for (const auto& arn : request.load_balancer_arns) {
    const auto found = find_by_arn<LoadBalancer>(call, arn);
    if (!found) {
      return aws::api_error("LoadBalancerNotFound", fmt::format("One or more load balancers not found ('{}')", arn));
    }
    out.push_back(*found);
  }
  std::vector<std::string> absent;
  for (const auto& name : request.names) {
    const auto* found = find_named(call, name);
    if (found == nullptr) absent.push_back(name);
    out.push_back(found);
  }
  if (!absent.empty()) {
    return aws::api_error("LoadBalancerNotFound",
                          fmt::format("Load balancers '[{}]' not found", fmt::join(absent, ", ")));
  }
  if (request.load_balancer_arns.empty() && request.names.empty()) return all_owned<LoadBalancer>(call);
  return out;
}

// What keeps it from being deleted: the endpoint services that it serves.
std::vector<std::string> users_of(const Call& call, const LoadBalancer& balancer) {
  std::vector<std::string> ids;
  for (const auto* service : call.snapshot.table<model::EndpointService>().referring_to(balancer.id)) {
    ids.push_back(service->id);
  }
  for (const auto* endpoint : call.snapshot.table<model::VpcEndpoint>().referring_to(balancer.id)) {
    ids.push_back(endpoint->id);
  }
  return ids;
}

}  // namespace

elbv2::LoadBalancer to_wire(const Call& call, const LoadBalancer& balancer) {
  elbv2::LoadBalancer out;
  out.load_balancer_arn = balancer.id;
  out.dns_name = model::load_balancer_name(call.region, balancer);
  out.canonical_hosted_zone_id =
      model::hosted_zone_id(fmt::format("elb.{}.{}", call.region.name, call.region.dns_suffix));
  out.created_time = WallTime(std::chrono::milliseconds(balancer.created));
  out.load_balancer_name = balancer.name;
  out.scheme = "internal";
  out.vpc_id = balancer.vpc;
  out.state = elbv2::LoadBalancerState{.code = balancer.state};
  out.type = "network";
  out.availability_zones = zones_of(call, balancer);
  out.security_groups = balancer.groups;
  out.ip_address_type = balancer.ip_address_type;
  if (!balancer.groups.empty()) {
    out.enforce_security_group_inbound_rules_on_private_link_traffic = balancer.judge_private_link ? "on" : "off";
  }
  out.enable_prefix_for_ipv6_source_nat = "off";
  return out;
}

ActionResult<elbv2::CreateLoadBalancerResponse> create_load_balancer(const Call& call,
                                                                     const elbv2::CreateLoadBalancerRequest& request) {
  GINNEL_CHECKED(check_name(*request.name));
  GINNEL_CHECKED(check_kind(request));
  GINNEL_TRY(const auto nodes, read_nodes(call, request.subnets, request.subnet_mappings));
  const std::string address_type = request.ip_address_type.value_or("ipv4");
  GINNEL_CHECKED(check_type_known(address_type));
  GINNEL_CHECKED(check_address_type(address_type, nodes));
  const std::string& vpc = nodes.front().subnet->vpc;
  GINNEL_TRY(auto groups, resolve_balancer_groups(call, vpc, request.security_groups));
  GINNEL_TRY(const auto tags, parse_elb_tags(request.tags));
  if (const auto* same = find_named(call, *request.name)) {
    if (stands_at(call, *same, nodes) && same_members(same->groups, groups) && same->ip_address_type == address_type &&
        call.snapshot.tags_of(same->id) == tags) {
      return answer_with(call, *same, {});
    }
    return aws::api_error(
        "DuplicateLoadBalancerName",
        fmt::format("A load balancer with the same name '{}' exists, but with different settings", *request.name));
  }
  if (all_owned<LoadBalancer>(call).size() >= kMaxLoadBalancers) {
    return aws::api_error("TooManyLoadBalancers",
                          fmt::format("An account can have at most {} load balancers.", kMaxLoadBalancers));
  }
  model::Change change;
  LoadBalancer balancer;
  balancer.id = load_balancer_arn(call, *request.name);
  balancer.account = call.account;
  balancer.vpc = vpc;
  balancer.name = *request.name;
  balancer.dns_hash = balancer.id.substr(balancer.id.rfind('/') + 1);
  balancer.groups = std::move(groups);
  balancer.ip_address_type = address_type;
  balancer.created = call.now_ms();
  GINNEL_CHECKED(place_nodes(call, balancer, nodes, change));
  put_elb_tags(call, change, balancer, tags);
  change.put(balancer);
  return answer_with(call, balancer, std::move(change));
}

aws::ApiResult<elbv2::DescribeLoadBalancersResponse> describe_load_balancers(
    const Call& call, const elbv2::DescribeLoadBalancersRequest& request) {
  if (!request.names.empty() && !request.load_balancer_arns.empty()) {
    return validation_error("Load balancer names and load balancer ARNs cannot be specified at the same time");
  }
  if (request.names.size() > kMaxNamed || request.load_balancer_arns.size() > kMaxNamed) {
    return validation_error(fmt::format("Up to {} load balancers can be described in one call", kMaxNamed));
  }
  GINNEL_TRY(auto found, wanted_ones(call, request));
  GINNEL_TRY(const auto page, elb_page("DescribeLoadBalancers", request, std::move(found)));
  elbv2::DescribeLoadBalancersResponse response;
  for (const auto* balancer : page.items) response.load_balancers.push_back(to_wire(call, *balancer));
  response.next_marker = page.next_token;
  return response;
}

ActionResult<elbv2::DeleteLoadBalancerResponse> delete_load_balancer(const Call& call,
                                                                     const elbv2::DeleteLoadBalancerRequest& request) {
  const auto found = find_by_arn<LoadBalancer>(call, *request.load_balancer_arn);
  Done<elbv2::DeleteLoadBalancerResponse> done;
  if (!found && found.error().code == "LoadBalancerNotFound") return done;
  GINNEL_TRY(const auto* balancer, found);
  if (model::deletion_protected(*balancer)) {
    return aws::api_error(
        "OperationNotPermitted",
        fmt::format("Load balancer '{}' cannot be deleted because deletion protection is enabled", balancer->id));
  }
  const auto users = users_of(call, *balancer);
  if (!users.empty()) {
    return aws::api_error("ResourceInUse", fmt::format("Load balancer '{}' cannot be deleted because it is currently "
                                                       "associated with another service ({})",
                                                       balancer->id, fmt::join(users, ", ")));
  }
  for (const auto* listener : call.snapshot.table<model::Listener>().referring_to(balancer->id)) {
    done.change.erase(*listener);
    erase_tags(call, done.change, listener->id);
  }
  remove_nodes(call, *balancer, done.change);
  done.change.erase(*balancer);
  erase_tags(call, done.change, balancer->id);
  return done;
}

}  // namespace ginnel::api
