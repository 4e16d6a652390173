#include "api/elbv2/listeners.h"

#include <fmt/format.h>

#include "api/counter.h"
#include "api/elbv2/arns.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/pages.h"
#include "api/elbv2/tags.h"
#include "api/elbv2/target_families.h"
#include "api/elbv2/targets.h"
#include "api/elbv2/usage.h"
#include "api/tags.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

using model::Listener;
using model::LoadBalancer;
using model::TargetGroup;

elbv2::Listener to_wire(const Listener& listener) {
  elbv2::Action action;
  action.type = "forward";
  action.target_group_arn = listener.target_group;
  action.order = 1;
  action.forward_config = elbv2::ForwardActionConfig{};
  action.forward_config->target_groups = {{.target_group_arn = listener.target_group, .weight = 1}};
  action.forward_config->target_group_stickiness_config = elbv2::TargetGroupStickinessConfig{.enabled = false};
  elbv2::Listener out;
  out.listener_arn = listener.id;
  out.load_balancer_arn = listener.load_balancer;
  out.port = listener.port;
  out.protocol = listener.protocol;
  out.default_actions = {action};
  return out;
}

// The one target group that the actions forward to; it may be named in either place, or in both.
aws::ApiResult<std::string> read_actions(const std::vector<elbv2::Action>& actions) {
  if (actions.size() != 1) {
    return aws::api_error("TooManyActions", fmt::format("A listener of a network load balancer has exactly one action "
                                                        "(DefaultActions), the request has {}",
                                                        actions.size()));
  }
  const auto& action = actions.front();
  if (*action.type != "forward") {
    return aws::api_error("InvalidLoadBalancerAction",
                          fmt::format("Value ({}) for parameter DefaultActions.member.1.Type is invalid. Listeners of "
                                      "network load balancers support the action forward only.",
                                      *action.type));
  }
  std::optional<std::string> arn = action.target_group_arn;
  if (action.forward_config) {
    const auto& groups = action.forward_config->target_groups;
    if (groups.size() > 1) {
      return aws::api_error("TooManyUniqueTargetGroupsPerLoadBalancer",
                            fmt::format("A listener forwards to exactly one target group, ForwardConfig.TargetGroups "
                                        "names {}",
                                        groups.size()));
    }
    const auto other = groups.empty() ? std::nullopt : groups.front().target_group_arn;
    if (arn && other && *arn != *other) {
      return validation_error(
          fmt::format("TargetGroupArn '{}' and the target group of ForwardConfig '{}' must be the same", *arn, *other));
    }
    if (!arn) arn = other;
  }
  if (!arn) return missing("DefaultActions.member.1.TargetGroupArn");
  return *arn;
}

aws::ApiStatus check_protocol(const std::string& protocol) {
  if (protocol == "TCP" || protocol == "UDP" || protocol == "TCP_UDP") return {};
  return not_supported("Protocol", protocol);
}

// A group with both protocols serves listeners of any.
aws::ApiStatus check_compatible(const Listener& listener, const TargetGroup& group) {
  if (group.protocol == listener.protocol || group.protocol == "TCP_UDP") return {};
  return aws::api_error(
      "IncompatibleProtocols",
      fmt::format("The target group '{}' with protocol '{}' cannot be used by a listener with protocol "
                  "'{}'",
                  group.id, group.protocol, listener.protocol));
}

aws::ApiResult<const TargetGroup*> check_group(const Call& call, const Listener& listener,
                                               const LoadBalancer& balancer) {
  GINNEL_TRY(const auto* group, find_by_arn<TargetGroup>(call, listener.target_group));
  GINNEL_CHECKED(check_compatible(listener, *group));
  if (group->vpc != balancer.vpc) {
    return bad_configuration(
        fmt::format("The target group '{}' ({}) and the load balancer '{}' ({}) have different VPCs", group->id,
                    group->vpc, balancer.id, balancer.vpc));
  }
  GINNEL_CHECKED(check_families(*group, balancer));
  for (const auto& arn : balancers_of(call.snapshot, *group)) {
    if (arn == balancer.id) continue;
    return aws::api_error("TargetGroupAssociationLimit",
                          fmt::format("The following target groups cannot be associated with more than one load "
                                      "balancer: {} (it is with {})",
                                      group->id, arn));
  }
  const size_t coming = call.snapshot.table<model::Target>().referring_to(group->id).size();
  GINNEL_CHECKED(check_target_count(call.snapshot, balancer.id, coming, group->id));
  return group;
}

const Listener* listener_at(const Call& call, const LoadBalancer& balancer, int port) {
  for (const auto* listener : call.snapshot.table<Listener>().referring_to(balancer.id)) {
    if (listener->port == port) return listener;
  }
  return nullptr;
}

aws::ApiError taken(const LoadBalancer& balancer, int port) {
  return aws::api_error("DuplicateListener", fmt::format("A listener already exists on this port ({}) for this load "
                                                         "balancer '{}'",
                                                         port, balancer.id));
}

aws::ApiResult<std::vector<const Listener*>> wanted_ones(const Call& call,
                                                         const elbv2::DescribeListenersRequest& request) {
  if (request.load_balancer_arn.has_value() == !request.listener_arns.empty()) {
    return validation_error("You must specify either listener ARNs or a load balancer ARN");
  }
  if (request.load_balancer_arn) {
    GINNEL_TRY(const auto* balancer, find_by_arn<LoadBalancer>(call, *request.load_balancer_arn));
    return call.snapshot.table<Listener>().referring_to(balancer->id);
  }
  std::vector<const Listener*> out;
  for (const auto& arn : request.listener_arns) {
    if (!is_arn(call, kArnForm<Listener>, arn)) return malformed_arn(kArnForm<Listener>, arn);
    const auto found = find_by_arn<Listener>(call, arn);
    if (!found) return aws::api_error("ListenerNotFound", fmt::format("One or more listeners not found ('{}')", arn));
    out.push_back(*found);
  }
  return out;
}

}  // namespace

ActionResult<elbv2::CreateListenerResponse> create_listener(const Call& call,
                                                            const elbv2::CreateListenerRequest& request) {
  GINNEL_TRY(const auto* balancer, find_by_arn<LoadBalancer>(call, *request.load_balancer_arn));
  if (!request.protocol) return validation_error("A protocol must be specified (Protocol)");
  if (!request.port) return validation_error("A port must be specified (Port)");
  Listener listener;
  listener.protocol = *request.protocol;
  listener.port = *request.port;
  listener.load_balancer = balancer->id;
  GINNEL_CHECKED(check_protocol(listener.protocol));
  GINNEL_CHECKED(check_elb_port("Port", listener.port));
  GINNEL_TRY(listener.target_group, read_actions(request.default_actions));
  GINNEL_TRY(const auto tags, parse_elb_tags(request.tags));
  GINNEL_TRY(const auto* group, check_group(call, listener, *balancer));
  Done<elbv2::CreateListenerResponse> done;
  if (const auto* there = listener_at(call, *balancer, listener.port)) {
    const bool same = there->protocol == listener.protocol && there->target_group == listener.target_group &&
                      call.snapshot.tags_of(there->id) == tags;
    if (!same) return taken(*balancer, listener.port);
    done.response.listeners = {to_wire(*there)};
    return done;
  }
  if (call.snapshot.table<Listener>().referring_to(balancer->id).size() >= kMaxListeners) {
    return aws::api_error(
        "TooManyListeners",
        fmt::format("The load balancer '{}' has the maximum number of listeners ({}).", balancer->id, kMaxListeners));
  }
  listener.id = listener_arn(call, *balancer);
  listener.account = call.account;
  listener.number = next_number(call.snapshot, done.change, "listener");
  if (listener.number > model::kMaxListenerNumber) {
    return aws::api_error("TooManyListeners", "The region has given out all numbers of listeners.");
  }
  listener.created = call.now_ms();
  begin_checks(call, *group, done.change);
  put_elb_tags(call, done.change, listener, tags);
  done.response.listeners = {to_wire(listener)};
  done.change.put(std::move(listener));
  return done;
}

aws::ApiResult<elbv2::DescribeListenersResponse> describe_listeners(const Call& call,
                                                                    const elbv2::DescribeListenersRequest& request) {
  GINNEL_TRY(auto found, wanted_ones(call, request));
  GINNEL_TRY(const auto page, elb_page("DescribeListeners", request, std::move(found)));
  elbv2::DescribeListenersResponse response;
  for (const auto* listener : page.items) response.listeners.push_back(to_wire(*listener));
  response.next_marker = page.next_token;
  return response;
}

ActionResult<elbv2::ModifyListenerResponse> modify_listener(const Call& call,
                                                            const elbv2::ModifyListenerRequest& request) {
  GINNEL_TRY(const auto* found, find_by_arn<Listener>(call, *request.listener_arn));
  const auto* balancer = call.snapshot.find<LoadBalancer>(found->load_balancer);
  if (balancer == nullptr) return arn_not_found(kArnForm<LoadBalancer>, found->load_balancer);
  Listener listener = *found;
  listener.protocol = request.protocol.value_or(found->protocol);
  listener.port = request.port.value_or(found->port);
  GINNEL_CHECKED(check_protocol(listener.protocol));
  GINNEL_CHECKED(check_elb_port("Port", listener.port));
  if (!request.default_actions.empty()) {
    GINNEL_TRY(listener.target_group, read_actions(request.default_actions));
  }
  if (listener.protocol == "UDP") listener.attributes.clear();  // it has none
  GINNEL_TRY(const auto* group, check_group(call, listener, *balancer));
  const auto* there = listener_at(call, *balancer, listener.port);
  if (there != nullptr && there->id != listener.id) return taken(*balancer, listener.port);
  Done<elbv2::ModifyListenerResponse> done;
  if (listener.target_group != found->target_group) begin_checks(call, *group, done.change);
  done.response.listeners = {to_wire(listener)};
  if (listener != *found) done.change.put(std::move(listener));
  return done;
}

ActionResult<elbv2::DeleteListenerResponse> delete_listener(const Call& call,
                                                            const elbv2::DeleteListenerRequest& request) {
  GINNEL_TRY(const auto* listener, find_by_arn<Listener>(call, *request.listener_arn));
  Done<elbv2::DeleteListenerResponse> done;
  done.change.erase(*listener);
  erase_tags(call, done.change, listener->id);
  return done;
}

}  // namespace ginnel::api
