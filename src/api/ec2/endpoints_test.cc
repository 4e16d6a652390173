#include "api/ec2/endpoints.h"

#include "api/ec2/delete_vpc_endpoints.h"
#include "api/ec2/endpoint_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Endpoints : public EndpointFixture {
 protected:
  size_t count_with(const char* name, const char* value, const char* account = kAccount) {
    return run(describe_vpc_endpoints, {.filters = {{.name = name, .values = {value}}}}, account).vpc_endpoints.size();
  }
  ec2::DeleteVpcEndpointsResponse remove(std::vector<std::string> ids, const char* account = kAccount) {
    return run(delete_vpc_endpoints, ec2::DeleteVpcEndpointsRequest{.vpc_endpoint_ids = std::move(ids)}, account);
  }
};

TEST_F(Endpoints, CanBeFiltered) {
  auto tagged = request("ec2", {kSubnetA});
  tagged.tag_specifications = {{.resource_type = "vpc-endpoint", .tags = {{.key = "Name", .value = "api"}}}};
  const auto id = *run(create_vpc_endpoint, tagged).vpc_endpoint->vpc_endpoint_id;
  apply();
  create("kinesis", {kSubnetC});
  EXPECT_EQ(count_with("vpc-endpoint-id", id.c_str()), 1U);
  EXPECT_EQ(count_with("vpc-endpoint-state", "available"), 1U);
  EXPECT_EQ(count_with("vpc-endpoint-state", "pending"), 1U);
  EXPECT_EQ(count_with("service-name", "*.kinesis"), 1U);
  EXPECT_EQ(count_with("vpc-endpoint-type", "Interface"), 2U);
  EXPECT_EQ(count_with("vpc-endpoint-type", "interface"), 0U);
  EXPECT_EQ(count_with("ip-address-type", "ipv4"), 2U);
  EXPECT_EQ(count_with("service-region", "ap-northeast-1"), 2U);
  EXPECT_EQ(count_with("vpc-id", kVpc), 2U);
  EXPECT_EQ(count_with("vpc-id", kSecondVpc), 0U);
  EXPECT_EQ(count_with("tag:Name", "api"), 1U);
  EXPECT_EQ(count_with("tag-key", "Name"), 1U);
  EXPECT_THAT(error_of(describe_vpc_endpoints,
                       ec2::DescribeVpcEndpointsRequest{.filters = {{.name = "colour", .values = {"red"}}}}),
              HasSubstr("colour"));
}

TEST_F(Endpoints, ComeInPages) {
  for (int i = 0; i < 3; ++i) create("plain", {});
  ec2::DescribeVpcEndpointsRequest wanted;
  wanted.max_results = 2;
  const auto first = run(describe_vpc_endpoints, wanted);
  ASSERT_EQ(first.vpc_endpoints.size(), 2U);
  ASSERT_TRUE(first.next_token);
  wanted.next_token = first.next_token;
  const auto second = run(describe_vpc_endpoints, wanted);
  ASSERT_EQ(second.vpc_endpoints.size(), 1U);
  EXPECT_FALSE(second.next_token);
  EXPECT_GT(*second.vpc_endpoints[0].vpc_endpoint_id, *first.vpc_endpoints[1].vpc_endpoint_id);
}

TEST_F(Endpoints, OfAnotherAccountAreNotSeen) {
  const auto id = create("ec2", {kSubnetA});
  EXPECT_EQ(count_with("vpc-endpoint-type", "*", kOtherAccount), 0U);
  EXPECT_EQ(error_of(describe_vpc_endpoints, ec2::DescribeVpcEndpointsRequest{.vpc_endpoint_ids = {id}}, kOtherAccount),
            "InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id '" + id + "' does not exist");
  const auto answer = remove({id}, kOtherAccount);
  ASSERT_EQ(answer.unsuccessful.size(), 1U);
  EXPECT_EQ(*answer.unsuccessful[0].error->code, "InvalidVpcEndpointId.NotFound");
  EXPECT_EQ(*describe(id).state, "pending");
}

TEST_F(Endpoints, AreDeletingThenGone) {
  const auto id = create("ec2", {kSubnetA, kSubnetC});
  apply();
  EXPECT_TRUE(remove({id}).unsuccessful.empty());
  EXPECT_EQ(*describe(id).state, "deleting");
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 2U);
  EXPECT_TRUE(remove({id}).unsuccessful.empty());  // again: nothing more to do
  apply();
  EXPECT_EQ(snapshot.table<model::VpcEndpoint>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 0U);
  const auto answer = remove({id});
  ASSERT_EQ(answer.unsuccessful.size(), 1U);
  EXPECT_EQ(*answer.unsuccessful[0].resource_id, id);
  EXPECT_EQ(*answer.unsuccessful[0].error->code, "InvalidVpcEndpointId.NotFound");
}

TEST_F(Endpoints, OneThatCannotBeDeletedDoesNotStopTheOthers) {
  const auto id = create("ec2", {kSubnetA});
  const auto answer = remove({"vpce-00000000000000fff", id, "nonsense"});
  ASSERT_EQ(answer.unsuccessful.size(), 2U);
  EXPECT_EQ(*answer.unsuccessful[0].error->code, "InvalidVpcEndpointId.Malformed");
  EXPECT_EQ(*answer.unsuccessful[1].error->code, "InvalidVpcEndpointId.NotFound");
  EXPECT_EQ(*describe(id).state, "deleting");
}

TEST_F(Endpoints, OfAServiceThatTheConfigurationLacksAreStillShown) {
  const auto id = create("ec2", {kSubnetA});
  region.services.clear();
  const auto endpoint = describe(id);
  EXPECT_EQ(*endpoint.service_name, "com.amazonaws.ap-northeast-1.ec2");
  EXPECT_TRUE(endpoint.dns_entries.empty());
  EXPECT_TRUE(remove({id}).unsuccessful.empty());
}

}  // namespace
}  // namespace ginnel::api
