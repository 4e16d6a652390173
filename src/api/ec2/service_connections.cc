#include "api/ec2/service_connections.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/describe.h"
#include "api/ec2/connection_events.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/endpoint_states.h"
#include "api/ec2/endpoints.h"
#include "api/ec2/service_access.h"
#include "api/ec2/service_balancers.h"
#include "api/ec2/unsuccessful.h"

namespace ginnel::api {
namespace {

using Endpoint = model::VpcEndpoint;
using Service = model::EndpointService;
using Values = std::vector<std::string>;

const Attributes<Endpoint>& attributes() {
  static const Attributes<Endpoint> kAll = {
      {"ip-address-type", [](const Call&, const Endpoint& e) { return Values{e.ip_address_type}; }},
      {"service-id", [](const Call&, const Endpoint& e) { return Values{e.service}; }},
      {"vpc-endpoint-id", [](const Call&, const Endpoint& e) { return Values{e.id}; }},
      {"vpc-endpoint-owner", [](const Call&, const Endpoint& e) { return Values{e.account}; }},
      {"vpc-endpoint-region", [](const Call& call, const Endpoint&) { return Values{call.region.name}; }},
      {"vpc-endpoint-state", [](const Call&, const Endpoint& e) { return Values{e.state}; }},
  };
  return kAll;
}

// The tags of an endpoint are its owner's affair, so none of them are shown or can be filtered by.
aws::ApiResult<std::vector<const Endpoint*>> matching(const Call& call, const std::vector<ec2::Filter>& filters,
                                                      std::vector<const Endpoint*> items) {
  aws::FilterTable<Endpoint> table;
  for (const auto& attribute : attributes()) {
    table.add(attribute.name, [&call, &attribute](const Endpoint& item) { return attribute.values(call, item); });
  }
  GINNEL_TRY(const auto matches, table.matcher(filters));
  items.erase(std::remove_if(items.begin(), items.end(), [&](const auto* item) { return !matches(*item); }),
              items.end());
  return items;
}

ec2::VpcEndpointConnection connection_to_wire(const Call& call, const Endpoint& endpoint) {
  ec2::VpcEndpointConnection out;
  out.service_id = endpoint.service;
  out.vpc_endpoint_id = endpoint.id;
  out.vpc_endpoint_owner = endpoint.account;
  out.vpc_endpoint_state = endpoint.state;
  out.creation_timestamp = WallTime(std::chrono::milliseconds(endpoint.created));
  out.dns_entries = dns_entries(call, endpoint);
  out.network_load_balancer_arns = {endpoint.load_balancer};
  out.ip_address_type = endpoint.ip_address_type;
  out.vpc_endpoint_connection_id = endpoint.connection;
  out.vpc_endpoint_region = call.region.name;
  return out;
}

aws::ApiError wrong_state(const Endpoint& endpoint, std::string_view verb) {
  return aws::api_error("IncorrectState", fmt::format("The VPC endpoint {} can't be {} in the state {}", endpoint.id,
                                                      verb, endpoint.state));
}

aws::ApiResult<const Endpoint*> find_connection(const Call& call, const Service& service, const std::string& id) {
  using Form = IdForm;
  const Form& form = kIdForm<Endpoint>;
  if (!is_resource_id(id, form.prefix)) return malformed_id(form, id);
  const auto* endpoint = call.snapshot.find<Endpoint>(id);
  if (endpoint == nullptr || endpoint->service != service.id) return not_found(form, id);
  return endpoint;
}

// The load balancer that served it, if it still can, or another that stands in all its zones.
aws::ApiResult<std::string> balancer_for(const Call& call, const Service& service, const Endpoint& endpoint) {
  const auto& arns = service.load_balancers;
  const bool stays = std::find(arns.begin(), arns.end(), endpoint.load_balancer) != arns.end();
  if (stays && call.snapshot.find<model::LoadBalancer>(endpoint.load_balancer) != nullptr) {
    return endpoint.load_balancer;
  }
  std::set<std::string> zones;
  for (const auto* one : call.snapshot.table<model::NetworkInterface>().referring_to(endpoint.id)) {
    zones.insert(one->zone);
  }
  const auto* chosen = choose_balancer(call.snapshot, service, zones);
  const auto served = chosen != nullptr ? zones_of(call.snapshot, {chosen->id}) : std::vector<std::string>();
  if (chosen == nullptr || !std::includes(served.begin(), served.end(), zones.begin(), zones.end())) {
    return aws::api_error("InvalidParameter",
                          fmt::format("No load balancer of the VPC endpoint service {} is in all availability zones of "
                                      "the VPC endpoint {}",
                                      service.id, endpoint.id));
  }
  return chosen->id;
}

aws::ApiResult<Endpoint> accepted(const Call& call, const Service& service, const Endpoint& endpoint) {
  Endpoint next = endpoint;
  if (endpoint.state == "pending" || endpoint.state == "available") return next;
  if (endpoint.state != "pendingAcceptance" && endpoint.state != "rejected") return wrong_state(endpoint, "accepted");
  if (endpoint.state == "rejected") {
    GINNEL_TRY(const auto as_seen, service_of(call, endpoint));
    if (endpoint.private_dns) GINNEL_CHECKED(check_names_free(call, endpoint.vpc, as_seen, endpoint.id));
    GINNEL_TRY(next.load_balancer, balancer_for(call, service, endpoint));
  }
  next.state = "pending";
  return next;
}

aws::ApiResult<Endpoint> rejected(const Call&, const Service&, const Endpoint& endpoint) {
  Endpoint next = endpoint;
  if (endpoint.state == "rejected") return next;
  if (!is_connected(endpoint)) return wrong_state(endpoint, "rejected");
  next.state = "rejected";
  return next;
}

using Step = aws::ApiResult<Endpoint> (*)(const Call&, const Service&, const Endpoint&);

aws::ApiResult<Endpoint> next_of(const Call& call, const Service& service, const std::string& id, Step step) {
  GINNEL_TRY(const auto* endpoint, find_connection(call, service, id));
  return step(call, service, *endpoint);
}

// Takes the step for each of the endpoints; each sees what was done to those before it.
template <typename Response, typename Request>
ActionResult<Response> change_each(const Call& call, const Request& request, Step step, std::string_view event) {
  GINNEL_TRY(const auto* service, find_owned<Service>(call, *request.service_id));
  Done<Response> done;
  model::Snapshot after = call.snapshot;
  for (const auto& id : std::set<std::string>(request.vpc_endpoint_ids.begin(), request.vpc_endpoint_ids.end())) {
    const auto next = next_of(call.on(after), *service, id, step);
    if (!next) {
      done.response.unsuccessful.push_back(unsuccessful_item(id, next.error()));
      continue;
    }
    if (*next == *after.find<Endpoint>(id)) continue;
    model::Change one;
    one.put(*next);
    after = after.with(one);
    done.change.put(*next);
    add_event(call, done.change, *next, event);
  }
  return done;
}

}  // namespace

aws::ApiResult<ec2::DescribeVpcEndpointConnectionsResponse> describe_connections(
    const Call& call, const ec2::DescribeVpcEndpointConnectionsRequest& request) {
  std::vector<const Endpoint*> items;
  for (const auto* service : all_owned<Service>(call)) {
    const auto more = call.snapshot.table<Endpoint>().referring_to(service->id);
    items.insert(items.end(), more.begin(), more.end());
  }
  std::sort(items.begin(), items.end(), [](const auto* left, const auto* right) { return left->id < right->id; });
  GINNEL_TRY(items, matching(call, request.filters, std::move(items)));
  GINNEL_TRY(const auto page,
             aws::paginate({.operation = "DescribeVpcEndpointConnections"}, {request.max_results, request.next_token},
                           std::move(items), [](const Endpoint* item) { return item->id; }));
  ec2::DescribeVpcEndpointConnectionsResponse response;
  for (const auto* endpoint : page.items) {
    response.vpc_endpoint_connections.push_back(connection_to_wire(call, *endpoint));
  }
  response.next_token = page.next_token;
  return response;
}

ActionResult<ec2::AcceptVpcEndpointConnectionsResponse> accept_connections(
    const Call& call, const ec2::AcceptVpcEndpointConnectionsRequest& request) {
  return change_each<ec2::AcceptVpcEndpointConnectionsResponse>(call, request, accepted, kAcceptEvent);
}

ActionResult<ec2::RejectVpcEndpointConnectionsResponse> reject_connections(
    const Call& call, const ec2::RejectVpcEndpointConnectionsRequest& request) {
  return change_each<ec2::RejectVpcEndpointConnectionsResponse>(call, request, rejected, kRejectEvent);
}

}  // namespace ginnel::api
