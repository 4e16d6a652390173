// ELBv2 CreateLoadBalancer, DescribeLoadBalancers, DeleteLoadBalancer: network load balancers of internal scheme.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// Quota of an account.
inline constexpr size_t kMaxLoadBalancers = 50;

// A second call with the same name and the same settings gets the same load balancer.
ActionResult<elbv2::CreateLoadBalancerResponse> create_load_balancer(const Call& call,
                                                                     const elbv2::CreateLoadBalancerRequest& request);
aws::ApiResult<elbv2::DescribeLoadBalancersResponse> describe_load_balancers(
    const Call& call, const elbv2::DescribeLoadBalancersRequest& request);
// With its listeners and interfaces, in one change. One that is not there (any more) is no error.
ActionResult<elbv2::DeleteLoadBalancerResponse> delete_load_balancer(const Call& call,
                                                                     const elbv2::DeleteLoadBalancerRequest& request);

[[nodiscard]] elbv2::LoadBalancer to_wire(const Call& call, const model::LoadBalancer& balancer);

}  // namespace ginnel::api
