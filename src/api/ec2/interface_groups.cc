#include "api/ec2/interface_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/rules_in_force.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

aws::ApiResult<std::vector<std::string>> default_group(const Call& call, const std::string& vpc_id) {
  for (const auto* group : call.snapshot.table<model::SecurityGroup>().referring_to(vpc_id)) {
    if (group->name == "default") return std::vector<std::string>{group->id};
  }
  return aws::api_error("InvalidGroup.NotFound", fmt::format("The VPC '{}' has no default security group.", vpc_id));
}

}  // namespace

aws::ApiResult<std::vector<std::string>> resolve_groups(const Call& call, const std::string& vpc_id,
                                                        const std::vector<std::string>& wanted) {
  if (wanted.empty()) return default_group(call, vpc_id);
  std::vector<std::string> out;
  for (const auto& id : wanted) {
    GINNEL_TRY(const auto* group, find_owned<model::SecurityGroup>(call, id));
    if (group->vpc != vpc_id) {
      return aws::api_error("InvalidParameter", fmt::format("Security group {} does not belong to VPC {}", id, vpc_id));
    }
    if (std::find(out.begin(), out.end(), id) == out.end()) out.push_back(id);
  }
  GINNEL_CHECKED(check_groups_together(call, out));
  return out;
}

std::vector<ec2::GroupIdentifier> group_set(const Call& call, const std::vector<std::string>& ids) {
  const auto names = group_names(call, ids);
  std::vector<ec2::GroupIdentifier> out;
  for (size_t i = 0; i < ids.size(); ++i) out.push_back({.group_id = ids[i], .group_name = names[i]});
  return out;
}

std::vector<std::string> group_names(const Call& call, const std::vector<std::string>& ids) {
  std::vector<std::string> out;
  for (const auto& id : ids) {
    const auto* group = call.snapshot.find<model::SecurityGroup>(id);
    out.push_back(group != nullptr ? group->name : std::string());
  }
  return out;
}

}  // namespace ginnel::api
