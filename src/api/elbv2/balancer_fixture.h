// For the unit tests of ELBv2 actions: what most of them need first, made by the actions themselves.
#pragma once

#include "api/ec2/region_fixture.h"
#include "api/elbv2/attributes.h"
#include "api/elbv2/listeners.h"
#include "api/elbv2/load_balancers.h"
#include "api/elbv2/target_groups.h"
#include "api/elbv2/target_health.h"
#include "api/elbv2/targets.h"

namespace ginnel::api {

class BalancerFixture : public RegionFixture {
 protected:
  static elbv2::CreateLoadBalancerRequest balancer_request(const char* name = "web") {
    elbv2::CreateLoadBalancerRequest request;
    request.name = name;
    request.type = "network";
    request.scheme = "internal";
    request.subnets = {kSubnetA, kSubnetC};
    return request;
  }
  static elbv2::CreateTargetGroupRequest group_request(const char* name = "pool") {
    elbv2::CreateTargetGroupRequest request;
    request.name = name;
    request.protocol = "TCP";
    request.port = 80;
    request.vpc_id = kVpc;
    request.target_type = "ip";
    return request;
  }
  static elbv2::CreateListenerRequest listener_request(const std::string& balancer, const std::string& group,
                                                       int port = 80) {
    elbv2::CreateListenerRequest request;
    request.load_balancer_arn = balancer;
    request.protocol = "TCP";
    request.port = port;
    request.default_actions = {{.type = "forward", .target_group_arn = group}};
    return request;
  }

  // Each gives the ARN.
  std::string make_balancer(const char* name = "web") {
    return *run(create_load_balancer, balancer_request(name)).load_balancers.at(0).load_balancer_arn;
  }
  std::string make_group(const elbv2::CreateTargetGroupRequest& request = group_request()) {
    return *run(create_target_group, request).target_groups.at(0).target_group_arn;
  }
  std::string make_listener(const std::string& balancer, const std::string& group, int port = 80) {
    return *run(create_listener, listener_request(balancer, group, port)).listeners.at(0).listener_arn;
  }
  void add_target(const std::string& group, const std::string& id, std::optional<int> port = std::nullopt) {
    run(register_targets, {.target_group_arn = group, .targets = {{.id = id, .port = port}}});
  }
  void drop_target(const std::string& group, const std::string& id) {
    run(deregister_targets, {.target_group_arn = group, .targets = {{.id = id}}});
  }
  void set_attribute(const std::string& group, const char* key, const char* value) {
    run(modify_target_group_attributes, {.target_group_arn = group, .attributes = {{.key = key, .value = value}}});
  }
  // "STATE REASON" of each target.
  std::vector<std::string> health_of(const std::string& group) {
    std::vector<std::string> out;
    for (const auto& one : run(describe_target_health, {.target_group_arn = group}).target_health_descriptions) {
      const auto& health = *one.target_health;
      out.push_back(*health.state + (health.reason ? " " + *health.reason : ""));
    }
    return out;
  }
  // As if the probes had found this out about every target of the group.
  void find_out(const std::string& group, const std::string& health, const std::string& reason = "") {
    model::Change change;
    for (const auto* target : snapshot.table<model::Target>().referring_to(group)) {
      model::Target next = *target;
      next.health = health;
      next.reason = reason;
      next.description.clear();
      next.health_changed = now.time_since_epoch().count();
      change.put(std::move(next));
    }
    commit(change);
  }
  void put_instance(const char* id, const char* vpc = kVpc, const char* subnet = kSubnetA,
                    const char* state = "running") {
    model::Change change;
    model::Instance instance;
    instance.id = id;
    instance.account = kAccount;
    instance.vpc = vpc;
    instance.subnet = subnet;
    instance.state = state;
    change.put(std::move(instance));
    commit(change);
  }
};

}  // namespace ginnel::api
