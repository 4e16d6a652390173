#include "api/elbv2/balancer_groups.h"

#include "api/ec2/interface_groups.h"

namespace ginnel::api {

aws::ApiResult<std::vector<std::string>> resolve_balancer_groups(const Call& call, const std::string& vpc_id,
                                                                 const std::vector<std::string>& wanted) {
  if (wanted.empty()) return std::vector<std::string>{};
  auto groups = resolve_groups(call, vpc_id, wanted);
  if (groups) return groups;
  const bool too_many = groups.error().code == "SecurityGroupsPerInterfaceLimitExceeded";
  return aws::api_error(too_many ? "InvalidConfigurationRequest" : "InvalidSecurityGroup", groups.error().message);
}

}  // namespace ginnel::api
