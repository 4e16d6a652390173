#include "api/elbv2/set_load_balancer.h"

#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class SetLoadBalancer : public BalancerFixture {
 protected:
  std::vector<std::string> subnets_of(const std::string& arn) {
    std::vector<std::string> out;
    for (const auto& node : snapshot.find<model::LoadBalancer>(arn)->nodes) out.push_back(node.subnet);
    return out;
  }
};

TEST_F(SetLoadBalancer, ZonesComeAndGo) {
  const auto arn = make_balancer();
  const auto kept = snapshot.find<model::LoadBalancer>(arn)->nodes.at(0);
  const auto gone = snapshot.find<model::LoadBalancer>(arn)->nodes.at(1);
  const auto answer = run(set_subnets, {.load_balancer_arn = arn, .subnets = {kSubnetA, kTinySubnet}});
  EXPECT_EQ(answer.availability_zones.size(), 2U);
  EXPECT_THAT(subnets_of(arn), ElementsAre(kSubnetA, kTinySubnet));
  EXPECT_EQ(snapshot.find<model::LoadBalancer>(arn)->nodes.at(0), kept);
  EXPECT_EQ(snapshot.find<model::NetworkInterface>(gone.interface), nullptr);
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 2U);
}

TEST_F(SetLoadBalancer, AnotherSubnetOfAZoneOrAnotherAddressReplacesTheNode) {
  const auto arn = make_balancer();
  run(set_subnets, {.load_balancer_arn = arn, .subnets = {kSubnetA2}});
  EXPECT_THAT(subnets_of(arn), ElementsAre(kSubnetA2));
  const auto answer = run(
      set_subnets,
      {.load_balancer_arn = arn, .subnet_mappings = {{.subnet_id = kSubnetA2, .private_ipv4_address = "10.0.3.44"}}});
  EXPECT_EQ(*answer.availability_zones.at(0).load_balancer_addresses.at(0).private_ipv4_address, "10.0.3.44");
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 1U);
}

TEST_F(SetLoadBalancer, SubnetsOfAnotherVpcAreRefused) {
  const auto arn = make_balancer();
  EXPECT_THAT(error_of(set_subnets, {.load_balancer_arn = arn, .subnets = {kSecondSubnet}}),
              StartsWith("InvalidConfigurationRequest: The subnet subnet-00000000000000002 is not in the VPC"));
  EXPECT_THAT(error_of(set_subnets, {.load_balancer_arn = arn}), HasSubstr("At least one subnet"));
  EXPECT_THAT(error_of(set_subnets, {.load_balancer_arn = arn + "0", .subnets = {kSubnetA}}),
              StartsWith("LoadBalancerNotFound: "));
}

TEST_F(SetLoadBalancer, AZoneThatAnEndpointUsesStays) {
  const auto arn = make_balancer();
  model::Change change;
  change.put(model::VpcEndpoint{.id = "vpce-1",
                                .account = kOtherAccount,
                                .vpc = kOtherVpc,
                                .state = "available",
                                .subnets = {kOtherSubnet},
                                .load_balancer = arn});
  commit(change);
  EXPECT_THAT(error_of(set_subnets, {.load_balancer_arn = arn, .subnets = {kSubnetC}}),
              StartsWith("ResourceInUse: The Availability Zone 'ap-northeast-1a'"));
  run(set_subnets, {.load_balancer_arn = arn, .subnets = {kSubnetA}});  // zone c is not used
  auto rejected = *snapshot.find<model::VpcEndpoint>("vpce-1");
  rejected.state = "rejected";
  model::Change next;
  next.put(rejected);
  commit(next);
  run(set_subnets, {.load_balancer_arn = arn, .subnets = {kSubnetC}});
}

TEST_F(SetLoadBalancer, GroupsAreReplacedOnEveryInterface) {
  auto request = balancer_request();
  request.security_groups = {kWebGroup};
  const auto arn = *run(create_load_balancer, request).load_balancers.at(0).load_balancer_arn;
  const auto answer = run(set_security_groups, {.load_balancer_arn = arn,
                                                .security_groups = {kDefaultGroupId},
                                                .enforce_security_group_inbound_rules_on_private_link_traffic = "off"});
  EXPECT_THAT(answer.security_group_ids, ElementsAre(kDefaultGroupId));
  EXPECT_EQ(*answer.enforce_security_group_inbound_rules_on_private_link_traffic, "off");
  EXPECT_FALSE(snapshot.find<model::LoadBalancer>(arn)->judge_private_link);
  for (const auto* interface : snapshot.table<model::NetworkInterface>().all()) {
    EXPECT_THAT(interface->groups, ElementsAre(kDefaultGroupId));
  }
  // Left out is not the same as on.
  run(set_security_groups, {.load_balancer_arn = arn, .security_groups = {kWebGroup}});
  EXPECT_FALSE(snapshot.find<model::LoadBalancer>(arn)->judge_private_link);
  EXPECT_THAT(error_of(set_security_groups, {.load_balancer_arn = arn, .security_groups = {kSecondGroup}}),
              StartsWith("InvalidSecurityGroup: "));
  EXPECT_THAT(error_of(set_security_groups, {.load_balancer_arn = arn}),
              StartsWith("ValidationError: The request must contain the parameter SecurityGroups"));
}

TEST_F(SetLoadBalancer, OneThatWasMadeWithoutGroupsNeverHasAny) {
  EXPECT_THAT(error_of(set_security_groups, {.load_balancer_arn = make_balancer(), .security_groups = {kWebGroup}}),
              StartsWith("InvalidConfigurationRequest: You cannot set security groups on the load balancer"));
}

}  // namespace
}  // namespace ginnel::api
