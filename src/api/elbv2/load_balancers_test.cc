#include "api/elbv2/load_balancers.h"

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

using LoadBalancers = RegionFixture;
using Request = elbv2::DescribeLoadBalancersRequest;

constexpr const char* kArn =
    "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:loadbalancer/net/mine/0123456789abcdef";

TEST_F(LoadBalancers, ThereAreNone) {
  const auto response = run(describe_load_balancers, Request{});
  EXPECT_TRUE(response.load_balancers.empty());
  EXPECT_FALSE(response.next_marker);
}

TEST_F(LoadBalancers, NamedOnesAreNotFound) {
  EXPECT_EQ(error_of(describe_load_balancers, Request{.names = {"mine", "yours"}}),
            "LoadBalancerNotFound: Load balancers '[mine, yours]' not found");
  EXPECT_EQ(error_of(describe_load_balancers, Request{.load_balancer_arns = {kArn}}),
            "LoadBalancerNotFound: One or more load balancers not found");
}

TEST_F(LoadBalancers, BadParametersAreRefused) {
  EXPECT_EQ(error_of(describe_load_balancers, Request{.load_balancer_arns = {"arn:aws:ec2:x"}}),
            "ValidationError: 'arn:aws:ec2:x' is not a valid load balancer ARN");
  EXPECT_THAT(error_of(describe_load_balancers, Request{.load_balancer_arns = {kArn}, .names = {"mine"}}),
              ::testing::StartsWith("ValidationError: Load balancer names and load balancer ARNs"));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.page_size = 0}), ::testing::StartsWith("ValidationError: "));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.page_size = 401}), ::testing::HasSubstr("(401)"));
  EXPECT_EQ(error_of(describe_load_balancers, Request{.marker = "x"}), "ValidationError: The marker 'x' is not valid");
  EXPECT_THAT(error_of(describe_load_balancers, Request{.names = std::vector<std::string>(21, "a")}),
              ::testing::StartsWith("ValidationError: Up to 20"));
}

}  // namespace
}  // namespace ginnel::api
