// Load balancers with both families, and target groups of IPv6 targets.
#include <fmt/format.h>

#include "api/elbv2/balancer_fixture.h"
#include "api/elbv2/set_load_balancer.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DualStack : public BalancerFixture {
 protected:
  DualStack() { put_ipv6(); }

  static elbv2::CreateLoadBalancerRequest dual_stack(const char* name = "both") {
    auto request = balancer_request(name);
    request.ip_address_type = "dualstack";
    return request;
  }
  std::string make_dual_stack() {
    return *run(create_load_balancer, dual_stack()).load_balancers.at(0).load_balancer_arn;
  }
  static elbv2::CreateTargetGroupRequest ipv6_group(const char* name = "six") {
    auto request = group_request(name);
    request.ip_address_type = "ipv6";
    return request;
  }
  // "IPV4 IPV6" of the nodes, by zone.
  std::vector<std::string> nodes_of(const std::string& arn) {
    std::vector<std::string> out;
    for (const auto& node : snapshot.find<model::LoadBalancer>(arn)->nodes) {
      const auto* interface = snapshot.find<model::NetworkInterface>(node.interface);
      out.push_back(interface->address + " " + interface->address6);
    }
    return out;
  }
  std::string set_type(const std::string& arn, const char* type) {
    return *run(set_ip_address_type, {.load_balancer_arn = arn, .ip_address_type = type}).ip_address_type;
  }
  std::string target_error(const std::string& group, const char* target) {
    return error_of(register_targets, {.target_group_arn = group, .targets = {{.id = target}}});
  }
};

TEST_F(DualStack, LoadBalancersHaveAnAddressOfEachFamilyInEveryZone) {
  const auto made = run(create_load_balancer, dual_stack()).load_balancers.at(0);
  EXPECT_EQ(made.ip_address_type, "dualstack");
  EXPECT_THAT(nodes_of(*made.load_balancer_arn), ElementsAre("10.0.1.4 2001:db8::4", "10.0.2.4 2001:db8:0:1::4"));
  EXPECT_EQ(run(create_load_balancer, dual_stack()).load_balancers.at(0).load_balancer_arn, made.load_balancer_arn);
  EXPECT_THAT(error_of(create_load_balancer, balancer_request("both")), StartsWith("DuplicateLoadBalancerName"));
}

TEST_F(DualStack, LoadBalancersStandAtChosenAddresses) {
  auto request = dual_stack();
  request.subnets = {};
  request.subnet_mappings = {
      {.subnet_id = kSubnetA, .private_ipv4_address = "10.0.1.77", .ipv6_address = "2001:db8:0::77"}};
  const auto made = run(create_load_balancer, request).load_balancers.at(0);
  EXPECT_THAT(nodes_of(*made.load_balancer_arn), ElementsAre("10.0.1.77 2001:db8::77"));
  EXPECT_EQ(made.availability_zones.at(0).load_balancer_addresses.at(0).ipv6_address, "2001:db8::77");
  request.name = "other";
  request.ip_address_type = "ipv4";
  EXPECT_THAT(error_of(create_load_balancer, request), HasSubstr("can only be specified for a load balancer with"));
  request.ip_address_type = "dualstack";
  request.subnet_mappings[0].ipv6_address = "10.0.1.78";
  EXPECT_THAT(error_of(create_load_balancer, request), HasSubstr("SubnetMappings.member.1.IPv6Address"));
}

TEST_F(DualStack, LoadBalancersNeedSubnetsWithBoth) {
  auto request = dual_stack();
  request.subnets = {kSubnetA2};
  EXPECT_EQ(
      error_of(create_load_balancer, request),
      fmt::format("ValidationError: You must specify subnets with an associated IPv6 CIDR block ({})", kSubnetA2));
  request.ip_address_type = "dualstack-without-public-ipv4";
  EXPECT_THAT(error_of(create_load_balancer, request), HasSubstr("'dualstack-without-public-ipv4'"));
}

TEST_F(DualStack, ComesAndGoesAtTheSameInterfaces) {
  const auto arn = make_balancer();
  const auto before = snapshot.find<model::LoadBalancer>(arn)->nodes;
  EXPECT_EQ(set_type(arn, "ipv4"), "ipv4");
  EXPECT_EQ(set_type(arn, "dualstack"), "dualstack");
  EXPECT_THAT(nodes_of(arn), ElementsAre("10.0.1.4 2001:db8::4", "10.0.2.4 2001:db8:0:1::4"));
  EXPECT_EQ(snapshot.find<model::LoadBalancer>(arn)->nodes, before);
  EXPECT_EQ(set_type(arn, "ipv4"), "ipv4");
  EXPECT_THAT(nodes_of(arn), ElementsAre("10.0.1.4 ", "10.0.2.4 "));
  elbv2::SetSubnetsRequest request{.load_balancer_arn = arn, .subnets = {kSubnetA}};
  request.ip_address_type = "dualstack";
  EXPECT_EQ(run(set_subnets, request).ip_address_type, "dualstack");
  EXPECT_THAT(nodes_of(arn), ElementsAre("10.0.1.4 2001:db8::4"));
  request.ip_address_type.reset();
  request.subnets = {kSubnetA2};
  EXPECT_THAT(error_of(set_subnets, request), HasSubstr("associated IPv6 CIDR block"));
}

TEST_F(DualStack, StaysWhileItIsNeeded) {
  const auto arn = make_dual_stack();
  const auto group = make_group(ipv6_group());
  const auto listener = make_listener(arn, group);
  const elbv2::SetIpAddressTypeRequest to_ipv4{.load_balancer_arn = arn, .ip_address_type = "ipv4"};
  EXPECT_THAT(error_of(set_ip_address_type, to_ipv4), StartsWith("InvalidConfigurationRequest: The target group"));
  run(delete_listener, {.listener_arn = listener});
  model::Change change;
  model::EndpointService service;
  service.id = "vpce-svc-00000001";
  service.account = kAccount;
  service.load_balancers = {arn};
  service.ipv6 = true;
  change.put(std::move(service));
  commit(change);
  EXPECT_THAT(error_of(set_ip_address_type, to_ipv4), HasSubstr("vpce-svc-00000001 supports the IP address type ipv6"));
}

TEST_F(DualStack, TargetGroupsOfIpv6BelongToDualStackLoadBalancers) {
  const auto made = run(create_target_group, ipv6_group()).target_groups.at(0);
  EXPECT_EQ(made.ip_address_type, "ipv6");
  EXPECT_THAT(error_of(create_target_group, group_request("six")), StartsWith("DuplicateTargetGroupName"));
  EXPECT_THAT(error_of(create_listener, listener_request(make_balancer(), *made.target_group_arn)),
              StartsWith("InvalidConfigurationRequest: The target group"));
  make_listener(make_dual_stack(), *made.target_group_arn);
}

TEST_F(DualStack, TargetsAreOfTheirGroupsFamily) {
  const auto six = make_group(ipv6_group());
  add_target(six, "2001:db8:0:1::9");
  EXPECT_THAT(target_error(six, "10.0.1.9"), HasSubstr("is not a valid IPv6 address"));
  EXPECT_THAT(target_error(six, "2001:DB8::9"), HasSubstr("is not a valid IPv6 address"));
  EXPECT_THAT(target_error(six, "2001:db9::9"), HasSubstr("is not within the CIDR block '2001:db8::/56'"));
  EXPECT_THAT(target_error(make_group(), "2001:db8::9"), HasSubstr("is not a valid IPv4 address"));
  const elbv2::RegisterTargetsRequest elsewhere{
      .target_group_arn = six, .targets = {{.id = "2001:db8::9", .availability_zone = "ap-northeast-1c"}}};
  EXPECT_THAT(error_of(register_targets, elsewhere), HasSubstr("which is in 'ap-northeast-1a'"));
}

TEST_F(DualStack, InstancesNeedAnIpv6Address) {
  auto request = ipv6_group();
  request.target_type = "instance";
  const auto group = make_group(request);
  put_instance("i-00000001");
  EXPECT_EQ(target_error(group, "i-00000001"),
            "InvalidTarget: The following targets do not have an IPv6 address: 'i-00000001'");
  model::Change change;
  auto instance = *snapshot.find<model::Instance>("i-00000001");
  instance.interface = "eni-00000001";
  change.put(model::NetworkInterface{.id = "eni-00000001", .vpc = kVpc, .address6 = "2001:db8::8"});
  change.put(std::move(instance));
  commit(change);
  EXPECT_EQ(target_error(group, "i-00000001"), "no error");
}

}  // namespace
}  // namespace ginnel::api
