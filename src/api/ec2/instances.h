// DescribeInstances, and instances in other answers.
#pragma once

#include "api/call.h"
#include "api/filters.h"
#include "generated/ec2.h"

namespace ginnel::api {

aws::ApiResult<ec2::DescribeInstancesResponse> describe_instances(const Call& call,
                                                                  const ec2::DescribeInstancesRequest& request);

// Code and name of a state, for example 16 and "running".
[[nodiscard]] ec2::InstanceState instance_state(std::string_view name);
// Why it is in its state; empty while it lives.
[[nodiscard]] std::string transition_reason(const model::Instance& instance);
[[nodiscard]] ec2::Instance to_wire(const Call& call, const model::Instance& instance);
[[nodiscard]] ec2::Reservation reservation_of(const Call& call, const std::vector<const model::Instance*>& instances);

// Filters of DescribeInstances.
[[nodiscard]] const Attributes<model::Instance>& instance_attributes();

}  // namespace ginnel::api
