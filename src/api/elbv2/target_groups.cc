#include "api/elbv2/target_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "api/elbv2/arns.h"
#include "api/elbv2/errors.h"
#include "api/elbv2/health_check.h"
#include "api/elbv2/names.h"
#include "api/elbv2/pages.h"
#include "api/elbv2/tags.h"
#include "api/elbv2/usage.h"
#include "api/lookup.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::TargetGroup;

elbv2::TargetGroup to_wire(const Call& call, const TargetGroup& group) {
  elbv2::TargetGroup out;
  out.target_group_arn = group.id;
  out.target_group_name = group.name;
  out.protocol = group.protocol;
  out.port = group.port;
  out.vpc_id = group.vpc;
  out.health_check_protocol = group.health_check.protocol;
  out.health_check_port = group.health_check.port;
  out.health_check_enabled = true;
  out.health_check_interval_seconds = group.health_check.interval_s;
  out.health_check_timeout_seconds = group.health_check.timeout_s;
  out.healthy_threshold_count = group.health_check.healthy_threshold;
  out.unhealthy_threshold_count = group.health_check.unhealthy_threshold;
  if (!group.health_check.path.empty()) out.health_check_path = group.health_check.path;
  if (!group.health_check.matcher.empty()) out.matcher = elbv2::Matcher{.http_code = group.health_check.matcher};
  out.load_balancer_arns = balancers_of(call.snapshot, group);
  out.target_type = group.target_type;
  out.ip_address_type = group.ip_address_type;
  return out;
}

aws::ApiResult<TargetGroup> read_group(const Call& call, const elbv2::CreateTargetGroupRequest& request) {
  TargetGroup group;
  group.name = *request.name;
  GINNEL_CHECKED(check_elb_name("Target group", group.name));
  group.target_type = request.target_type.value_or("instance");
  if (group.target_type != "instance" && group.target_type != "ip")
    return not_supported("TargetType", group.target_type);
  group.ip_address_type = request.ip_address_type.value_or("ipv4");
  if (!request.protocol) return validation_error("A protocol must be specified (Protocol)");
  if (!request.port) return validation_error("A port must be specified (Port)");
  if (!request.vpc_id) return validation_error("A VPC ID must be specified (VpcId)");
  group.protocol = *request.protocol;
  if (group.protocol != "TCP" && group.protocol != "UDP" && group.protocol != "TCP_UDP") {
    return not_supported("Protocol", group.protocol);
  }
  GINNEL_CHECKED(check_elb_port("Port", *request.port));
  group.port = *request.port;
  const auto* vpc = call.snapshot.find<model::Vpc>(*request.vpc_id);
  if (vpc == nullptr || vpc->account != call.account) {
    return validation_error(fmt::format("The VPC ID '{}' is not found", *request.vpc_id));
  }
  group.vpc = vpc->id;
  GINNEL_TRY(group.health_check, new_health_check(request));
  return group;
}

const TargetGroup* find_named(const Call& call, std::string_view name) {
  for (const auto* group : all_owned<TargetGroup>(call)) {
    if (group->name == name) return group;
  }
  return nullptr;
}

bool same_settings(const TargetGroup& left, const TargetGroup& right) {
  const auto settings = [](const TargetGroup& group) {
    return std::tie(group.protocol, group.port, group.vpc, group.target_type, group.ip_address_type);
  };
  return settings(left) == settings(right) && left.health_check == right.health_check;
}

aws::ApiStatus check_one_choice(const elbv2::DescribeTargetGroupsRequest& request) {
  const int given = int{request.load_balancer_arn.has_value()} + int{!request.target_group_arns.empty()} +
                    int{!request.names.empty()};
  if (given <= 1) return {};
  return validation_error("Only one of LoadBalancerArn, TargetGroupArns and Names can be specified at the same time");
}

aws::ApiResult<std::vector<const TargetGroup*>> groups_of_balancer(const Call& call, const std::string& arn) {
  GINNEL_TRY(const auto* balancer, find_by_arn<model::LoadBalancer>(call, arn));
  std::vector<const TargetGroup*> out;
  for (const auto* listener : call.snapshot.table<model::Listener>().referring_to(balancer->id)) {
    const auto* group = call.snapshot.find<TargetGroup>(listener->target_group);
    if (group != nullptr) out.push_back(group);
  }
  return out;
}

aws::ApiResult<std::vector<const TargetGroup*>> wanted_ones(const Call& call,
                                                            const elbv2::DescribeTargetGroupsRequest& request) {
  GINNEL_CHECKED(check_one_choice(request));
  if (request.load_balancer_arn) return groups_of_balancer(call, *request.load_balancer_arn);
  if (request.target_group_arns.empty() && request.names.empty()) return all_owned<TargetGroup>(call);
  const auto absent = [](std::string_view which) {
    return aws::api_error("TargetGroupNotFound", fmt::format("One or more target groups not found ('{}')", which));
  };
  std::vector<const TargetGroup*> out;
  for (const auto& arn : request.target_group_arns) {
    if (!is_arn(call, kArnForm<TargetGroup>, arn)) return malformed_arn(kArnForm<TargetGroup>, arn);
    const auto found = find_by_arn<TargetGroup>(call, arn);
    if (!found) return absent(arn);
    out.push_back(*found);
  }
  for (const auto& name : request.names) {
    const auto* found = find_named(call, name);
    if (found == nullptr) return absent(name);
    out.push_back(found);
  }
  return out;
}

}  // namespace

ActionResult<elbv2::CreateTargetGroupResponse> create_target_group(const Call& call,
                                                                   const elbv2::CreateTargetGroupRequest& request) {
  GINNEL_TRY(TargetGroup group, read_group(call, request));
  GINNEL_TRY(const auto tags, parse_elb_tags(request.tags));
  Done<elbv2::CreateTargetGroupResponse> done;
  if (const auto* same = find_named(call, group.name)) {
    if (!same_settings(*same, group) || call.snapshot.tags_of(same->id) != tags) {
      return aws::api_error(
          "DuplicateTargetGroupName",
          fmt::format("A target group with the same name '{}' exists, but with different settings", group.name));
    }
    done.response.target_groups = {to_wire(call, *same)};
    return done;
  }
  if (all_owned<TargetGroup>(call).size() >= kMaxTargetGroups) {
    return aws::api_error("TooManyTargetGroups",
                          fmt::format("An account can have at most {} target groups.", kMaxTargetGroups));
  }
  group.id = target_group_arn(call, group.name);
  group.account = call.account;
  group.created = call.now_ms();
  put_elb_tags(call, done.change, group, tags);
  done.response.target_groups = {to_wire(call, group)};
  done.change.put(std::move(group));
  return done;
}

aws::ApiResult<elbv2::DescribeTargetGroupsResponse> describe_target_groups(
    const Call& call, const elbv2::DescribeTargetGroupsRequest& request) {
  GINNEL_TRY(auto found, wanted_ones(call, request));
  GINNEL_TRY(const auto page, elb_page("DescribeTargetGroups", request, std::move(found)));
  elbv2::DescribeTargetGroupsResponse response;
  for (const auto* group : page.items) response.target_groups.push_back(to_wire(call, *group));
  response.next_marker = page.next_token;
  return response;
}

ActionResult<elbv2::ModifyTargetGroupResponse> modify_target_group(const Call& call,
                                                                   const elbv2::ModifyTargetGroupRequest& request) {
  GINNEL_TRY(const auto* found, find_by_arn<TargetGroup>(call, *request.target_group_arn));
  TargetGroup group = *found;
  GINNEL_TRY(group.health_check, changed_health_check(found->health_check, request));
  Done<elbv2::ModifyTargetGroupResponse> done;
  done.response.target_groups = {to_wire(call, group)};
  if (group != *found) done.change.put(std::move(group));
  return done;
}

ActionResult<elbv2::DeleteTargetGroupResponse> delete_target_group(const Call& call,
                                                                   const elbv2::DeleteTargetGroupRequest& request) {
  const auto found = find_by_arn<TargetGroup>(call, *request.target_group_arn);
  Done<elbv2::DeleteTargetGroupResponse> done;
  if (!found && found.error().code == "TargetGroupNotFound") return done;
  GINNEL_TRY(const auto* group, found);
  const auto users = call.snapshot.table<model::Listener>().referring_to(group->id);
  if (!users.empty()) {
    return aws::api_error("ResourceInUse",
                          fmt::format("Target group '{}' is currently in use by a listener or a rule ({})", group->id,
                                      users.front()->id));
  }
  for (const auto* target : call.snapshot.table<model::Target>().referring_to(group->id)) done.change.erase(*target);
  done.change.erase(*group);
  erase_tags(call, done.change, group->id);
  return done;
}

}  // namespace ginnel::api
