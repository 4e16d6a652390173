#include "api/elbv2/target_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/elbv2/arns.h"
#include "api/elbv2/health_check.h"
#include "api/elbv2/targets.h"
#include "base/check.h"
#include "model/attributes.h"

namespace ginnel::api {
namespace {

using model::LoadBalancer;
using model::Target;
using model::TargetGroup;

elbv2::TargetHealth health(std::string_view state, std::string_view reason = {}, std::string_view description = {}) {
  elbv2::TargetHealth out;
  out.state = std::string(state);
  if (!reason.empty()) out.reason = std::string(reason);
  if (!description.empty()) out.description = std::string(description);
  return out;
}

// A target group, with the load balancers that use it and the addresses of its VPC.
class GroupView {
 public:
  GroupView(const Call& call, const TargetGroup& group) : call_(call), group_(group) {
    for (const auto* listener : call.snapshot.table<model::Listener>().referring_to(group.id)) {
      const auto* balancer = call.snapshot.find<LoadBalancer>(listener->load_balancer);
      if (balancer == nullptr) continue;
      used_ = true;
      for (const auto& node : balancer->nodes) {
        zones_.insert(node.zone);
        const auto* interface = call.snapshot.find<model::NetworkInterface>(node.interface);
        if (interface != nullptr) node_addresses_.insert(interface->address);
      }
    }
    if (group.target_type != "ip") return;
    for (const auto* subnet : call.snapshot.table<model::Subnet>().referring_to(group.vpc)) {
      const auto cidr = Cidr::parse(subnet->cidr);
      GINNEL_CHECK(cidr.has_value(), "a stored subnet has a valid CIDR block");
      subnets_.emplace_back(*cidr, subnet->zone);
    }
  }

  [[nodiscard]] elbv2::TargetHealthDescription describe(const Target& target) const {
    auto out = named(target.target, target.port);
    const std::string zone = zone_of(target);
    if (group_.target_type == "ip" && !zone.empty()) out.target->availability_zone = zone;
    out.target_health = health_of(target, zone);
    return out;
  }

  [[nodiscard]] elbv2::TargetHealthDescription describe_unknown(const std::string& id, int port) const {
    auto out = named(id, port);
    out.target_health = health("unused", "Target.NotRegistered", "Target is not registered to the target group");
    return out;
  }

 private:
  [[nodiscard]] elbv2::TargetHealthDescription named(const std::string& id, int port) const {
    elbv2::TargetHealthDescription out;
    out.target = elbv2::TargetDescription{.id = id, .port = port};
    const auto& check = group_.health_check.port;
    out.health_check_port = check == kTrafficPort ? fmt::to_string(port) : check;
    return out;
  }

  // As registered, else where its address is.
  [[nodiscard]] std::string zone_of(const Target& target) const {
    if (!target.zone.empty()) return target.zone;
    if (group_.target_type == "instance") {
      const auto* instance = call_.snapshot.find<model::Instance>(target.target);
      const auto* subnet = instance == nullptr ? nullptr : call_.snapshot.find<model::Subnet>(instance->subnet);
      return subnet == nullptr ? std::string() : subnet->zone;
    }
    const auto address = IpAddress::parse(target.target);
    for (const auto& [cidr, zone] : subnets_) {
      if (address && cidr.contains(*address)) return zone;
    }
    return {};
  }

  [[nodiscard]] elbv2::TargetHealth health_of(const Target& target, const std::string& zone) const {
    if (target.deregistered != 0) {
      return health("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress");
    }
    if (auto dead = dead_instance(target)) return *dead;
    if (!used_) {
      return health("unused", "Target.NotInUse",
                    "Target group is not configured to receive traffic from the load balancer");
    }
    if (node_addresses_.contains(target.target)) {
      return health("unused", "Target.IpUnusable", "The target IP address is reserved for use by a load balancer");
    }
    if (zone != "all" && !zone.empty() && !zones_.contains(zone)) {
      return health("unused", "Target.NotInUse",
                    "Target is in an Availability Zone that is not enabled for the load balancer");
    }
    return found(target);
  }

  [[nodiscard]] std::optional<elbv2::TargetHealth> dead_instance(const Target& target) const {
    if (group_.target_type != "instance") return std::nullopt;
    const auto* instance = call_.snapshot.find<model::Instance>(target.target);
    const std::string state = instance == nullptr ? "terminated" : instance->state;
    if (state == "pending" || state == "running") return std::nullopt;
    return health("unused", "Target.InvalidState", fmt::format("Target is in the {} state", state));
  }

  // What the probes say.
  [[nodiscard]] elbv2::TargetHealth found(const Target& target) const {
    if (target.health == "healthy") return health("healthy");
    if (target.health == "initial") {
      const bool registering = target.reason == "Elb.RegistrationInProgress";
      return registering ? health("initial", target.reason, "Target registration is in progress")
                         : health("initial", "Elb.InitialHealthChecking", "Initial health checks in progress");
    }
    if (target.health != "unhealthy") {
      return health("unavailable", "Elb.InternalError", "Target health is unavailable due to an internal error");
    }
    const bool drains = !model::terminates_unhealthy(group_) &&
                        target.health_changed + model::unhealthy_draining_ms(group_) > call_.now_ms();
    return health(drains ? "unhealthy.draining" : "unhealthy",
                  target.reason.empty() ? "Target.FailedHealthChecks" : target.reason, description_of(target));
  }

  [[nodiscard]] static std::string description_of(const Target& target) {
    if (!target.description.empty()) return target.description;
    if (target.reason == "Target.Timeout") return "Request timed out";
    return "Health checks failed";
  }

  const Call& call_;
  const TargetGroup& group_;
  bool used_ = false;
  std::set<std::string, std::less<>> zones_, node_addresses_;
  std::vector<std::pair<Cidr, std::string>> subnets_;
};

}  // namespace

aws::ApiResult<elbv2::DescribeTargetHealthResponse> describe_target_health(
    const Call& call, const elbv2::DescribeTargetHealthRequest& request) {
  GINNEL_TRY(const auto* group, find_by_arn<TargetGroup>(call, *request.target_group_arn));
  const GroupView view(call, *group);
  const auto registered = call.snapshot.table<Target>().referring_to(group->id);
  elbv2::DescribeTargetHealthResponse response;
  if (request.targets.empty()) {
    for (const auto* target : registered) response.target_health_descriptions.push_back(view.describe(*target));
    return response;
  }
  for (const auto& wanted : request.targets) {
    bool any = false;
    for (const auto* target : registered) {
      if (target->target != *wanted.id || (wanted.port && target->port != *wanted.port)) continue;
      any = true;
      response.target_health_descriptions.push_back(view.describe(*target));
    }
    if (any) continue;
    response.target_health_descriptions.push_back(view.describe_unknown(*wanted.id, wanted.port.value_or(group->port)));
  }
  return response;
}

}  // namespace ginnel::api
