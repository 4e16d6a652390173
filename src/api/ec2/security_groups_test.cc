#include "api/ec2/security_groups.h"

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

using SecurityGroups = RegionFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

ec2::CreateSecurityGroupRequest create(const std::string& name, const char* vpc = kVpc) {
  return {.description = "for tests", .group_name = name, .vpc_id = vpc};
}

ec2::DescribeSecurityGroupsRequest by(const char* filter, const char* value) {
  return {.filters = {{.name = filter, .values = {value}}}};
}

std::vector<std::string> ids(const ec2::DescribeSecurityGroupsResponse& response) {
  std::vector<std::string> out;
  for (const auto& group : response.security_groups) out.push_back(*group.group_id);
  return out;
}

TEST_F(SecurityGroups, NewGroupLetsEverythingOutAndNothingIn) {
  auto request = create("app");
  request.tag_specifications = {{.resource_type = "security-group", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto created = run(create_security_group, request);
  EXPECT_EQ(created.security_group_arn, "arn:aws:ec2:ap-northeast-1:111122223333:security-group/" + *created.group_id);
  ASSERT_EQ(created.tags.size(), 1U);
  const auto group = run(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_ids = {*created.group_id}})
                         .security_groups[0];
  EXPECT_EQ(group.group_name, "app");
  EXPECT_EQ(group.description, "for tests");
  EXPECT_EQ(group.vpc_id, kVpc);
  EXPECT_EQ(group.owner_id, kAccount);
  EXPECT_TRUE(group.ip_permissions.empty());
  ASSERT_EQ(group.ip_permissions_egress.size(), 1U);
  EXPECT_EQ(group.ip_permissions_egress[0].ip_protocol, "-1");
  EXPECT_FALSE(group.ip_permissions_egress[0].from_port);
  EXPECT_EQ(group.ip_permissions_egress[0].ip_ranges[0].cidr_ip, "0.0.0.0/0");
}

TEST_F(SecurityGroups, NamesHaveRules) {
  EXPECT_EQ(error_of(create_security_group, create("web")),
            "InvalidGroup.Duplicate: The security group 'web' already exists for VPC 'vpc-00000000000000001'");
  EXPECT_EQ(error_of(create_security_group, create("default")),
            "InvalidGroup.Reserved: The security group 'default' is reserved");
  EXPECT_THAT(error_of(create_security_group, create("sg-app")), HasSubstr("may not be in the format sg-*"));
  for (const std::string& bad :
       {std::string(), std::string("  "), std::string("a\"b"), std::string("caf\xC3\xA9"), std::string(256, 'a')}) {
    EXPECT_THAT(error_of(create_security_group, create(bad)), HasSubstr("for parameter GroupName is invalid"));
  }
  auto request = create("app");
  request.description = "";
  EXPECT_THAT(error_of(create_security_group, request), HasSubstr("for parameter GroupDescription is invalid"));
  // Spaces at the end do not count.
  EXPECT_THAT(error_of(create_security_group, create("web ")), StartsWith("InvalidGroup.Duplicate"));
  // Another VPC may have the same name.
  run(create_security_group, create("web", kSecondVpc));
}

TEST_F(SecurityGroups, VpcMustBeNamedAndOwn) {
  auto request = create("app");
  request.vpc_id.reset();
  EXPECT_THAT(error_of(create_security_group, request), StartsWith("VPCIdNotSpecified: No default VPC"));
  EXPECT_THAT(error_of(create_security_group, create("app", kOtherVpc)), StartsWith("InvalidVpcID.NotFound"));
}

TEST_F(SecurityGroups, EachAccountSeesItsOwn) {
  EXPECT_THAT(ids(run(describe_security_groups, ec2::DescribeSecurityGroupsRequest{}, kOtherAccount)),
              ElementsAre(kOtherGroup));
  EXPECT_EQ(error_of(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_ids = {kOtherGroup}}),
            "InvalidGroup.NotFound: The security group 'sg-00000000000000009' does not exist");
  EXPECT_THAT(error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kOtherGroup}),
              StartsWith("InvalidGroup.NotFound"));
  EXPECT_THAT(error_of(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_ids = {"web"}}),
              StartsWith("InvalidGroupId.Malformed"));
}

TEST_F(SecurityGroups, ByName) {
  EXPECT_THAT(ids(run(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_names = {"web"}})),
              ElementsAre(kWebGroup));
  EXPECT_EQ(error_of(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_names = {"none"}}),
            "InvalidGroup.NotFound: The security group 'none' does not exist");
  EXPECT_THAT(ids(run(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_names = {"default"}})),
              ElementsAre(kDefaultGroupId, kSecondGroup));
}

TEST_F(SecurityGroups, Deleted) {
  run(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_name = "web"});
  EXPECT_EQ(snapshot.find<model::SecurityGroup>(kWebGroup), nullptr);
  auto request = create("app");
  request.tag_specifications = {{.resource_type = "security-group", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto id = *run(create_security_group, request).group_id;
  const auto response = run(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = id});
  EXPECT_EQ(response.return_, true);
  EXPECT_EQ(response.group_id, id);
  EXPECT_EQ(snapshot.table<model::SecurityGroupRule>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
}

TEST_F(SecurityGroups, DeleteNeedsOneGroup) {
  EXPECT_THAT(error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{}), StartsWith("MissingParameter"));
  EXPECT_THAT(
      error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kWebGroup, .group_name = "web"}),
      StartsWith("InvalidParameterCombination"));
  EXPECT_THAT(error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_name = "default"}),
              HasSubstr("2 VPCs have a security group of this name"));
  EXPECT_EQ(
      error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kDefaultGroupId}),
      "CannotDelete: the specified group: \"sg-00000000000000001\" name: \"default\" cannot be deleted by a user");
}

TEST_F(SecurityGroups, GroupInUseStays) {
  model::Change change;
  change.put(
      model::NetworkInterface{.id = "eni-00000000000000001", .account = kAccount, .vpc = kVpc, .groups = {kWebGroup}});
  commit(change);
  EXPECT_EQ(error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kWebGroup}),
            "DependencyViolation: resource sg-00000000000000002 has a dependent object (eni-00000000000000001)");
}

TEST_F(SecurityGroups, GroupThatAnotherNamesStays) {
  model::Change change;
  change.put(model::SecurityGroupRule{
      .id = "sgr-00000000000000001", .account = kAccount, .group = kDefaultGroupId, .referenced_group = kWebGroup});
  change.put(model::SecurityGroupRule{
      .id = "sgr-00000000000000002", .account = kAccount, .group = kWebGroup, .referenced_group = kWebGroup});
  commit(change);
  EXPECT_THAT(error_of(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kWebGroup}),
              HasSubstr("(sgr-00000000000000001 of sg-00000000000000001)"));
  model::Change freed;
  freed.erase(*snapshot.find<model::SecurityGroupRule>("sgr-00000000000000001"));
  commit(freed);
  // Its own rules that name it do not hold it.
  run(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = kWebGroup});
}

TEST_F(SecurityGroups, Filters) {
  model::Change change;
  change.put(model::SecurityGroupRule{.id = "sgr-00000000000000001",
                                      .account = kAccount,
                                      .group = kWebGroup,
                                      .protocol = "tcp",
                                      .from_port = 443,
                                      .to_port = 444,
                                      .cidr_ipv4 = "192.0.2.0/24"});
  change.put(model::SecurityGroupRule{.id = "sgr-00000000000000002",
                                      .account = kAccount,
                                      .group = kSecondGroup,
                                      .egress = true,
                                      .protocol = "udp",
                                      .from_port = 53,
                                      .to_port = 53,
                                      .referenced_group = kSecondGroup});
  commit(change);
  const auto found = [&](const char* filter, const char* value) {
    return ids(run(describe_security_groups, by(filter, value)));
  };
  EXPECT_THAT(found("ip-permission.cidr", "192.0.2.0/24"), ElementsAre(kWebGroup));
  EXPECT_THAT(found("ip-permission.from-port", "443"), ElementsAre(kWebGroup));
  EXPECT_THAT(found("ip-permission.to-port", "444"), ElementsAre(kWebGroup));
  EXPECT_THAT(found("ip-permission.protocol", "tcp"), ElementsAre(kWebGroup));
  EXPECT_THAT(found("ip-permission.protocol", "udp"), ElementsAre());
  EXPECT_THAT(found("egress.ip-permission.protocol", "udp"), ElementsAre(kSecondGroup));
  EXPECT_THAT(found("egress.ip-permission.group-id", kSecondGroup), ElementsAre(kSecondGroup));
  EXPECT_THAT(found("egress.ip-permission.group-name", "default"), ElementsAre(kSecondGroup));
  EXPECT_THAT(found("egress.ip-permission.user-id", kAccount), ElementsAre(kSecondGroup));
  EXPECT_THAT(found("group-name", "default"), UnorderedElementsAre(kDefaultGroupId, kSecondGroup));
  EXPECT_THAT(found("vpc-id", kSecondVpc), ElementsAre(kSecondGroup));
  EXPECT_THAT(error_of(describe_security_groups, by("colour", "green")), HasSubstr("'colour'"));
}

}  // namespace
}  // namespace ginnel::api
