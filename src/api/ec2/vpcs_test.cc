#include "api/ec2/vpcs.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/ec2/region_fixture.h"
#include "api/ec2/security_groups.h"
#include "api/ec2/vpc_attributes.h"

namespace ginnel::api {
namespace {

using Vpcs = RegionFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

ec2::CreateVpcRequest create(const char* cidr) { return {.cidr_block = cidr}; }

std::vector<std::string> ids(const ec2::DescribeVpcsResponse& response) {
  std::vector<std::string> out;
  for (const auto& vpc : response.vpcs) out.push_back(*vpc.vpc_id);
  return out;
}

ec2::DescribeVpcsRequest by(const char* filter, const char* value) {
  return {.filters = {{.name = filter, .values = {value}}}};
}

TEST_F(Vpcs, CreatedVpcIsWhatDescribeShows) {
  auto request = create("10.9.0.0/16");
  request.tag_specifications = {{.resource_type = "vpc", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto created = *run(create_vpc, request).vpc;
  EXPECT_EQ(created.cidr_block, "10.9.0.0/16");
  EXPECT_EQ(created.state, "available");
  EXPECT_EQ(created.owner_id, kAccount);
  EXPECT_EQ(created.instance_tenancy, "default");
  EXPECT_EQ(created.is_default, false);
  EXPECT_EQ(created.dhcp_options_id, "default");
  ASSERT_EQ(created.cidr_block_association_set.size(), 1U);
  EXPECT_THAT(*created.cidr_block_association_set[0].association_id, StartsWith("vpc-cidr-assoc-"));
  EXPECT_EQ(created.cidr_block_association_set[0].cidr_block_state->state, "associated");
  ASSERT_EQ(created.tags.size(), 1U);
  EXPECT_EQ(created.tags[0].value, "lab");

  const auto described = run(describe_vpcs, ec2::DescribeVpcsRequest{.vpc_ids = {*created.vpc_id}});
  ASSERT_EQ(described.vpcs.size(), 1U);
  EXPECT_EQ(described.vpcs[0].cidr_block, "10.9.0.0/16");
  EXPECT_EQ(described.vpcs[0].tags.size(), 1U);
}

TEST_F(Vpcs, VpcsHaveNumbersOfTheirOwn) {
  const auto first = *run(create_vpc, create("10.9.0.0/16")).vpc->vpc_id;
  run(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = first});
  const auto second = *run(create_vpc, create("10.9.0.0/16")).vpc->vpc_id;
  EXPECT_EQ(snapshot.find<model::Vpc>(second)->number, 2U);
}

TEST_F(Vpcs, DefaultGroupComesWithTheVpc) {
  const auto vpc = *run(create_vpc, create("10.9.0.0/16")).vpc->vpc_id;
  const ec2::DescribeSecurityGroupsRequest request{.filters = {{.name = "vpc-id", .values = {vpc}}}};
  const auto groups = run(describe_security_groups, request).security_groups;
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].group_name, "default");
  EXPECT_EQ(groups[0].description, "default VPC security group");
  ASSERT_EQ(groups[0].ip_permissions.size(), 1U);
  EXPECT_EQ(groups[0].ip_permissions[0].ip_protocol, "-1");
  EXPECT_EQ(groups[0].ip_permissions[0].user_id_group_pairs[0].group_id, groups[0].group_id);
  ASSERT_EQ(groups[0].ip_permissions_egress.size(), 1U);
  EXPECT_EQ(groups[0].ip_permissions_egress[0].ip_ranges[0].cidr_ip, "0.0.0.0/0");
}

TEST_F(Vpcs, HostBitsAreCleared) {
  EXPECT_EQ(run(create_vpc, create("100.68.0.18/18")).vpc->cidr_block, "100.68.0.0/18");
}

TEST_F(Vpcs, BadBlocksAreRefused) {
  EXPECT_EQ(error_of(create_vpc, ec2::CreateVpcRequest{}),
            "MissingParameter: The request must contain the parameter CidrBlock");
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "fd00::/16", "ten", "10.0.0/16", ""}) {
    EXPECT_EQ(error_of(create_vpc, create(bad)),
              fmt::format("InvalidParameterValue: Value ({}) for parameter CidrBlock is invalid. This is not a valid "
                          "CIDR block.",
                          bad));
  }
  for (const char* bad :
       {"10.0.0.0/15", "10.0.0.0/29", "127.0.0.0/16", "169.254.0.0/24", "224.0.0.0/16", "0.1.0.0/16"}) {
    EXPECT_THAT(error_of(create_vpc, create(bad)),
                StartsWith(fmt::format("InvalidVpc.Range: The CIDR '{}' is invalid.", bad)));
  }
}

TEST_F(Vpcs, TagsMustBeOfTheVpc) {
  auto request = create("10.9.0.0/16");
  request.tag_specifications = {{.resource_type = "subnet", .tags = {{.key = "a", .value = "b"}}}};
  EXPECT_EQ(error_of(create_vpc, request),
            "InvalidParameterValue: 'subnet' is not a valid taggable resource type for this operation.");
}

TEST_F(Vpcs, EachAccountSeesItsOwn) {
  EXPECT_THAT(ids(run(describe_vpcs, ec2::DescribeVpcsRequest{})), ElementsAre(kVpc, kSecondVpc));
  EXPECT_THAT(ids(run(describe_vpcs, ec2::DescribeVpcsRequest{}, kOtherAccount)), ElementsAre(kOtherVpc));
  EXPECT_EQ(error_of(describe_vpcs, ec2::DescribeVpcsRequest{.vpc_ids = {kVpc, kOtherVpc}}),
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000000000009' does not exist");
  EXPECT_THAT(error_of(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = kOtherVpc}), StartsWith("InvalidVpcID.NotFound"));
  EXPECT_EQ(error_of(describe_vpcs, ec2::DescribeVpcsRequest{.vpc_ids = {"vpc-XY"}}),
            "InvalidVpcID.Malformed: Invalid id: \"vpc-XY\" (expecting \"vpc-...\")");
}

TEST_F(Vpcs, Filters) {
  const auto tagged = [&] {
    auto request = create("10.9.0.0/16");
    request.tag_specifications = {{.resource_type = "vpc", .tags = {{.key = "Name", .value = "lab"}}}};
    return *run(create_vpc, request).vpc->vpc_id;
  }();
  EXPECT_THAT(ids(run(describe_vpcs, by("cidr", "10.9.*"))), ElementsAre(tagged));
  EXPECT_THAT(ids(run(describe_vpcs, by("tag:Name", "l?b"))), ElementsAre(tagged));
  EXPECT_THAT(ids(run(describe_vpcs, by("tag-key", "Name"))), ElementsAre(tagged));
  EXPECT_THAT(ids(run(describe_vpcs, by("vpc-id", kVpc))), ElementsAre(kVpc));
  EXPECT_THAT(ids(run(describe_vpcs, by("is-default", "true"))), IsEmpty());
  EXPECT_EQ(ids(run(describe_vpcs, by("owner-id", kAccount))).size(), 3U);
  EXPECT_THAT(error_of(describe_vpcs, by("colour", "green")), HasSubstr("'colour'"));
}

TEST_F(Vpcs, PagesSurviveChanges) {
  for (int i = 0; i < 10; ++i) run(create_vpc, create("10.9.0.0/16"));
  ec2::DescribeVpcsRequest request{.max_results = 5};
  const auto first = run(describe_vpcs, request);
  ASSERT_EQ(first.vpcs.size(), 5U);
  ASSERT_TRUE(first.next_token);
  // The last one of the page goes, and new ones come.
  run(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = *first.vpcs.back().vpc_id});
  for (int i = 0; i < 3; ++i) run(create_vpc, create("10.9.0.0/16"));
  auto seen = ids(first);
  request.next_token = first.next_token;
  while (request.next_token) {
    const auto page = run(describe_vpcs, request);
    for (const auto& id : ids(page)) seen.push_back(id);
    request.next_token = page.next_token;
  }
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
  for (const auto* vpc : snapshot.table<model::Vpc>().referring_to(kAccount)) {
    if (vpc->id < *first.vpcs.back().vpc_id) continue;  // made after its page
    EXPECT_TRUE(std::binary_search(seen.begin(), seen.end(), vpc->id)) << vpc->id;
  }
  EXPECT_THAT(error_of(describe_vpcs, ec2::DescribeVpcsRequest{.max_results = 4}), HasSubstr("(4)"));
  EXPECT_THAT(error_of(describe_vpcs, ec2::DescribeVpcsRequest{.next_token = "x"}), StartsWith("InvalidNextToken"));
}

TEST_F(Vpcs, VpcWithAnythingInItStays) {
  EXPECT_THAT(
      error_of(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = kVpc}),
      StartsWith("DependencyViolation: The vpc 'vpc-00000000000000001' has dependencies and cannot be deleted."));
  const auto vpc = *run(create_vpc, create("10.9.0.0/16")).vpc->vpc_id;
  const auto group =
      *run(create_security_group, ec2::CreateSecurityGroupRequest{.description = "d", .group_name = "g", .vpc_id = vpc})
           .group_id;
  EXPECT_THAT(error_of(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = vpc}), HasSubstr(group));
  run(delete_security_group, ec2::DeleteSecurityGroupRequest{.group_id = group});
  run(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = vpc});
}

TEST_F(Vpcs, NothingIsLeftOfADeletedVpc) {
  const auto before = snapshot;
  auto request = create("10.9.0.0/16");
  request.tag_specifications = {{.resource_type = "vpc", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto vpc = *run(create_vpc, request).vpc->vpc_id;
  run(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = vpc});
  EXPECT_EQ(snapshot.table<model::Vpc>().size(), before.table<model::Vpc>().size());
  EXPECT_EQ(snapshot.table<model::SecurityGroup>().size(), before.table<model::SecurityGroup>().size());
  EXPECT_EQ(snapshot.table<model::SecurityGroupRule>().size(), before.table<model::SecurityGroupRule>().size());
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
  EXPECT_THAT(error_of(delete_vpc, ec2::DeleteVpcRequest{.vpc_id = vpc}), StartsWith("InvalidVpcID.NotFound"));
}

bool dns_support(const ec2::DescribeVpcAttributeResponse& response) { return *response.enable_dns_support->value; }

TEST_F(Vpcs, AttributesAreReadOneByOne) {
  const auto support = run(describe_vpc_attribute,
                           ec2::DescribeVpcAttributeRequest{.attribute = "enableDnsSupport", .vpc_id = kSecondVpc});
  EXPECT_TRUE(dns_support(support));
  EXPECT_FALSE(support.enable_dns_hostnames);
  const auto hostnames = run(describe_vpc_attribute,
                             ec2::DescribeVpcAttributeRequest{.attribute = "enableDnsHostnames", .vpc_id = kSecondVpc});
  EXPECT_EQ(hostnames.enable_dns_hostnames->value, false);
  EXPECT_FALSE(hostnames.enable_dns_support);
  const auto metrics =
      run(describe_vpc_attribute,
          ec2::DescribeVpcAttributeRequest{.attribute = "enableNetworkAddressUsageMetrics", .vpc_id = kSecondVpc});
  EXPECT_EQ(metrics.enable_network_address_usage_metrics->value, false);
}

ec2::ModifyVpcAttributeRequest hostnames(bool value) {
  return {.enable_dns_hostnames = ec2::AttributeBooleanValue{.value = value}, .vpc_id = kSecondVpc};
}
ec2::ModifyVpcAttributeRequest support(bool value) {
  return {.enable_dns_support = ec2::AttributeBooleanValue{.value = value}, .vpc_id = kSecondVpc};
}

TEST_F(Vpcs, DnsHostnamesNeedDnsSupport) {
  run(modify_vpc_attribute, support(false));
  EXPECT_THAT(error_of(modify_vpc_attribute, hostnames(true)),
              StartsWith("InvalidParameterCombination: DNS hostnames"));
  run(modify_vpc_attribute, hostnames(false));
  run(modify_vpc_attribute, support(true));
  run(modify_vpc_attribute, hostnames(true));
  EXPECT_TRUE(snapshot.find<model::Vpc>(kSecondVpc)->dns_hostnames);
  run(modify_vpc_attribute, support(false));
  EXPECT_FALSE(snapshot.find<model::Vpc>(kSecondVpc)->dns_support);
  EXPECT_TRUE(snapshot.find<model::Vpc>(kSecondVpc)->dns_hostnames);
}

TEST_F(Vpcs, OneAttributePerCall) {
  auto both = hostnames(true);
  both.enable_dns_support = ec2::AttributeBooleanValue{.value = true};
  EXPECT_EQ(error_of(modify_vpc_attribute, both),
            "InvalidParameterCombination: Fields for multiple attribute types specified: enableDnsHostnames, "
            "enableDnsSupport");
  EXPECT_THAT(error_of(modify_vpc_attribute, ec2::ModifyVpcAttributeRequest{.vpc_id = kVpc}),
              StartsWith("MissingParameter"));
  EXPECT_THAT(error_of(modify_vpc_attribute, hostnames(true), kOtherAccount), StartsWith("InvalidVpcID.NotFound"));
}

TEST_F(Vpcs, SettingWhatIsSetChangesNothing) {
  const auto done = modify_vpc_attribute(call(), support(true));
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->change.empty());
}

}  // namespace
}  // namespace ginnel::api
