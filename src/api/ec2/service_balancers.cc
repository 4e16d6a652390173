#include "api/ec2/service_balancers.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "api/ec2/endpoint_states.h"

namespace ginnel::api {
namespace {

constexpr size_t kShownConnections = 5;

bool stands_in(const model::LoadBalancer& balancer, std::string_view zone) {
  return std::any_of(balancer.nodes.begin(), balancer.nodes.end(), [&](const auto& node) { return node.zone == zone; });
}

size_t missing_zones(const model::LoadBalancer& balancer, const std::set<std::string>& zones) {
  return static_cast<size_t>(
      std::count_if(zones.begin(), zones.end(), [&](const auto& zone) { return !stands_in(balancer, zone); }));
}

size_t load(const model::Snapshot& snapshot, const model::LoadBalancer& balancer) {
  const auto endpoints = snapshot.table<model::VpcEndpoint>().referring_to(balancer.id);
  return static_cast<size_t>(
      std::count_if(endpoints.begin(), endpoints.end(), [](const auto* one) { return is_connected(*one); }));
}

}  // namespace

aws::ApiResult<const model::LoadBalancer*> find_own_balancer(const Call& call, const std::string& arn) {
  const auto* balancer = call.snapshot.find<model::LoadBalancer>(arn);
  if (balancer != nullptr && balancer->account == call.account) return balancer;
  return aws::api_error("InvalidNetworkLoadBalancerArn.NotFound",
                        fmt::format("The Network Load Balancer Arn '{}' does not exist", arn));
}

std::vector<std::string> zones_of(const model::Snapshot& snapshot, const std::vector<std::string>& balancer_arns) {
  std::set<std::string> zones;
  for (const auto& arn : balancer_arns) {
    const auto* balancer = snapshot.find<model::LoadBalancer>(arn);
    if (balancer == nullptr) continue;
    for (const auto& node : balancer->nodes) zones.insert(node.zone);
  }
  return {zones.begin(), zones.end()};
}

std::vector<const model::VpcEndpoint*> connections_of(const model::Snapshot& snapshot,
                                                      const model::EndpointService& service,
                                                      std::string_view balancer_arn) {
  std::vector<const model::VpcEndpoint*> out;
  for (const auto* endpoint : snapshot.table<model::VpcEndpoint>().referring_to(service.id)) {
    if (!is_connected(*endpoint)) continue;
    if (balancer_arn.empty() || endpoint->load_balancer == balancer_arn) out.push_back(endpoint);
  }
  return out;
}

aws::ApiError existing_connections(const std::vector<const model::VpcEndpoint*>& connections) {
  std::string list;
  for (size_t i = 0; i < std::min(connections.size(), kShownConnections); ++i) {
    list += (i == 0 ? "" : ", ") + connections[i]->id;
  }
  if (connections.size() > kShownConnections) {
    list += fmt::format(" and {} more", connections.size() - kShownConnections);
  }
  return aws::api_error("ExistingVpcEndpointConnections",
                        fmt::format("Service has existing active VPC Endpoint connections! ({})", list));
}

const model::LoadBalancer* choose_balancer(const model::Snapshot& snapshot, const model::EndpointService& service,
                                           const std::set<std::string>& zones) {
  std::vector<std::tuple<size_t, size_t, std::string, const model::LoadBalancer*>> candidates;
  for (const auto& arn : service.load_balancers) {
    const auto* balancer = snapshot.find<model::LoadBalancer>(arn);
    if (balancer == nullptr) continue;
    candidates.emplace_back(missing_zones(*balancer, zones), load(snapshot, *balancer), arn, balancer);
  }
  const auto best = std::min_element(candidates.begin(), candidates.end());
  return best == candidates.end() ? nullptr : std::get<3>(*best);
}

void narrow_zones(model::Service& service, const model::LoadBalancer& balancer) {
  auto& zones = service.zones;
  zones.erase(std::remove_if(zones.begin(), zones.end(), [&](const auto& zone) { return !stands_in(balancer, zone); }),
              zones.end());
}

}  // namespace ginnel::api
