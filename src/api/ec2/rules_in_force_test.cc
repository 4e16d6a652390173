#include "api/ec2/rules_in_force.h"

#include <fmt/format.h>

#include "api/ec2/interface_groups.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/security_group_rules.h"
#include "api/ec2/security_groups.h"

namespace ginnel::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Authorize = ec2::AuthorizeSecurityGroupIngressRequest;

class RulesInForce : public RegionFixture {
 protected:
  RulesInForce() { region.rules_per_group = 100; }

  std::string new_group(const std::string& name) {
    return *run(create_security_group,
                ec2::CreateSecurityGroupRequest{.description = "of a test", .group_name = name, .vpc_id = kVpc})
                .group_id;
  }
  // `count` rules for IPv4 addresses 10.BLOCK.x.0/24.
  static Authorize rules(const std::string& group, int block, int count) {
    ec2::IpPermission permission{.ip_protocol = "tcp", .from_port = 443, .to_port = 443};
    for (int i = 0; i < count; ++i) permission.ip_ranges.push_back({.cidr_ip = fmt::format("10.{}.{}.0/24", block, i)});
    return {.group_id = group, .ip_permissions = {std::move(permission)}};
  }
  // Groups of the VPC, each with rules of its own.
  std::vector<std::string> new_groups(int count, int rules_each) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(new_group(fmt::format("group {}", i)));
      run(authorize_ingress, rules(ids.back(), i, rules_each));
    }
    return ids;
  }
  std::string refused(const std::vector<std::string>& groups) {
    const auto resolved = resolve_groups(call(), kVpc, groups);
    return resolved ? "no error" : resolved.error().code + ": " + resolved.error().message;
  }
  void put_interface(const std::vector<std::string>& groups) {
    model::Change change;
    change.put(
        model::NetworkInterface{.id = "eni-00000000000000001", .account = kAccount, .vpc = kVpc, .groups = groups});
    commit(change);
  }
};

TEST_F(RulesInForce, AnInterfaceHasSixteenGroupsAtMost) {
  auto groups = new_groups(16, 1);
  ASSERT_TRUE(resolve_groups(call(), kVpc, groups).has_value());
  EXPECT_EQ(resolve_groups(call(), kVpc, groups)->size(), 16U);
  groups.push_back(kWebGroup);
  EXPECT_EQ(refused(groups),
            "SecurityGroupsPerInterfaceLimitExceeded: A network interface can have at most 16 security groups, the "
            "request names 17.");
}

TEST_F(RulesInForce, GroupsTogetherHaveAThousandRulesAtMost) {
  auto groups = new_groups(10, 100);
  EXPECT_EQ(refused(groups), "no error");
  run(authorize_ingress, rules(kWebGroup, 99, 1));
  groups.push_back(kWebGroup);
  EXPECT_THAT(refused(groups), AllOf(StartsWith("SecurityGroupsPerInterfaceLimitExceeded: "), HasSubstr(kWebGroup),
                                     HasSubstr("together have 1001 inbound rules for IPv4, a network interface can "
                                               "have at most 1000 in force.")));
}

TEST_F(RulesInForce, ARuleThatSeveralGroupsHaveCountsOnce) {
  std::vector<std::string> groups;
  for (int i = 0; i < 16; ++i) {
    groups.push_back(new_group(fmt::format("group {}", i)));
    run(authorize_ingress, rules(groups.back(), 1, 100));
  }
  EXPECT_EQ(refused(groups), "no error");
}

TEST_F(RulesInForce, ARuleIsRefusedThatAnInterfaceHasNoRoomFor) {
  auto groups = new_groups(10, 100);
  groups.push_back(kWebGroup);
  put_interface(groups);
  EXPECT_EQ(
      error_of(authorize_ingress, rules(kWebGroup, 99, 2)),
      "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached. (With "
      "the security group sg-00000000000000002 the network interface eni-00000000000000001 would have 1002 "
      "inbound rules for IPv4 in force, at most 1000 are allowed)");
  // The other family and the other direction count on their own; a group counts for both families.
  run(authorize_ingress, Authorize{.group_id = kWebGroup,
                                   .ip_permissions = {{.ip_protocol = "-1", .ipv6_ranges = {{.cidr_ipv6 = "::/0"}}}}});
  run(authorize_egress, ec2::AuthorizeSecurityGroupEgressRequest{
                            .group_id = kWebGroup, .ip_permissions = rules(kWebGroup, 99, 2).ip_permissions});
  EXPECT_THAT(
      error_of(authorize_ingress,
               Authorize{.group_id = kWebGroup,
                         .ip_permissions = {{.ip_protocol = "-1", .user_id_group_pairs = {{.group_id = kWebGroup}}}}}),
      HasSubstr("would have 1001 inbound rules for IPv4"));
}

TEST_F(RulesInForce, AGroupHasNoMoreThanTheConfigurationSays) {
  run(authorize_ingress, rules(kWebGroup, 1, 100));
  EXPECT_EQ(error_of(authorize_ingress, rules(kWebGroup, 2, 1)),
            "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached. (The "
            "security group sg-00000000000000002 would have 101 inbound rules for IPv4, at most 100 are allowed)");
}

}  // namespace
}  // namespace ginnel::api
