#include "api/elbv2/account_limits.h"

#include <fmt/format.h>

#include "api/elbv2/arns.h"
#include "api/elbv2/listeners.h"
#include "api/elbv2/load_balancers.h"
#include "api/elbv2/pages.h"
#include "api/elbv2/target_groups.h"
#include "api/elbv2/usage.h"

namespace ginnel::api {

aws::ApiResult<elbv2::DescribeAccountLimitsResponse> describe_account_limits(
    const Call&, const elbv2::DescribeAccountLimitsRequest& request) {
  std::vector<elbv2::Limit> limits;
  const auto add = [&](const char* name, size_t most) {
    limits.push_back({.name = name, .max = fmt::to_string(most)});
  };
  add("listeners-per-network-load-balancer", kMaxListeners);
  add("network-load-balancers", kMaxLoadBalancers);
  add("target-groups", kMaxTargetGroups);
  add("target-groups-per-action-on-network-load-balancer", 1);
  add("targets-per-network-load-balancer", kMaxTargets);
  const aws::PageForm form{"DescribeAccountLimits", 1, kMaxElbPage, false, "PageSize", "Marker", aws::Protocol::kQuery};
  GINNEL_TRY(auto page, aws::paginate(form, {request.page_size, request.marker}, std::move(limits),
                                      [](const elbv2::Limit& limit) { return *limit.name; }));
  elbv2::DescribeAccountLimitsResponse response;
  response.limits = std::move(page.items);
  response.next_marker = page.next_token;
  return response;
}

aws::ApiResult<elbv2::DescribeCapacityReservationResponse> describe_capacity_reservation(
    const Call& call, const elbv2::DescribeCapacityReservationRequest& request) {
  GINNEL_CHECKED(find_by_arn<model::LoadBalancer>(call, *request.load_balancer_arn));
  return elbv2::DescribeCapacityReservationResponse{};
}

}  // namespace ginnel::api
