#include "api/elbv2/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/counter.h"
#include "api/elbv2/arns.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/usage.h"
#include "api/lookup.h"
#include "base/check.h"
#include "model/attributes.h"

namespace ginnel::api {
namespace {

using model::Target;
using model::TargetGroup;

aws::ApiError invalid_target(std::string_view text) { return aws::api_error("InvalidTarget", text); }

bool in_use(const Call& call, const TargetGroup& group) {
  return call.snapshot.table<model::Listener>().any_referring_to(group.id);
}

aws::ApiStatus check_instance(const Call& call, const TargetGroup& group, const elbv2::TargetDescription& wanted) {
  const std::string& id = *wanted.id;
  if (!is_resource_id(id, "i")) return validation_error(fmt::format("Instance ID '{}' is not valid", id));
  if (wanted.availability_zone) {
    return validation_error(fmt::format("You cannot specify an Availability Zone ('{}') for the instance target '{}'",
                                        *wanted.availability_zone, id));
  }
  const auto* instance = call.snapshot.find<model::Instance>(id);
  if (instance == nullptr || instance->account != call.account) {
    return invalid_target(fmt::format("The following targets do not exist: '{}'", id));
  }
  if (instance->state != "pending" && instance->state != "running") {
    return invalid_target(
        fmt::format("The following targets are not in a running state and cannot be registered: '{}'", id));
  }
  if (instance->vpc != group.vpc) {
    return invalid_target(
        fmt::format("The following targets are not in the target group VPC '{}': '{}'", group.vpc, id));
  }
  if (group.ip_address_type == "ipv4") return {};
  const auto* interface = call.snapshot.find<model::NetworkInterface>(instance->interface);
  if (interface == nullptr || interface->address6.empty()) {
    return invalid_target(fmt::format("The following targets do not have an IPv6 address: '{}'", id));
  }
  return {};
}

// The subnet that has the address; nullptr where none has.
const model::Subnet* subnet_of(const Call& call, const TargetGroup& group, const IpAddress& address) {
  for (const auto* subnet : call.snapshot.table<model::Subnet>().referring_to(group.vpc)) {
    const auto& block = address.is_v4() ? subnet->cidr : subnet->ipv6_cidr;
    if (!block.empty() && Cidr::parse(block)->contains(address)) return subnet;
  }
  return nullptr;
}

std::vector<std::string> blocks_of(const model::Vpc& vpc, bool v4) {
  if (v4) return {vpc.cidr};
  std::vector<std::string> out;
  for (const auto& block : vpc.ipv6_blocks) out.push_back(block.cidr);
  return out;
}

aws::ApiStatus check_address(const Call& call, const TargetGroup& group, const elbv2::TargetDescription& wanted) {
  const std::string& text = *wanted.id;
  const auto address = IpAddress::parse(text);
  const bool v4 = group.ip_address_type == "ipv4";
  if (!address || address->is_v4() != v4 || address->to_string() != text) {
    return validation_error(fmt::format("The IP address '{}' is not a valid {} address", text, v4 ? "IPv4" : "IPv6"));
  }
  const auto* vpc = call.snapshot.find<model::Vpc>(group.vpc);
  GINNEL_CHECK(vpc != nullptr, "a stored target group has its VPC");
  const auto blocks = blocks_of(*vpc, v4);
  const auto holds = [&](const std::string& block) { return Cidr::parse(block)->contains(*address); };
  if (std::none_of(blocks.begin(), blocks.end(), holds)) {
    return validation_error(
        fmt::format("The IP address '{}' is not within the CIDR block '{}' of the target group VPC '{}'", text,
                    fmt::join(blocks, ", "), vpc->id));
  }
  const std::string zone = wanted.availability_zone.value_or("");
  if (zone.empty() || zone == "all") return {};
  const auto* known = call.region.zone(zone);
  if (known == nullptr || known->name != zone) {
    return validation_error(fmt::format("The Availability Zone '{}' (of target '{}') is not valid", zone, text));
  }
  const auto* subnet = subnet_of(call, group, *address);
  if (subnet == nullptr || subnet->zone == zone) return {};
  return validation_error(
      fmt::format("The Availability Zone '{}' is not that of the target '{}', which is in '{}' ({})", zone, text,
                  subnet->zone, subnet->id));
}

aws::ApiResult<Target> read_target(const Call& call, const TargetGroup& group, const elbv2::TargetDescription& wanted) {
  const int port = wanted.port.value_or(group.port);
  GINNEL_CHECKED(check_elb_port("Targets.member.Port", port));
  GINNEL_CHECKED(group.target_type == "instance" ? check_instance(call, group, wanted)
                                                 : check_address(call, group, wanted));
  Target target;
  target.id = target_key(group, *wanted.id, port);
  target.group = group.id;
  target.target = *wanted.id;
  target.port = port;
  target.zone = wanted.availability_zone.value_or("");
  return target;
}

void reset_health(const Call& call, Target& target) {
  target.health = "initial";
  target.reason = "Elb.RegistrationInProgress";
  target.description = "Target registration is in progress";
  target.health_changed = call.now_ms();
}

aws::ApiStatus check_counts(const Call& call, const TargetGroup& group, size_t coming) {
  const size_t count = call.snapshot.table<Target>().referring_to(group.id).size() + coming;
  if (count > kMaxTargets) {
    return aws::api_error("TooManyTargets",
                          fmt::format("The target group '{}' can have at most {} targets, and would have {}.", group.id,
                                      kMaxTargets, count));
  }
  for (const auto& balancer : balancers_of(call.snapshot, group)) {
    GINNEL_CHECKED(check_target_count(call.snapshot, balancer, coming));
  }
  return {};
}

}  // namespace

std::string target_key(const TargetGroup& group, std::string_view target, int port) {
  return fmt::format("{}|{}:{}", group.id, target, port);
}

ActionResult<elbv2::RegisterTargetsResponse> register_targets(const Call& call,
                                                              const elbv2::RegisterTargetsRequest& request) {
  GINNEL_TRY(const auto* group, find_by_arn<TargetGroup>(call, *request.target_group_arn));
  if (request.targets.empty()) return missing("Targets");
  std::map<std::string, Target> wanted;
  for (const auto& description : request.targets) {
    GINNEL_TRY(Target target, read_target(call, *group, description));
    wanted.insert_or_assign(target.id, std::move(target));
  }
  Done<elbv2::RegisterTargetsResponse> done;
  size_t coming = 0;
  for (auto& [id, target] : wanted) {
    const auto* old = call.snapshot.find<Target>(id);
    if (old != nullptr && old->deregistered == 0) {
      if (old->zone == target.zone) continue;
      Target moved = *old;
      moved.zone = target.zone;
      done.change.put(std::move(moved));
      continue;
    }
    if (old == nullptr) ++coming;
    target.number = next_number(call.snapshot, done.change, "target");
    target.created = call.now_ms();
    reset_health(call, target);
    done.change.put(std::move(target));
  }
  GINNEL_CHECKED(check_counts(call, *group, coming));
  return done;
}

ActionResult<elbv2::DeregisterTargetsResponse> deregister_targets(const Call& call,
                                                                  const elbv2::DeregisterTargetsRequest& request) {
  GINNEL_TRY(const auto* group, find_by_arn<TargetGroup>(call, *request.target_group_arn));
  if (request.targets.empty()) return missing("Targets");
  const bool drains = in_use(call, *group) && model::deregistration_delay_ms(*group) > 0;
  Done<elbv2::DeregisterTargetsResponse> done;
  std::set<std::string> seen;
  for (const auto& wanted : request.targets) {
    const auto* target = call.snapshot.find<Target>(target_key(*group, *wanted.id, wanted.port.value_or(group->port)));
    if (target == nullptr || target->deregistered != 0 || !seen.insert(target->id).second) continue;
    if (!drains) {
      done.change.erase(*target);
      continue;
    }
    Target next = *target;
    next.deregistered = call.now_ms();
    done.change.put(std::move(next));
  }
  return done;
}

void begin_checks(const Call& call, const TargetGroup& group, model::Change& change) {
  if (in_use(call, group)) return;
  for (const auto* target : call.snapshot.table<Target>().referring_to(group.id)) {
    if (target->deregistered != 0) continue;
    Target next = *target;
    reset_health(call, next);
    if (next != *target) change.put(std::move(next));
  }
}

}  // namespace ginnel::api
