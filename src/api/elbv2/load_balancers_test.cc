#include "api/elbv2/load_balancers.h"

#include "api/ec2/network_interfaces.h"
#include "api/ec2/security_groups.h"
#include "api/ec2/subnets.h"
#include "api/ec2/vpcs.h"
#include "api/elbv2/balancer_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

using LoadBalancers = BalancerFixture;

TEST_F(LoadBalancers, OneIsMadeWithANodeInEverySubnet) {
  auto request = balancer_request();
  request.tags = {{.key = "a", .value = "b"}};
  const auto made = run(create_load_balancer, request).load_balancers.at(0);
  EXPECT_THAT(
      *made.load_balancer_arn,
      MatchesRegex("arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:loadbalancer/net/web/[0-9a-f]{16}"));
  EXPECT_THAT(*made.dns_name, MatchesRegex("web-[0-9a-f]{16}.elb.ap-northeast-1.amazonaws.com"));
  EXPECT_EQ(*made.scheme, "internal");
  EXPECT_EQ(*made.type, "network");
  EXPECT_EQ(*made.vpc_id, kVpc);
  EXPECT_EQ(*made.state->code, "provisioning");
  EXPECT_THAT(made.security_groups, IsEmpty());
  EXPECT_FALSE(made.enforce_security_group_inbound_rules_on_private_link_traffic);
  ASSERT_EQ(made.availability_zones.size(), 2U);
  EXPECT_EQ(*made.availability_zones[0].zone_name, "ap-northeast-1a");
  EXPECT_THAT(made.availability_zones[0].load_balancer_addresses, IsEmpty());
  EXPECT_EQ(snapshot.tags_of(*made.load_balancer_arn).at("a"), "b");

  const auto interfaces = run(describe_network_interfaces, {}).network_interfaces;
  ASSERT_EQ(interfaces.size(), 2U);
  for (const auto& interface : interfaces) {
    EXPECT_EQ(*interface.interface_type, "network_load_balancer");
    EXPECT_THAT(*interface.description, StartsWith("ELB net/web/"));
    EXPECT_THAT(*made.load_balancer_arn, HasSubstr(interface.description->substr(4)));
    EXPECT_EQ(*interface.requester_id, "amazon-elb");
    EXPECT_EQ(*interface.attachment->instance_owner_id, "amazon-aws");
    EXPECT_EQ(*interface.status, "in-use");
    EXPECT_TRUE(*interface.requester_managed);
    EXPECT_THAT(interface.groups, IsEmpty());
  }
}

TEST_F(LoadBalancers, ItIsActiveOnceItsPlanIsApplied) {
  const auto arn = make_balancer();
  apply();
  EXPECT_EQ(*run(describe_load_balancers, {.load_balancer_arns = {arn}}).load_balancers[0].state->code, "active");
}

TEST_F(LoadBalancers, AddressesAndGroupsCanBeChosen) {
  auto request = balancer_request();
  request.subnets.clear();
  request.subnet_mappings = {{.subnet_id = kSubnetA, .private_ipv4_address = "10.0.1.99"}};
  request.security_groups = {kWebGroup};
  const auto made = run(create_load_balancer, request).load_balancers.at(0);
  EXPECT_EQ(*made.availability_zones.at(0).load_balancer_addresses.at(0).private_ipv4_address, "10.0.1.99");
  EXPECT_THAT(made.security_groups, ElementsAre(kWebGroup));
  EXPECT_EQ(*made.enforce_security_group_inbound_rules_on_private_link_traffic, "on");
  EXPECT_EQ(run(describe_network_interfaces, {}).network_interfaces.at(0).groups.at(0).group_id, kWebGroup);
}

TEST_F(LoadBalancers, TheSameSettingsGiveTheSameOneAndOthersAreRefused) {
  const auto arn = make_balancer();
  EXPECT_EQ(make_balancer(), arn);
  EXPECT_EQ(snapshot.table<model::LoadBalancer>().size(), 1U);
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 2U);
  const auto duplicate =
      "DuplicateLoadBalancerName: A load balancer with the same name 'web' exists, but with different settings";
  auto other = balancer_request();
  other.subnets = {kSubnetA};
  EXPECT_EQ(error_of(create_load_balancer, other), duplicate);
  other = balancer_request();
  other.security_groups = {kWebGroup};
  EXPECT_EQ(error_of(create_load_balancer, other), duplicate);
  other = balancer_request();
  other.tags = {{.key = "a", .value = "b"}};
  EXPECT_EQ(error_of(create_load_balancer, other), duplicate);
  auto theirs = balancer_request();
  theirs.subnets = {kOtherSubnet};
  EXPECT_EQ(run(create_load_balancer, theirs, kOtherAccount).load_balancers.size(), 1U);
}

TEST_F(LoadBalancers, OnlyInternalNetworkOnesAreMade) {
  auto request = balancer_request();
  request.type.reset();
  EXPECT_THAT(error_of(create_load_balancer, request),
              StartsWith("ValidationError: Value (application) for parameter Type"));
  request.type = "gateway";
  EXPECT_THAT(error_of(create_load_balancer, request),
              StartsWith("ValidationError: Value (gateway) for parameter Type"));
  request = balancer_request();
  request.scheme.reset();
  EXPECT_EQ(error_of(create_load_balancer, request),
            "InvalidScheme: Value (internet-facing) for parameter Scheme is invalid. Only internal load balancers are "
            "supported; internet-facing is the default.");
  request.scheme = "internet-facing";
  EXPECT_THAT(error_of(create_load_balancer, request),
              StartsWith("InvalidScheme: Value (internet-facing) for parameter Scheme"));
}

TEST_F(LoadBalancers, NamesAreChecked) {
  for (const char* bad : {"", "-a", "a-", "a_b", "a.b", "internal-a", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_THAT(error_of(create_load_balancer, balancer_request(bad)),
                StartsWith(std::string("ValidationError: Load balancer name '") + bad + "'"));
  }
}

TEST_F(LoadBalancers, SubnetsAreChecked) {
  const auto with = [&](std::vector<std::string> subnets) {
    auto request = balancer_request();
    request.subnets = std::move(subnets);
    return error_of(create_load_balancer, request);
  };
  EXPECT_THAT(with({}), HasSubstr("At least one subnet must be specified"));
  EXPECT_EQ(with({"subnet-1"}), "SubnetNotFound: The subnet ID 'subnet-1' does not exist");
  EXPECT_EQ(with({kOtherSubnet}), std::string("SubnetNotFound: The subnet ID '") + kOtherSubnet + "' does not exist");
  EXPECT_THAT(with({kSubnetA, kSubnetA2}),
              HasSubstr("InvalidConfigurationRequest: A load balancer cannot be attached to "
                        "multiple subnets in the same Availability Zone"));
  EXPECT_THAT(with({kSubnetA, kSubnetA}), StartsWith("InvalidConfigurationRequest: "));
  EXPECT_THAT(with({kSubnetC, kSecondSubnet}), HasSubstr("are not in the same VPC"));
  auto both = balancer_request();
  both.subnet_mappings = {{.subnet_id = kSubnetC}};
  EXPECT_THAT(error_of(create_load_balancer, both), HasSubstr("Only one of Subnets or SubnetMappings"));
}

TEST_F(LoadBalancers, ChosenAddressesAreChecked) {
  const auto with = [&](const char* address) {
    auto request = balancer_request();
    request.subnets.clear();
    request.subnet_mappings = {{.subnet_id = kSubnetA, .private_ipv4_address = address}};
    return error_of(create_load_balancer, request);
  };
  EXPECT_THAT(with("x"),
              StartsWith("ValidationError: Value (x) for parameter SubnetMappings.member.1.PrivateIPv4Address"));
  EXPECT_THAT(with("10.0.2.9"), HasSubstr("does not fall within the subnet's address range"));
  EXPECT_THAT(with("10.0.1.1"), HasSubstr("reserved"));
  make_balancer();
  auto request = balancer_request("second");
  request.subnets.clear();
  request.subnet_mappings = {{.subnet_id = kSubnetA, .private_ipv4_address = "10.0.1.4"}};
  EXPECT_EQ(error_of(create_load_balancer, request), "ValidationError: Address 10.0.1.4 is in use.");
}

TEST_F(LoadBalancers, AFullSubnetHasACodeOfItsOwn) {
  model::Change change;
  for (int i = 4; i < 15; ++i) {
    change.put(model::NetworkInterface{
        .id = "eni-" + std::to_string(i), .subnet = kTinySubnet, .address = "10.0.4." + std::to_string(i)});
  }
  commit(change);
  auto request = balancer_request();
  request.subnets = {kTinySubnet};
  EXPECT_THAT(error_of(create_load_balancer, request),
              StartsWith("InvalidSubnet: There are not enough free addresses"));
}

TEST_F(LoadBalancers, GroupsAreChecked) {
  const auto with = [&](std::vector<std::string> groups) {
    auto request = balancer_request();
    request.security_groups = std::move(groups);
    return error_of(create_load_balancer, request);
  };
  EXPECT_THAT(with({"sg-12345678"}),
              StartsWith("InvalidSecurityGroup: The security group 'sg-12345678' does not exist"));
  EXPECT_THAT(with({"web"}), StartsWith("InvalidSecurityGroup: "));
  EXPECT_THAT(with({kSecondGroup}), StartsWith("InvalidSecurityGroup: "));
}

TEST_F(LoadBalancers, TagsAreChecked) {
  auto request = balancer_request();
  request.tags = {{.key = "a", .value = "1"}, {.key = "a", .value = "2"}};
  EXPECT_EQ(error_of(create_load_balancer, request), "DuplicateTagKeys: Tag key was specified more than once: a");
  request.tags = {{.key = "aws:a", .value = "1"}};
  EXPECT_THAT(error_of(create_load_balancer, request), StartsWith("ValidationError: Tag keys starting with 'aws:'"));
  request.tags.clear();
  for (int i = 0; i < 51; ++i) request.tags.push_back({.key = std::to_string(i)});
  EXPECT_THAT(error_of(create_load_balancer, request), StartsWith("TooManyTags: "));
}

TEST_F(LoadBalancers, TheQuotaIsKept) {
  model::Change change;
  for (int i = 0; i < 50; ++i) {
    change.put(
        model::LoadBalancer{.id = "arn:" + std::to_string(i), .account = kAccount, .name = "x" + std::to_string(i)});
  }
  commit(change);
  EXPECT_THAT(error_of(create_load_balancer, balancer_request()), StartsWith("TooManyLoadBalancers: "));
}

TEST_F(LoadBalancers, TheyAreDescribedByNameByArnAndInPages) {
  const auto one = make_balancer("one"), two = make_balancer("two");
  EXPECT_EQ(run(describe_load_balancers, {}).load_balancers.size(), 2U);
  EXPECT_EQ(*run(describe_load_balancers, {.names = {"two"}}).load_balancers.at(0).load_balancer_arn, two);
  EXPECT_EQ(*run(describe_load_balancers, {.load_balancer_arns = {one}}).load_balancers.at(0).load_balancer_name,
            "one");
  const auto first = run(describe_load_balancers, {.page_size = 1});
  ASSERT_TRUE(first.next_marker);
  const auto second = run(describe_load_balancers, {.marker = first.next_marker, .page_size = 1});
  EXPECT_FALSE(second.next_marker);
  EXPECT_NE(*first.load_balancers.at(0).load_balancer_arn, *second.load_balancers.at(0).load_balancer_arn);
  EXPECT_TRUE(run(describe_load_balancers, {}, kOtherAccount).load_balancers.empty());
  EXPECT_EQ(error_of(describe_load_balancers, {.names = {"mine", "one", "yours"}}),
            "LoadBalancerNotFound: Load balancers '[mine, yours]' not found");
  EXPECT_THAT(error_of(describe_load_balancers, {.load_balancer_arns = {one}}, kOtherAccount),
              StartsWith("LoadBalancerNotFound: One or more load balancers not found"));
}

TEST_F(LoadBalancers, BadDescribeParametersAreRefused) {
  const auto arn = make_balancer();
  using Request = elbv2::DescribeLoadBalancersRequest;
  EXPECT_EQ(error_of(describe_load_balancers, Request{.load_balancer_arns = {"arn:aws:ec2:x"}}),
            "ValidationError: 'arn:aws:ec2:x' is not a valid load balancer ARN");
  EXPECT_THAT(error_of(describe_load_balancers, Request{.load_balancer_arns = {arn}, .names = {"web"}}),
              StartsWith("ValidationError: Load balancer names and load balancer ARNs"));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.page_size = 0}),
              HasSubstr("Value (0) for parameter PageSize"));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.page_size = 401}), HasSubstr("(401)"));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.marker = "x"}), HasSubstr("Value (x) for parameter Marker"));
  EXPECT_THAT(error_of(describe_load_balancers, Request{.names = std::vector<std::string>(21, "a")}),
              StartsWith("ValidationError: Up to 20"));
}

TEST_F(LoadBalancers, DeletingTakesListenersInterfacesAndTagsAlong) {
  const auto arn = make_balancer();
  const auto listener = make_listener(arn, make_group());
  model::Change change;
  change.put(model::Tags{.id = listener, .account = kAccount, .tags = {{"a", "b"}}});
  commit(change);
  run(delete_load_balancer, {.load_balancer_arn = arn});
  EXPECT_EQ(snapshot.table<model::LoadBalancer>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::Listener>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::NetworkInterface>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::TargetGroup>().size(), 1U);
  run(delete_load_balancer, {.load_balancer_arn = arn});  // gone is gone
  EXPECT_EQ(error_of(delete_load_balancer, {.load_balancer_arn = "web"}),
            "ValidationError: 'web' is not a valid load balancer ARN");
}

TEST_F(LoadBalancers, AnotherAccountsIsNotDeleted) {
  const auto arn = make_balancer();
  run(delete_load_balancer, {.load_balancer_arn = arn}, kOtherAccount);
  EXPECT_NE(snapshot.find<model::LoadBalancer>(arn), nullptr);
}

TEST_F(LoadBalancers, OneThatIsProtectedOrInUseIsNotDeleted) {
  const auto arn = make_balancer();
  model::Change change;
  change.put(model::EndpointService{.id = "vpce-svc-1", .account = kAccount, .load_balancers = {arn}});
  commit(change);
  EXPECT_EQ(error_of(delete_load_balancer, {.load_balancer_arn = arn}),
            "ResourceInUse: Load balancer '" + arn +
                "' cannot be deleted because it is currently associated with another service (vpce-svc-1)");
  run(modify_load_balancer_attributes,
      {.load_balancer_arn = arn, .attributes = {{.key = "deletion_protection.enabled", .value = "true"}}});
  EXPECT_EQ(
      error_of(delete_load_balancer, {.load_balancer_arn = arn}),
      "OperationNotPermitted: Load balancer '" + arn + "' cannot be deleted because deletion protection is enabled");
}

TEST_F(LoadBalancers, WhatItUsesCannotBeDeleted) {
  auto request = balancer_request();
  request.security_groups = {kWebGroup};
  run(create_load_balancer, request);
  EXPECT_THAT(error_of(delete_subnet, {.subnet_id = kSubnetA}), StartsWith("DependencyViolation: "));
  EXPECT_THAT(error_of(delete_security_group, {.group_id = kWebGroup}), StartsWith("DependencyViolation: "));
  EXPECT_THAT(error_of(delete_vpc, {.vpc_id = kVpc}), StartsWith("DependencyViolation: "));
}

}  // namespace
}  // namespace ginnel::api
