#include "api/ec2/security_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/describe.h"
#include "api/ec2/group_store.h"
#include "api/ec2/group_text.h"
#include "api/ec2/rule_view.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::SecurityGroup;

std::string group_arn(const Call& call, const SecurityGroup& group) {
  return fmt::format("arn:{}:ec2:{}:{}:security-group/{}", call.region.partition, call.region.name, group.account,
                     group.id);
}

ec2::SecurityGroup to_wire(const Call& call, const SecurityGroup& group) {
  std::vector<const model::SecurityGroupRule*> in, out;
  for (const auto* rule : rules_of(call, group)) (rule->egress ? out : in).push_back(rule);
  ec2::SecurityGroup wire;
  wire.group_id = group.id;
  wire.ip_permissions_egress = permission_set(call, std::move(out));
  wire.tags = tag_set(call, group.id);
  wire.vpc_id = group.vpc;
  wire.security_group_arn = group_arn(call, group);
  wire.owner_id = group.account;
  wire.group_name = group.name;
  wire.description = group.description;
  wire.ip_permissions = permission_set(call, std::move(in));
  return wire;
}

aws::ApiResult<std::string> parse_name(std::string name) {
  name.erase(name.find_last_not_of(' ') + 1);
  const auto invalid = [&](std::string_view why) { return aws::invalid_value("GroupName", name, why); };
  if (name.empty()) return invalid("A security group needs a name.");
  if (!is_group_text(name)) {
    return invalid(
        fmt::format("Valid names are strings less than 256 characters from the following set: {}", kGroupTextSet));
  }
  if (name.starts_with("sg-")) return invalid("Group names may not be in the format sg-*.");
  if (name == kDefaultGroup) {
    return aws::api_error("InvalidGroup.Reserved", fmt::format("The security group '{}' is reserved", name));
  }
  return name;
}

aws::ApiResult<void> check_description(const std::string& text) {
  if (!text.empty() && is_group_text(text)) return {};
  return aws::invalid_value("GroupDescription", text,
                            fmt::format("Invalid security group description. Valid descriptions are strings less than "
                                        "256 characters from the following set: {}",
                                        kGroupTextSet));
}

// What keeps the group from being deleted.
std::vector<std::string> dependents(const Call& call, const SecurityGroup& group) {
  std::vector<std::string> ids;
  for (const auto* interface : call.snapshot.table<model::NetworkInterface>().referring_to(group.id)) {
    ids.push_back(interface->id);
  }
  for (const auto* endpoint : call.snapshot.table<model::VpcEndpoint>().referring_to(group.id)) {
    ids.push_back(endpoint->id);
  }
  for (const auto* rule : call.snapshot.table<model::SecurityGroupRule>().referring_to(group.id)) {
    if (rule->group != group.id) ids.push_back(fmt::format("{} of {}", rule->id, rule->group));
  }
  return ids;
}

std::vector<const SecurityGroup*> groups_named(const Call& call, std::string_view name) {
  auto groups = all_owned<SecurityGroup>(call);
  groups.erase(std::remove_if(groups.begin(), groups.end(), [&](const auto* group) { return group->name != name; }),
               groups.end());
  return groups;
}

}  // namespace

aws::ApiResult<const SecurityGroup*> resolve_group(const Call& call, const std::optional<std::string>& id,
                                                   const std::optional<std::string>& name) {
  if (id && name) return aws::invalid_combination("The parameters GroupId and GroupName cannot be used together.");
  if (id) return find_owned<SecurityGroup>(call, *id);
  if (!name) return aws::missing_parameter("GroupId");
  const auto groups = groups_named(call, *name);
  if (groups.empty()) return not_found(kIdForm<SecurityGroup>, *name);
  if (groups.size() == 1) return groups.front();
  return aws::invalid_value(
      "GroupName", *name,
      fmt::format("{} VPCs have a security group of this name. Please use the corresponding id.", groups.size()));
}

ActionResult<ec2::CreateSecurityGroupResponse> create_security_group(const Call& call,
                                                                     const ec2::CreateSecurityGroupRequest& request) {
  GINNEL_TRY(const std::string name, parse_name(*request.group_name));
  GINNEL_CHECKED(check_description(*request.description));
  if (!request.vpc_id) return aws::api_error("VPCIdNotSpecified", "No default VPC for this user. VpcId must be given.");
  GINNEL_TRY(const model::Vpc* vpc, find_owned<model::Vpc>(call, *request.vpc_id));
  GINNEL_TRY(const NewTags tags, NewTags::parse(request.tag_specifications, {"security-group"}));
  if (group_by_name(call, vpc->id, name) != nullptr) {
    return aws::api_error("InvalidGroup.Duplicate",
                          fmt::format("The security group '{}' already exists for VPC '{}'", name, vpc->id));
  }
  Done<ec2::CreateSecurityGroupResponse> done;
  const std::string id = put_group(call, done.change, *vpc, name, *request.description);
  tags.put(call, done.change, "security-group", id);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.group_id = id;
  done.response.tags = tag_set(call.on(later), id);
  done.response.security_group_arn = group_arn(call, *later.find<SecurityGroup>(id));
  return done;
}

aws::ApiResult<ec2::DescribeSecurityGroupsResponse> describe_security_groups(
    const Call& call, const ec2::DescribeSecurityGroupsRequest& request) {
  std::vector<std::string> ids = request.group_ids;
  for (const auto& name : request.group_names) {
    const auto groups = groups_named(call, name);
    if (groups.empty()) return not_found(kIdForm<SecurityGroup>, name);
    for (const auto* group : groups) ids.push_back(group->id);
  }
  GINNEL_TRY(const auto page, select(call, {"DescribeSecurityGroups"}, request, ids, security_group_attributes()));
  ec2::DescribeSecurityGroupsResponse response;
  for (const SecurityGroup* group : page.items) response.security_groups.push_back(to_wire(call, *group));
  response.next_token = page.next_token;
  return response;
}

ActionResult<ec2::DeleteSecurityGroupResponse> delete_security_group(const Call& call,
                                                                     const ec2::DeleteSecurityGroupRequest& request) {
  GINNEL_TRY(const SecurityGroup* group, resolve_group(call, request.group_id, request.group_name));
  if (group->name == kDefaultGroup) {
    return aws::api_error(
        "CannotDelete",
        fmt::format("the specified group: \"{}\" name: \"{}\" cannot be deleted by a user", group->id, group->name));
  }
  const auto ids = dependents(call, *group);
  if (!ids.empty()) {
    return aws::api_error("DependencyViolation",
                          fmt::format("resource {} has a dependent object ({})", group->id, fmt::join(ids, ", ")));
  }
  Done<ec2::DeleteSecurityGroupResponse> done;
  erase_group(call, done.change, *group);
  done.response.return_ = true;
  done.response.group_id = group->id;
  return done;
}

}  // namespace ginnel::api
