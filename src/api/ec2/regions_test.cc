#include "api/ec2/regions.h"

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

using Regions = RegionFixture;
using ::testing::ElementsAre;

std::vector<std::string> names(const ec2::DescribeAvailabilityZonesResponse& response) {
  std::vector<std::string> out;
  for (const auto& zone : response.availability_zones) out.push_back(*zone.zone_name);
  return out;
}

ec2::DescribeAvailabilityZonesRequest zones_by(const char* filter, const char* value) {
  return {.filters = {{.name = filter, .values = {value}}}};
}

TEST_F(Regions, TheRegionIsTheOnlyOne) {
  const auto response = run(describe_regions, ec2::DescribeRegionsRequest{.region_names = {"ap-northeast-1"}});
  ASSERT_EQ(response.regions.size(), 1U);
  EXPECT_EQ(response.regions[0].region_name, "ap-northeast-1");
  EXPECT_EQ(response.regions[0].endpoint, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(response.regions[0].opt_in_status, "opt-in-not-required");
  EXPECT_EQ(error_of(describe_regions, ec2::DescribeRegionsRequest{.region_names = {"us-east-1", "ap-northeast-1"}}),
            "InvalidParameterValue: Invalid region names: [us-east-1]");
  const ec2::DescribeRegionsRequest elsewhere{.filters = {{.name = "endpoint", .values = {"*us-east-1*"}}}};
  EXPECT_TRUE(run(describe_regions, elsewhere).regions.empty());
}

TEST_F(Regions, ZonesHaveAllThatClientsRead) {
  const auto response = run(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{});
  EXPECT_THAT(names(response), ElementsAre("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"));
  const auto& zone = response.availability_zones[0];
  EXPECT_EQ(zone.state, "available");
  EXPECT_EQ(zone.opt_in_status, "opt-in-not-required");
  EXPECT_EQ(zone.region_name, "ap-northeast-1");
  EXPECT_EQ(zone.zone_id, "apne1-az4");
  EXPECT_EQ(zone.group_name, "ap-northeast-1-zg-1");
  EXPECT_EQ(zone.network_border_group, "ap-northeast-1");
  EXPECT_EQ(zone.zone_type, "availability-zone");
}

TEST_F(Regions, ZonesByNameIdAndFilter) {
  EXPECT_THAT(
      names(run(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{.zone_names = {"ap-northeast-1c"}})),
      ElementsAre("ap-northeast-1c"));
  EXPECT_THAT(names(run(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{.zone_ids = {"apne1-az2"}})),
              ElementsAre("ap-northeast-1d"));
  EXPECT_THAT(names(run(describe_availability_zones, zones_by("zone-name", "*a"))), ElementsAre("ap-northeast-1a"));
  EXPECT_TRUE(names(run(describe_availability_zones, zones_by("parent-zone-id", "*"))).empty());
  EXPECT_EQ(names(run(describe_availability_zones, zones_by("state", "available"))).size(), 3U);
}

TEST_F(Regions, UnknownZonesAndFiltersAreErrors) {
  EXPECT_EQ(
      error_of(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{.zone_names = {"ap-northeast-1z"}}),
      "InvalidParameterValue: Invalid availability zone: [ap-northeast-1z]");
  // An id is no name.
  EXPECT_EQ(error_of(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{.zone_names = {"apne1-az4"}}),
            "InvalidParameterValue: Invalid availability zone: [apne1-az4]");
  EXPECT_EQ(error_of(describe_availability_zones, ec2::DescribeAvailabilityZonesRequest{.zone_ids = {"x"}}),
            "InvalidParameterValue: Invalid availability zone-id: [x]");
  EXPECT_EQ(error_of(describe_availability_zones, zones_by("colour", "green")),
            "InvalidParameterValue: The filter 'colour' is invalid");
  // Zones have no tags.
  EXPECT_EQ(error_of(describe_availability_zones, zones_by("tag:Name", "x")),
            "InvalidParameterValue: The filter 'tag:Name' is invalid");
}

TEST_F(Regions, AccountHasVpcsAndNoDefaultOne) {
  const auto all = run(describe_account_attributes, ec2::DescribeAccountAttributesRequest{});
  ASSERT_EQ(all.account_attributes.size(), 2U);
  const auto one =
      run(describe_account_attributes, ec2::DescribeAccountAttributesRequest{.attribute_names = {"default-vpc"}});
  ASSERT_EQ(one.account_attributes.size(), 1U);
  EXPECT_EQ(one.account_attributes[0].attribute_values[0].attribute_value, "none");
}

TEST_F(Regions, PrefixListsAreAnEmptySet) {
  const ec2::DescribePrefixListsRequest by_name{
      .filters = {{.name = "prefix-list-name", .values = {"com.amazonaws.ap-northeast-1.ec2"}}}};
  EXPECT_TRUE(run(describe_prefix_lists, by_name).prefix_lists.empty());
  EXPECT_EQ(error_of(describe_prefix_lists, ec2::DescribePrefixListsRequest{.prefix_list_ids = {"pl-1"}}),
            "InvalidPrefixListId.NotFound: The prefix list ID 'pl-1' does not exist");
  EXPECT_EQ(
      error_of(describe_prefix_lists, ec2::DescribePrefixListsRequest{.filters = {{.name = "x", .values = {"y"}}}}),
      "InvalidParameterValue: The filter 'x' is invalid");
}

}  // namespace
}  // namespace ginnel::api
