#include "api/elbv2/actions.h"

#include "api/elbv2/account_limits.h"
#include "api/elbv2/attributes.h"
#include "api/elbv2/listeners.h"
#include "api/elbv2/load_balancers.h"
#include "api/elbv2/set_load_balancer.h"
#include "api/elbv2/tags.h"
#include "api/elbv2/target_groups.h"
#include "api/elbv2/target_health.h"
#include "api/elbv2/targets.h"

namespace ginnel::api {

void add_elbv2_actions(ActionTable& table) {
  table.add<elbv2::CreateLoadBalancer>(create_load_balancer);
  table.add<elbv2::DeleteLoadBalancer>(delete_load_balancer);
  table.add<elbv2::DescribeLoadBalancers>(describe_load_balancers);
  table.add<elbv2::SetIpAddressType>(set_ip_address_type);
  table.add<elbv2::SetSecurityGroups>(set_security_groups);
  table.add<elbv2::SetSubnets>(set_subnets);

  table.add<elbv2::CreateTargetGroup>(create_target_group);
  table.add<elbv2::DeleteTargetGroup>(delete_target_group);
  table.add<elbv2::DescribeTargetGroups>(describe_target_groups);
  table.add<elbv2::ModifyTargetGroup>(modify_target_group);

  table.add<elbv2::CreateListener>(create_listener);
  table.add<elbv2::DeleteListener>(delete_listener);
  table.add<elbv2::DescribeListeners>(describe_listeners);
  table.add<elbv2::ModifyListener>(modify_listener);

  table.add<elbv2::DeregisterTargets>(deregister_targets);
  table.add<elbv2::DescribeTargetHealth>(describe_target_health);
  table.add<elbv2::RegisterTargets>(register_targets);

  table.add<elbv2::DescribeListenerAttributes>(describe_listener_attributes);
  table.add<elbv2::DescribeLoadBalancerAttributes>(describe_load_balancer_attributes);
  table.add<elbv2::DescribeTargetGroupAttributes>(describe_target_group_attributes);
  table.add<elbv2::ModifyListenerAttributes>(modify_listener_attributes);
  table.add<elbv2::ModifyLoadBalancerAttributes>(modify_load_balancer_attributes);
  table.add<elbv2::ModifyTargetGroupAttributes>(modify_target_group_attributes);

  table.add<elbv2::AddTags>(add_elb_tags);
  table.add<elbv2::DescribeTags>(describe_elb_tags);
  table.add<elbv2::RemoveTags>(remove_elb_tags);

  table.add<elbv2::DescribeAccountLimits>(describe_account_limits);
  table.add<elbv2::DescribeCapacityReservation>(describe_capacity_reservation);
}

}  // namespace ginnel::api
