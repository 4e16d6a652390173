#include "api/ec2/endpoint_services.h"

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EndpointServices : public RegionFixture {
 protected:
  std::vector<std::string> names_with(const char* name, const char* value) {
    return run(describe_vpc_endpoint_services, {.filters = {{.name = name, .values = {value}}}}).service_names;
  }
};

TEST_F(EndpointServices, AreNamedAndDetailed) {
  const auto answer = run(describe_vpc_endpoint_services, {});
  EXPECT_THAT(answer.service_names,
              ElementsAre("com.amazonaws.ap-northeast-1.ec2", "com.amazonaws.ap-northeast-1.kinesis",
                          "com.amazonaws.ap-northeast-1.plain"));
  ASSERT_EQ(answer.service_details.size(), 3U);
  const auto& ec2 = answer.service_details[0];
  EXPECT_EQ(*ec2.service_name, "com.amazonaws.ap-northeast-1.ec2");
  EXPECT_EQ(*ec2.service_id, model::service_id(*ec2.service_name));
  EXPECT_EQ(*ec2.service_type.at(0).service_type, "Interface");
  EXPECT_THAT(ec2.availability_zones, ElementsAre("ap-northeast-1a", "ap-northeast-1c"));
  EXPECT_THAT(ec2.availability_zone_ids, ElementsAre("apne1-az4", "apne1-az1"));
  EXPECT_EQ(*ec2.owner, "amazon");
  EXPECT_THAT(ec2.base_endpoint_dns_names, ElementsAre("ec2.ap-northeast-1.vpce.amazonaws.com"));
  EXPECT_EQ(*ec2.private_dns_name, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(*ec2.private_dns_names.at(0).private_dns_name, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(*ec2.private_dns_name_verification_state, "verified");
  EXPECT_FALSE(*ec2.acceptance_required);
  const auto& plain = answer.service_details[2];
  EXPECT_FALSE(plain.private_dns_name);
  EXPECT_FALSE(plain.private_dns_name_verification_state);
}

TEST_F(EndpointServices, CanBeAskedForByName) {
  const auto answer = run(describe_vpc_endpoint_services, {.service_names = {"com.amazonaws.ap-northeast-1.kinesis"}});
  EXPECT_THAT(answer.service_names, ElementsAre("com.amazonaws.ap-northeast-1.kinesis"));
  EXPECT_EQ(error_of(describe_vpc_endpoint_services,
                     ec2::DescribeVpcEndpointServicesRequest{.service_names = {"com.example.x"}}),
            "InvalidServiceName: The Vpc Endpoint Service 'com.example.x' does not exist");
}

TEST_F(EndpointServices, CanBeFiltered) {
  EXPECT_EQ(names_with("service-name", "*.ec2").size(), 1U);
  EXPECT_EQ(names_with("service-type", "Interface").size(), 3U);
  EXPECT_EQ(names_with("service-type", "Gateway").size(), 0U);
  EXPECT_EQ(names_with("supported-ip-address-types", "ipv6").size(), 3U);
  EXPECT_EQ(names_with("supported-ip-address-types", "ipx").size(), 0U);
  EXPECT_EQ(names_with("owner", "amazon").size(), 3U);
  EXPECT_EQ(names_with("tag:Name", "*").size(), 0U);
  EXPECT_EQ(names_with("tag-key", "*").size(), 0U);
  EXPECT_THAT(error_of(describe_vpc_endpoint_services,
                       ec2::DescribeVpcEndpointServicesRequest{.filters = {{.name = "colour", .values = {"red"}}}}),
              HasSubstr("colour"));
}

TEST_F(EndpointServices, ComeInPages) {
  ec2::DescribeVpcEndpointServicesRequest wanted;
  wanted.max_results = 2;
  const auto first = run(describe_vpc_endpoint_services, wanted);
  EXPECT_EQ(first.service_names.size(), 2U);
  EXPECT_EQ(first.service_details.size(), 2U);
  wanted.next_token = first.next_token;
  const auto second = run(describe_vpc_endpoint_services, wanted);
  EXPECT_THAT(second.service_names, ElementsAre("com.amazonaws.ap-northeast-1.plain"));
  EXPECT_FALSE(second.next_token);
}

TEST_F(EndpointServices, AreOfThisRegionOnly) {
  EXPECT_THAT(error_of(describe_vpc_endpoint_services,
                       ec2::DescribeVpcEndpointServicesRequest{.service_regions = {"us-east-1"}}),
              HasSubstr("us-east-1"));
  EXPECT_EQ(run(describe_vpc_endpoint_services, {.service_regions = {"ap-northeast-1"}}).service_names.size(), 3U);
}

}  // namespace
}  // namespace ginnel::api
