#include "api/ec2/subnets.h"

#include <fmt/format.h>

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

using Subnets = RegionFixture;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

ec2::CreateSubnetRequest create(const char* cidr, const char* vpc = kVpc) {
  return {.cidr_block = cidr, .vpc_id = vpc};
}

std::vector<std::string> ids(const ec2::DescribeSubnetsResponse& response) {
  std::vector<std::string> out;
  for (const auto& subnet : response.subnets) out.push_back(*subnet.subnet_id);
  return out;
}

ec2::DescribeSubnetsRequest by(const char* filter, const char* value) {
  return {.filters = {{.name = filter, .values = {value}}}};
}

TEST_F(Subnets, CreatedSubnetIsWhatDescribeShows) {
  auto request = create("10.0.9.0/24");
  request.availability_zone = "ap-northeast-1c";
  request.tag_specifications = {{.resource_type = "subnet", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto created = *run(create_subnet, request).subnet;
  EXPECT_EQ(created.availability_zone, "ap-northeast-1c");
  EXPECT_EQ(created.availability_zone_id, "apne1-az1");
  EXPECT_EQ(created.available_ip_address_count, 251);
  EXPECT_EQ(created.cidr_block, "10.0.9.0/24");
  EXPECT_EQ(created.state, "available");
  EXPECT_EQ(created.vpc_id, kVpc);
  EXPECT_EQ(created.owner_id, kAccount);
  EXPECT_EQ(created.map_public_ip_on_launch, false);
  EXPECT_EQ(created.subnet_arn, "arn:aws:ec2:ap-northeast-1:111122223333:subnet/" + *created.subnet_id);
  EXPECT_EQ(created.private_dns_name_options_on_launch->hostname_type, "ip-name");
  ASSERT_EQ(created.tags.size(), 1U);
  const auto described = run(describe_subnets, ec2::DescribeSubnetsRequest{.subnet_ids = {*created.subnet_id}});
  ASSERT_EQ(described.subnets.size(), 1U);
  EXPECT_EQ(described.subnets[0].tags[0].value, "lab");
}

TEST_F(Subnets, ZoneIsNamedOrTheFirst) {
  EXPECT_EQ(run(create_subnet, create("10.0.9.0/24")).subnet->availability_zone, "ap-northeast-1a");
  auto by_id = create("10.0.10.0/24");
  by_id.availability_zone_id = "apne1-az2";
  EXPECT_EQ(run(create_subnet, by_id).subnet->availability_zone, "ap-northeast-1d");
  auto both = create("10.0.11.0/24");
  both.availability_zone = "ap-northeast-1a";
  both.availability_zone_id = "apne1-az1";
  EXPECT_THAT(error_of(create_subnet, both), StartsWith("InvalidParameterCombination: The availability zone"));
  both.availability_zone_id = "apne1-az4";
  EXPECT_EQ(run(create_subnet, both).subnet->availability_zone, "ap-northeast-1a");
}

TEST_F(Subnets, UnknownZonesAreRefused) {
  auto request = create("10.0.9.0/24");
  request.availability_zone = "ap-northeast-1z";
  EXPECT_EQ(error_of(create_subnet, request),
            "InvalidParameterValue: Value (ap-northeast-1z) for parameter AvailabilityZone is invalid. Subnets can "
            "currently only be created in the following availability zones: ap-northeast-1a, ap-northeast-1c, "
            "ap-northeast-1d.");
  // An id is no name, and a name no id.
  request.availability_zone = "apne1-az4";
  EXPECT_THAT(error_of(create_subnet, request), HasSubstr("(apne1-az4) for parameter AvailabilityZone "));
  request.availability_zone.reset();
  request.availability_zone_id = "ap-northeast-1a";
  EXPECT_THAT(error_of(create_subnet, request), HasSubstr("(ap-northeast-1a) for parameter AvailabilityZoneId "));
}

TEST_F(Subnets, BlocksMustBeFreeAndInsideTheVpc) {
  EXPECT_EQ(error_of(create_subnet, ec2::CreateSubnetRequest{.vpc_id = kVpc}),
            "MissingParameter: The request must contain the parameter CidrBlock");
  EXPECT_THAT(error_of(create_subnet, create("10.0.9.0")),
              StartsWith("InvalidParameterValue: Value (10.0.9.0) for parameter CidrBlock"));
  for (const char* bad : {"10.1.0.0/24", "10.0.9.0/29", "10.0.0.0/15"}) {
    EXPECT_THAT(error_of(create_subnet, create(bad)),
                StartsWith(fmt::format("InvalidSubnet.Range: The CIDR '{}' is invalid.", bad)));
  }
  for (const char* taken : {"10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/16"}) {
    EXPECT_THAT(error_of(create_subnet, create(taken)),
                StartsWith(fmt::format("InvalidSubnet.Conflict: The CIDR '{}' conflicts with another subnet", taken)));
  }
  EXPECT_EQ(run(create_subnet, create("10.0.9.7/28")).subnet->cidr_block, "10.0.9.0/28");
}

TEST_F(Subnets, EachAccountSeesItsOwn) {
  EXPECT_THAT(error_of(create_subnet, create("10.0.9.0/24", kOtherVpc)), StartsWith("InvalidVpcID.NotFound"));
  EXPECT_THAT(ids(run(describe_subnets, ec2::DescribeSubnetsRequest{}, kOtherAccount)), ElementsAre(kOtherSubnet));
  EXPECT_EQ(error_of(describe_subnets, ec2::DescribeSubnetsRequest{.subnet_ids = {kOtherSubnet}}),
            "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000009' does not exist");
  EXPECT_THAT(error_of(delete_subnet, ec2::DeleteSubnetRequest{.subnet_id = kOtherSubnet}),
              StartsWith("InvalidSubnetID.NotFound"));
  EXPECT_THAT(error_of(describe_subnets, ec2::DescribeSubnetsRequest{.subnet_ids = {"subnet"}}),
              StartsWith("InvalidSubnetID.Malformed"));
}

void put_interface(model::Change& change, const char* address) {
  change.put(model::NetworkInterface{.id = std::string("eni-0000000000000000") + address[7],
                                     .account = kAccount,
                                     .vpc = kVpc,
                                     .subnet = kSubnetA,
                                     .zone = "ap-northeast-1a",
                                     .address = address});
}

TEST_F(Subnets, InterfacesTakeAddressesAndKeepTheSubnet) {
  model::Change change;
  put_interface(change, "10.0.1.5");
  put_interface(change, "10.0.1.6");
  commit(change);
  const auto described = run(describe_subnets, ec2::DescribeSubnetsRequest{.subnet_ids = {kSubnetA}});
  EXPECT_EQ(described.subnets[0].available_ip_address_count, 249);
  EXPECT_THAT(ids(run(describe_subnets, by("available-ip-address-count", "249"))), ElementsAre(kSubnetA));
  EXPECT_EQ(error_of(delete_subnet, ec2::DeleteSubnetRequest{.subnet_id = kSubnetA}),
            "DependencyViolation: The subnet 'subnet-0000000000000000a' has dependencies and cannot be deleted. "
            "(eni-00000000000000005, eni-00000000000000006)");
}

TEST_F(Subnets, EndpointKeepsTheSubnet) {
  model::Change change;
  change.put(
      model::VpcEndpoint{.id = "vpce-00000000000000001", .account = kAccount, .vpc = kVpc, .subnets = {kSubnetC}});
  commit(change);
  EXPECT_THAT(error_of(delete_subnet, ec2::DeleteSubnetRequest{.subnet_id = kSubnetC}),
              HasSubstr("(vpce-00000000000000001)"));
}

TEST_F(Subnets, EmptySubnetGoesWithItsTags) {
  auto request = create("10.0.9.0/24");
  request.tag_specifications = {{.resource_type = "subnet", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto id = *run(create_subnet, request).subnet->subnet_id;
  run(delete_subnet, ec2::DeleteSubnetRequest{.subnet_id = id});
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
  EXPECT_THAT(error_of(delete_subnet, ec2::DeleteSubnetRequest{.subnet_id = id}),
              StartsWith("InvalidSubnetID.NotFound"));
}

TEST_F(Subnets, Filters) {
  EXPECT_THAT(ids(run(describe_subnets, by("cidr-block", "10.0.2.0/24"))), ElementsAre(kSubnetC));
  EXPECT_THAT(ids(run(describe_subnets, by("cidrBlock", "10.0.2.*"))), ElementsAre(kSubnetC));
  EXPECT_THAT(ids(run(describe_subnets, by("availability-zone-id", "apne1-az1"))), ElementsAre(kSubnetC));
  EXPECT_THAT(ids(run(describe_subnets, by("availabilityZone", "ap-northeast-1d"))), ElementsAre(kTinySubnet));
  EXPECT_THAT(ids(run(describe_subnets, by("vpc-id", kSecondVpc))), ElementsAre(kSecondSubnet));
  EXPECT_THAT(ids(run(describe_subnets, by("subnet-arn", "*c"))), ElementsAre(kSubnetC));
  EXPECT_EQ(ids(run(describe_subnets, by("default-for-az", "true"))).size(), 0U);
  EXPECT_EQ(ids(run(describe_subnets, by("map-public-ip-on-launch", "false"))).size(), 5U);
}

TEST_F(Subnets, AttributesAreSetOneByOne) {
  ec2::ModifySubnetAttributeRequest request{.subnet_id = kSubnetA};
  EXPECT_THAT(error_of(modify_subnet_attribute, request), StartsWith("MissingParameter"));
  request.private_dns_hostname_type_on_launch = "resource-name";
  run(modify_subnet_attribute, request);
  EXPECT_EQ(snapshot.find<model::Subnet>(kSubnetA)->private_dns_hostname_type, "resource-name");
  request.enable_resource_name_dns_a_record_on_launch = ec2::AttributeBooleanValue{.value = true};
  EXPECT_THAT(error_of(modify_subnet_attribute, request), StartsWith("InvalidParameterCombination"));
  request.private_dns_hostname_type_on_launch.reset();
  run(modify_subnet_attribute, request);
  EXPECT_TRUE(snapshot.find<model::Subnet>(kSubnetA)->resource_name_dns_a);
  EXPECT_THAT(error_of(modify_subnet_attribute, request, kOtherAccount), StartsWith("InvalidSubnetID.NotFound"));
}

TEST_F(Subnets, PublicAddressesAreRefusedByName) {
  ec2::ModifySubnetAttributeRequest request{.map_public_ip_on_launch = ec2::AttributeBooleanValue{.value = true},
                                            .subnet_id = kSubnetA};
  EXPECT_EQ(error_of(modify_subnet_attribute, request),
            "UnsupportedOperation: The value 'true' of the parameter MapPublicIpOnLaunch.Value is not supported.");
  request.map_public_ip_on_launch->value = false;
  run(modify_subnet_attribute, request);
}

}  // namespace
}  // namespace ginnel::api
