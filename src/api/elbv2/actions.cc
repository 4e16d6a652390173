#include "api/elbv2/actions.h"

#include "api/elbv2/load_balancers.h"

namespace ginnel::api {

void add_elbv2_actions(ActionTable& table) { table.add<elbv2::DescribeLoadBalancers>(describe_load_balancers); }

}  // namespace ginnel::api
