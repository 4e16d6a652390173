#include "api/elbv2/listeners.h"

#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Listeners : public BalancerFixture {
 protected:
  std::string balancer = make_balancer(), group = make_group();

  std::string error_with(const std::function<void(elbv2::CreateListenerRequest&)>& change) {
    auto request = listener_request(balancer, group);
    change(request);
    return error_of(create_listener, request);
  }
  std::string group_of(const char* name, const char* protocol) {
    auto request = group_request(name);
    request.protocol = protocol;
    return make_group(request);
  }
};

TEST_F(Listeners, OneForwardsToOneGroup) {
  auto request = listener_request(balancer, group);
  request.tags = {{.key = "a", .value = "b"}};
  const auto made = run(create_listener, request).listeners.at(0);
  EXPECT_THAT(
      *made.listener_arn,
      MatchesRegex(
          "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:listener/net/web/[0-9a-f]{16}/[0-9a-f]{16}"));
  EXPECT_EQ(*made.load_balancer_arn, balancer);
  EXPECT_EQ(*made.port, 80);
  EXPECT_EQ(*made.protocol, "TCP");
  ASSERT_EQ(made.default_actions.size(), 1U);
  EXPECT_EQ(*made.default_actions[0].type, "forward");
  EXPECT_EQ(*made.default_actions[0].target_group_arn, group);
  EXPECT_EQ(*made.default_actions[0].forward_config->target_groups.at(0).target_group_arn, group);
  EXPECT_EQ(snapshot.tags_of(*made.listener_arn).at("a"), "b");
}

TEST_F(Listeners, NumbersAreNeverGivenOutTwice) {
  const auto first = make_listener(balancer, group, 80);
  const auto number = snapshot.find<model::Listener>(first)->number;
  run(delete_listener, {.listener_arn = first});
  EXPECT_GT(snapshot.find<model::Listener>(make_listener(balancer, group, 80))->number, number);
}

TEST_F(Listeners, TheGroupCanBeNamedInEitherPlace) {
  auto request = listener_request(balancer, group);
  request.default_actions = {{.type = "forward"}};
  EXPECT_THAT(error_of(create_listener, request), HasSubstr("DefaultActions.member.1.TargetGroupArn"));
  request.default_actions[0].forward_config =
      elbv2::ForwardActionConfig{.target_groups = {{.target_group_arn = group}}};
  EXPECT_EQ(*run(create_listener, request).listeners.at(0).default_actions.at(0).target_group_arn, group);
  request.default_actions[0].target_group_arn = group_of("b", "TCP");
  EXPECT_THAT(error_of(create_listener, request), HasSubstr("must be the same"));
  request.default_actions[0].forward_config->target_groups = {{.target_group_arn = group}, {.target_group_arn = group}};
  EXPECT_THAT(error_of(create_listener, request), StartsWith("TooManyUniqueTargetGroupsPerLoadBalancer: "));
}

TEST_F(Listeners, OtherActionsAreRefused) {
  EXPECT_THAT(error_with([](auto& request) { request.default_actions[0].type = "redirect"; }),
              StartsWith("InvalidLoadBalancerAction: Value (redirect) for parameter DefaultActions.member.1.Type"));
  EXPECT_THAT(error_with([](auto& request) { request.default_actions.push_back(request.default_actions[0]); }),
              StartsWith("TooManyActions: "));
}

TEST_F(Listeners, ProtocolsAndPortsAreChecked) {
  EXPECT_THAT(error_with([](auto& request) { request.protocol.reset(); }), HasSubstr("A protocol must be specified"));
  EXPECT_THAT(error_with([](auto& request) { request.port.reset(); }), HasSubstr("A port must be specified"));
  EXPECT_THAT(error_with([](auto& request) { request.port = 65536; }), HasSubstr("Value (65536) for parameter Port"));
  for (const char* protocol : {"TLS", "HTTP", "HTTPS", "QUIC", "GENEVE"}) {
    EXPECT_EQ(error_with([&](auto& request) { request.protocol = protocol; }),
              std::string("ValidationError: The value '") + protocol + "' of the parameter Protocol is not supported.");
  }
}

TEST_F(Listeners, AGroupServesListenersOfItsProtocol) {
  const auto udp = group_of("udp", "UDP"), both = group_of("both", "TCP_UDP");
  const auto with = [&](const char* protocol, const std::string& arn) {
    return error_with([&](auto& request) {
      request.protocol = protocol;
      request.default_actions[0].target_group_arn = arn;
    });
  };
  for (const char* protocol : {"TCP", "UDP", "TCP_UDP"}) EXPECT_EQ(with(protocol, both), "no error");
  EXPECT_EQ(with("UDP", udp), "no error");
  EXPECT_THAT(with("TCP", udp),
              StartsWith("IncompatibleProtocols: The target group '" + udp + "' with protocol 'UDP'"));
  EXPECT_THAT(with("UDP", group), StartsWith("IncompatibleProtocols: "));
  EXPECT_THAT(with("TCP_UDP", group), StartsWith("IncompatibleProtocols: "));
}

TEST_F(Listeners, TheGroupIsOfTheSameVpcAndOfNoOtherLoadBalancer) {
  auto request = group_request("far");
  request.vpc_id = kSecondVpc;
  const auto far = make_group(request);
  EXPECT_THAT(error_with([&](auto& other) { other.default_actions[0].target_group_arn = far; }),
              StartsWith("InvalidConfigurationRequest: The target group '" + far + "'"));
  const auto second = make_balancer("second");
  make_listener(balancer, group);
  EXPECT_THAT(error_with([&](auto& other) { other.load_balancer_arn = second; }),
              StartsWith("TargetGroupAssociationLimit: The following target groups cannot be associated with more than "
                         "one load balancer: " +
                         group));
  EXPECT_THAT(error_with([&](auto& other) { other.default_actions[0].target_group_arn = group + "0"; }),
              StartsWith("TargetGroupNotFound: Target group '"));
  EXPECT_THAT(error_of(create_listener, listener_request(balancer, group), kOtherAccount),
              StartsWith("LoadBalancerNotFound: "));
}

TEST_F(Listeners, APortIsTakenOnce) {
  const auto arn = make_listener(balancer, group);
  EXPECT_EQ(make_listener(balancer, group), arn);  // the same settings
  const auto both = group_of("both", "TCP_UDP");
  EXPECT_EQ(error_with([&](auto& request) {
              request.protocol = "UDP";
              request.default_actions[0].target_group_arn = both;
            }),
            "DuplicateListener: A listener already exists on this port (80) for this load balancer '" + balancer + "'");
}

TEST_F(Listeners, TheQuotaIsKept) {
  for (int port = 1; port <= 50; ++port) make_listener(balancer, group, port);
  EXPECT_THAT(error_with([](auto& request) { request.port = 51; }), StartsWith("TooManyListeners: "));
}

TEST_F(Listeners, TheyAreDescribedByLoadBalancerAndByArn) {
  const auto arn = make_listener(balancer, group, 80);
  make_listener(balancer, group, 81);
  EXPECT_EQ(run(describe_listeners, {.load_balancer_arn = balancer}).listeners.size(), 2U);
  EXPECT_EQ(*run(describe_listeners, {.listener_arns = {arn}}).listeners.at(0).port, 80);
  const auto page = run(describe_listeners, {.load_balancer_arn = balancer, .page_size = 1});
  EXPECT_EQ(page.listeners.size(), 1U);
  EXPECT_EQ(run(describe_listeners, {.load_balancer_arn = balancer, .marker = page.next_marker}).listeners.size(), 1U);
  EXPECT_THAT(error_of(describe_listeners, {}),
              HasSubstr("You must specify either listener ARNs or a load balancer ARN"));
  EXPECT_THAT(error_of(describe_listeners, {.load_balancer_arn = balancer, .listener_arns = {arn}}),
              StartsWith("ValidationError: "));
  EXPECT_THAT(error_of(describe_listeners, {.listener_arns = {arn}}, kOtherAccount),
              StartsWith("ListenerNotFound: One or more listeners not found"));
  EXPECT_THAT(error_of(describe_listeners, {.listener_arns = {balancer}}), HasSubstr("is not a valid listener ARN"));
}

TEST_F(Listeners, TheyCanBeModified) {
  const auto arn = make_listener(balancer, group, 80);
  make_listener(balancer, group, 81);
  const auto number = snapshot.find<model::Listener>(arn)->number;
  const auto both = group_of("both", "TCP_UDP");
  const auto changed = run(modify_listener, {.listener_arn = arn,
                                             .port = 8080,
                                             .protocol = "TCP_UDP",
                                             .default_actions = {{.type = "forward", .target_group_arn = both}}})
                           .listeners.at(0);
  EXPECT_EQ(*changed.port, 8080);
  EXPECT_EQ(*changed.protocol, "TCP_UDP");
  EXPECT_EQ(*changed.default_actions.at(0).target_group_arn, both);
  EXPECT_EQ(snapshot.find<model::Listener>(arn)->number, number);
  EXPECT_THAT(error_of(modify_listener, {.listener_arn = arn, .port = 81}), StartsWith("DuplicateListener: "));
  EXPECT_THAT(error_of(modify_listener, {.listener_arn = arn, .protocol = "TLS"}), HasSubstr("'TLS'"));
  EXPECT_THAT(error_of(modify_listener,
                       {.listener_arn = arn, .default_actions = {{.type = "forward", .target_group_arn = group}}}),
              StartsWith("IncompatibleProtocols: "));
  EXPECT_THAT(error_of(modify_listener, {.listener_arn = arn}, kOtherAccount),
              StartsWith("ListenerNotFound: Listener '"));
}

TEST_F(Listeners, AnUnknownOneIsNotDeleted) {
  const auto arn = make_listener(balancer, group);
  EXPECT_THAT(error_of(delete_listener, {.listener_arn = arn}, kOtherAccount), StartsWith("ListenerNotFound: "));
  run(delete_listener, {.listener_arn = arn});
  EXPECT_THAT(error_of(delete_listener, {.listener_arn = arn}), StartsWith("ListenerNotFound: "));
}

}  // namespace
}  // namespace ginnel::api
