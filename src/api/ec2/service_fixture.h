// For the unit tests of endpoint services: kOtherAccount provides, kAccount consumes.
#pragma once

#include <string>
#include <vector>

#include "api/ec2/delete_vpc_endpoints.h"
#include "api/ec2/endpoint_fixture.h"
#include "api/ec2/service_configurations.h"
#include "api/ec2/service_connections.h"
#include "api/ec2/service_permissions.h"

namespace ginnel::api {

inline constexpr const char* kZoneA = "ap-northeast-1a";
inline constexpr const char* kZoneC = "ap-northeast-1c";
inline constexpr const char* kBalancer =
    "arn:aws:elasticloadbalancing:ap-northeast-1:444455556666:loadbalancer/net/a/1";
inline constexpr const char* kSecondBalancer =
    "arn:aws:elasticloadbalancing:ap-northeast-1:444455556666:loadbalancer/net/b/2";

class ServiceFixture : public EndpointFixture {
 protected:
  ServiceFixture() { put_balancer(kBalancer, {kZoneA, kZoneC}); }

  void put_balancer(const char* arn, const std::vector<std::string>& zones, const char* account = kOtherAccount) {
    model::LoadBalancer balancer;
    balancer.id = arn;
    balancer.account = account;
    balancer.vpc = kOtherVpc;
    balancer.state = "active";
    for (const auto& zone : zones) balancer.nodes.push_back({.subnet = "subnet-" + zone, .zone = zone});
    model::Change change;
    change.put(balancer);
    commit(change);
  }
  // Offered to kAccount; the service's id.
  std::string offer(ec2::CreateVpcEndpointServiceConfigurationRequest wanted = {}) {
    if (wanted.network_load_balancer_arns.empty()) wanted.network_load_balancer_arns = {kBalancer};
    const auto id = *run(create_service_configuration, wanted, kOtherAccount).service_configuration->service_id;
    allow(id, "arn:aws:iam::111122223333:root");
    return id;
  }
  void allow(const std::string& service, const std::string& principal) {
    run(modify_service_permissions, {.service_id = service, .add_allowed_principals = {principal}}, kOtherAccount);
  }
  static ec2::CreateVpcEndpointRequest to_service(const std::string& service, std::vector<std::string> subnets) {
    auto out = request("x", std::move(subnets));
    out.service_name = "com.amazonaws.vpce.ap-northeast-1." + service;
    return out;
  }
  std::string connect(const std::string& service, std::vector<std::string> subnets = {kSubnetA}) {
    return *run(create_vpc_endpoint, to_service(service, std::move(subnets))).vpc_endpoint->vpc_endpoint_id;
  }
  std::string state_of(const std::string& endpoint) { return snapshot.find<model::VpcEndpoint>(endpoint)->state; }
  const model::EndpointService& stored(const std::string& id) { return *snapshot.find<model::EndpointService>(id); }

  // "ID CODE" of the unsuccessful items.
  template <typename Response>
  static std::vector<std::string> failures(const Response& response) {
    std::vector<std::string> out;
    for (const auto& item : response.unsuccessful) out.push_back(*item.resource_id + " " + *item.error->code);
    return out;
  }
  std::vector<std::string> accept(const std::string& service, std::vector<std::string> endpoints) {
    return failures(
        run(accept_connections, {.service_id = service, .vpc_endpoint_ids = std::move(endpoints)}, kOtherAccount));
  }
  std::vector<std::string> reject(const std::string& service, std::vector<std::string> endpoints) {
    return failures(
        run(reject_connections, {.service_id = service, .vpc_endpoint_ids = std::move(endpoints)}, kOtherAccount));
  }
  void set_private_dns(const std::string& service, const std::string& state) {
    auto next = stored(service);
    next.private_dns_state = state;
    model::Change change;
    change.put(next);
    commit(change);
  }
};

}  // namespace ginnel::api
