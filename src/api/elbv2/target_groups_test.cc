#include "api/elbv2/target_groups.h"

#include "api/ec2/vpcs.h"
#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class TargetGroups : public BalancerFixture {
 protected:
  std::string error_with(const std::function<void(elbv2::CreateTargetGroupRequest&)>& change) {
    auto request = group_request();
    change(request);
    return error_of(create_target_group, request);
  }
  elbv2::TargetGroup made_with(const char* name, const std::function<void(elbv2::CreateTargetGroupRequest&)>& change) {
    auto request = group_request(name);
    change(request);
    return run(create_target_group, request).target_groups.at(0);
  }
};

TEST_F(TargetGroups, TheDefaultsAreThoseOfAws) {
  const auto tcp = made_with("tcp", [](auto& request) { request.target_type.reset(); });
  EXPECT_THAT(*tcp.target_group_arn,
              MatchesRegex("arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:targetgroup/tcp/[0-9a-f]{16}"));
  EXPECT_EQ(*tcp.target_type, "instance");
  EXPECT_EQ(*tcp.health_check_protocol, "TCP");
  EXPECT_EQ(*tcp.health_check_port, "traffic-port");
  EXPECT_EQ(*tcp.health_check_interval_seconds, 30);
  EXPECT_EQ(*tcp.health_check_timeout_seconds, 10);
  EXPECT_EQ(*tcp.healthy_threshold_count, 5);
  EXPECT_EQ(*tcp.unhealthy_threshold_count, 2);
  EXPECT_TRUE(*tcp.health_check_enabled);
  EXPECT_FALSE(tcp.health_check_path);
  EXPECT_FALSE(tcp.matcher);
  EXPECT_THAT(tcp.load_balancer_arns, IsEmpty());
  const auto http = made_with("http", [](auto& request) { request.health_check_protocol = "HTTP"; });
  EXPECT_EQ(*http.health_check_timeout_seconds, 6);
  EXPECT_EQ(*http.health_check_path, "/");
  EXPECT_EQ(*http.matcher->http_code, "200-399");
  const auto https = made_with("https", [](auto& request) { request.health_check_protocol = "HTTPS"; });
  EXPECT_EQ(*https.health_check_timeout_seconds, 10);
}

TEST_F(TargetGroups, EverySettingIsKept) {
  const auto made = made_with("all", [](auto& request) {
    request.protocol = "TCP_UDP";
    request.port = 53;
    request.health_check_protocol = "HTTPS";
    request.health_check_port = "8443";
    request.health_check_path = "/healthy?deep=1";
    request.health_check_interval_seconds = 5;
    request.health_check_timeout_seconds = 2;
    request.healthy_threshold_count = 2;
    request.unhealthy_threshold_count = 10;
    request.matcher = elbv2::Matcher{.http_code = "200,204,301-302"};
    request.tags = {{.key = "a", .value = "b"}};
  });
  EXPECT_EQ(*made.protocol, "TCP_UDP");
  EXPECT_EQ(*made.port, 53);
  EXPECT_EQ(*made.health_check_port, "8443");
  EXPECT_EQ(*made.health_check_path, "/healthy?deep=1");
  EXPECT_EQ(*made.health_check_interval_seconds, 5);
  EXPECT_EQ(*made.health_check_timeout_seconds, 2);
  EXPECT_EQ(*made.healthy_threshold_count, 2);
  EXPECT_EQ(*made.unhealthy_threshold_count, 10);
  EXPECT_EQ(*made.matcher->http_code, "200,204,301-302");
  EXPECT_EQ(snapshot.tags_of(*made.target_group_arn).at("a"), "b");
}

TEST_F(TargetGroups, OtherTypesAndProtocolsAreRefusedByName) {
  for (const char* type : {"lambda", "alb"}) {
    EXPECT_EQ(error_with([&](auto& request) { request.target_type = type; }),
              std::string("ValidationError: The value '") + type + "' of the parameter TargetType is not supported.");
  }
  for (const char* protocol : {"TLS", "QUIC", "TCP_QUIC", "HTTP", "HTTPS", "GENEVE"}) {
    EXPECT_EQ(error_with([&](auto& request) { request.protocol = protocol; }),
              std::string("ValidationError: The value '") + protocol + "' of the parameter Protocol is not supported.");
  }
  EXPECT_THAT(error_with([](auto& request) { request.health_check_protocol = "UDP"; }),
              StartsWith("ValidationError: Value (UDP) for parameter HealthCheckProtocol"));
}

TEST_F(TargetGroups, WhatIsNeededIsAskedFor) {
  EXPECT_THAT(error_with([](auto& request) { request.protocol.reset(); }), HasSubstr("A protocol must be specified"));
  EXPECT_THAT(error_with([](auto& request) { request.port.reset(); }), HasSubstr("A port must be specified"));
  EXPECT_THAT(error_with([](auto& request) { request.vpc_id.reset(); }), HasSubstr("A VPC ID must be specified"));
  EXPECT_EQ(error_with([](auto& request) { request.vpc_id = kOtherVpc; }),
            std::string("ValidationError: The VPC ID '") + kOtherVpc + "' is not found");
  for (const int port : {0, 65536}) {
    EXPECT_THAT(error_with([&](auto& request) { request.port = port; }), HasSubstr("for parameter Port is invalid"));
  }
  EXPECT_THAT(error_with([](auto& request) { request.name = "a_b"; }),
              StartsWith("ValidationError: Target group name 'a_b'"));
}

TEST_F(TargetGroups, HealthCheckRangesAreKept) {
  const auto numbers = [&](auto member, int value) {
    return error_with([&](auto& request) { request.*member = value; });
  };
  using Request = elbv2::CreateTargetGroupRequest;
  for (const int bad : {4, 301}) {
    EXPECT_THAT(numbers(&Request::health_check_interval_seconds, bad), HasSubstr("HealthCheckIntervalSeconds"));
  }
  for (const int bad : {1, 121}) {
    EXPECT_THAT(numbers(&Request::health_check_timeout_seconds, bad), HasSubstr("HealthCheckTimeoutSeconds"));
  }
  for (const int bad : {1, 11}) {
    EXPECT_THAT(numbers(&Request::healthy_threshold_count, bad), HasSubstr("parameter HealthyThresholdCount"));
    EXPECT_THAT(numbers(&Request::unhealthy_threshold_count, bad), HasSubstr("parameter UnhealthyThresholdCount"));
  }
  EXPECT_THAT(numbers(&Request::health_check_timeout_seconds, 31),
              StartsWith("ValidationError: Health check timeout '31' (HealthCheckTimeoutSeconds) must be smaller than "
                         "or equal to the interval '30'"));
  for (const char* bad : {"0", "65536", "080", "http", ""}) {
    EXPECT_THAT(error_with([&](auto& request) { request.health_check_port = bad; }), HasSubstr("HealthCheckPort"));
  }
}

TEST_F(TargetGroups, PathsAndCodesAreForHttpAlone) {
  EXPECT_THAT(error_with([](auto& request) { request.health_check_path = "/"; }),
              HasSubstr("TCP health checks have no path"));
  EXPECT_THAT(error_with([](auto& request) { request.matcher = elbv2::Matcher{.http_code = "200"}; }),
              HasSubstr("TCP health checks have no response code"));
  const auto http = [&](const char* path, const char* codes) {
    return error_with([&](auto& request) {
      request.health_check_protocol = "HTTP";
      request.health_check_path = path;
      request.matcher = elbv2::Matcher{.http_code = codes};
    });
  };
  for (const char* bad : {"", "x", "/a b", "/\n"}) EXPECT_THAT(http(bad, "200"), HasSubstr("HealthCheckPath")) << bad;
  EXPECT_THAT(http(std::string(1025, '/').c_str(), "200"), HasSubstr("HealthCheckPath"));
  for (const char* bad : {"", "199", "600", "200-", "-200", "300-200", "200,", "2xx", "200-299-300", "200 201"}) {
    EXPECT_THAT(http("/", bad), HasSubstr("Matcher.HttpCode")) << bad;
  }
  EXPECT_EQ(http("/", "200-599"), "no error");
  EXPECT_THAT(error_with([](auto& request) {
                request.health_check_protocol = "HTTP";
                request.matcher = elbv2::Matcher{};
              }),
              HasSubstr("Matcher.HttpCode"));
}

TEST_F(TargetGroups, TheSameSettingsGiveTheSameOneAndOthersAreRefused) {
  const auto arn = make_group();
  EXPECT_EQ(make_group(), arn);
  const auto duplicate =
      "DuplicateTargetGroupName: A target group with the same name 'pool' exists, but with different settings";
  EXPECT_EQ(error_with([](auto& request) { request.port = 81; }), duplicate);
  EXPECT_EQ(error_with([](auto& request) { request.healthy_threshold_count = 3; }), duplicate);
  EXPECT_EQ(error_with([](auto& request) { request.tags = {{.key = "a"}}; }), duplicate);
}

TEST_F(TargetGroups, TheyAreDescribedInEveryWay) {
  const auto arn = make_group(), other = make_group(group_request("other"));
  const auto balancer = make_balancer();
  make_listener(balancer, arn, 80);
  make_listener(balancer, arn, 81);
  EXPECT_EQ(run(describe_target_groups, {}).target_groups.size(), 2U);
  EXPECT_EQ(run(describe_target_groups, {.page_size = 1}).target_groups.size(), 1U);
  const auto used = run(describe_target_groups, {.load_balancer_arn = balancer}).target_groups;
  ASSERT_EQ(used.size(), 1U);
  EXPECT_THAT(used[0].load_balancer_arns, ElementsAre(balancer));
  EXPECT_EQ(*run(describe_target_groups, {.names = {"other"}}).target_groups.at(0).target_group_arn, other);
  EXPECT_EQ(*run(describe_target_groups, {.target_group_arns = {arn}}).target_groups.at(0).target_group_name, "pool");
  EXPECT_THAT(error_of(describe_target_groups, {.names = {"x"}}),
              StartsWith("TargetGroupNotFound: One or more target groups not found"));
  EXPECT_THAT(error_of(describe_target_groups, {.target_group_arns = {arn}}, kOtherAccount),
              StartsWith("TargetGroupNotFound: "));
  EXPECT_EQ(error_of(describe_target_groups, {.target_group_arns = {balancer}}),
            "ValidationError: '" + balancer + "' is not a valid target group ARN");
  EXPECT_THAT(error_of(describe_target_groups, {.load_balancer_arn = balancer}, kOtherAccount),
              StartsWith("LoadBalancerNotFound: "));
  EXPECT_THAT(error_of(describe_target_groups, {.target_group_arns = {arn}, .names = {"pool"}}),
              StartsWith("ValidationError: Only one of LoadBalancerArn, TargetGroupArns and Names"));
}

TEST_F(TargetGroups, HealthChecksCanBeChanged) {
  const auto arn = make_group();
  auto changed = run(modify_target_group, {.target_group_arn = arn,
                                           .health_check_protocol = "HTTP",
                                           .health_check_interval_seconds = 15,
                                           .matcher = elbv2::Matcher{.http_code = "204"}})
                     .target_groups.at(0);
  EXPECT_EQ(*changed.health_check_path, "/");
  EXPECT_EQ(*changed.matcher->http_code, "204");
  EXPECT_EQ(*changed.health_check_interval_seconds, 15);
  EXPECT_EQ(*changed.health_check_timeout_seconds, 10);
  changed = run(modify_target_group, {.target_group_arn = arn, .health_check_protocol = "TCP"}).target_groups.at(0);
  EXPECT_FALSE(changed.health_check_path);
  EXPECT_FALSE(changed.matcher);
  EXPECT_THAT(error_of(modify_target_group, {.target_group_arn = arn, .health_check_path = "/x"}),
              HasSubstr("HealthCheckPath"));
  EXPECT_THAT(error_of(modify_target_group, {.target_group_arn = arn, .health_check_timeout_seconds = 16}),
              HasSubstr("'16'"));
  EXPECT_THAT(error_of(modify_target_group, {.target_group_arn = arn}, kOtherAccount),
              StartsWith("TargetGroupNotFound: Target group '"));
}

TEST_F(TargetGroups, DeletingTakesTheTargetsAlongAndWaitsForListeners) {
  const auto arn = make_group();
  add_target(arn, "10.0.1.50");
  const auto balancer = make_balancer();
  const auto listener = make_listener(balancer, arn);
  EXPECT_THAT(error_of(delete_target_group, {.target_group_arn = arn}),
              StartsWith("ResourceInUse: Target group '" + arn + "' is currently in use by a listener or a rule"));
  run(delete_listener, {.listener_arn = listener});
  run(delete_target_group, {.target_group_arn = arn});
  EXPECT_EQ(snapshot.table<model::TargetGroup>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::Target>().size(), 0U);
  run(delete_target_group, {.target_group_arn = arn});
}

TEST_F(TargetGroups, TheyKeepTheirVpc) {
  make_group();
  EXPECT_THAT(error_of(delete_vpc, {.vpc_id = kVpc}), HasSubstr("DependencyViolation"));
}

}  // namespace
}  // namespace ginnel::api
