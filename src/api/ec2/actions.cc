#include "api/ec2/actions.h"

#include "api/ec2/regions.h"

namespace ginnel::api {

void add_ec2_actions(ActionTable& table) {
  table.add<ec2::DescribeAccountAttributes>(describe_account_attributes);
  table.add<ec2::DescribeAvailabilityZones>(describe_availability_zones);
  table.add<ec2::DescribePrefixLists>(describe_prefix_lists);
  table.add<ec2::DescribeRegions>(describe_regions);
}

}  // namespace ginnel::api
