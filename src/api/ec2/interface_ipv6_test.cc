#include "api/ec2/interface_ipv6.h"

#include <fmt/format.h>

#include "api/ec2/instances.h"
#include "api/ec2/network_interfaces.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/run_instances.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// kSubnetA has IPv6, kSubnetC has not.
class InterfaceIpv6 : public RegionFixture {
 protected:
  InterfaceIpv6() { change_subnet(false); }

  void change_subnet(bool assign) {
    model::Change change;
    model::Subnet subnet = *snapshot.find<model::Subnet>(kSubnetA);
    subnet.ipv6_association = "subnet-cidr-assoc-00000001";
    subnet.ipv6_cidr = "2001:db8:0:1::/64";
    subnet.assign_ipv6 = assign;
    change.put(std::move(subnet));
    commit(change);
  }
  static ec2::RunInstancesRequest request(int count = 1, const char* subnet = kSubnetA) {
    return {.max_count = count, .min_count = count, .subnet_id = subnet};
  }
  static ec2::RunInstancesRequest with_interface(ec2::InstanceNetworkInterfaceSpecification interface) {
    interface.device_index = 0;
    interface.subnet_id = kSubnetA;
    return {.max_count = 1, .min_count = 1, .network_interfaces = {std::move(interface)}};
  }
  static std::vector<std::string> addresses_of(const ec2::Reservation& reservation) {
    std::vector<std::string> out;
    for (const auto& instance : reservation.instances) out.push_back(instance.ipv6_address.value_or("none"));
    return out;
  }
  std::string launch_interface() {
    return *run(run_instances, request()).instances.at(0).network_interfaces.at(0).network_interface_id;
  }
  ec2::NetworkInterface describe(const std::string& id) {
    return run(describe_network_interfaces, ec2::DescribeNetworkInterfacesRequest{.network_interface_ids = {id}})
        .network_interfaces.at(0);
  }
};

TEST_F(InterfaceIpv6, IsGivenWhereItIsAskedFor) {
  EXPECT_THAT(addresses_of(run(run_instances, request())), ElementsAre("none"));
  auto two = request(2);
  two.ipv6_address_count = 1;
  EXPECT_THAT(addresses_of(run(run_instances, two)), ElementsAre("2001:db8:0:1::4", "2001:db8:0:1::5"));
  auto chosen = request();
  chosen.ipv6_addresses = {{.ipv6_address = "2001:db8:0:1:0::abcd"}};
  const auto instance = run(run_instances, chosen).instances.at(0);
  EXPECT_EQ(instance.ipv6_address, "2001:db8:0:1::abcd");
  EXPECT_EQ(instance.network_interfaces.at(0).ipv6_addresses.at(0).ipv6_address, "2001:db8:0:1::abcd");
  const auto interface = describe(*instance.network_interfaces.at(0).network_interface_id);
  EXPECT_EQ(interface.ipv6_address, "2001:db8:0:1::abcd");
  EXPECT_EQ(interface.ipv6_addresses.at(0).ipv6_address, "2001:db8:0:1::abcd");
  const auto found =
      run(describe_instances,
          ec2::DescribeInstancesRequest{.filters = {{.name = "ipv6-address", .values = {"2001:db8:0:1::abcd"}}}});
  ASSERT_EQ(found.reservations.size(), 1U);
  EXPECT_EQ(found.reservations[0].instances.at(0).instance_id, instance.instance_id);
}

TEST_F(InterfaceIpv6, IsSaidAtTheInterfaceToo) {
  EXPECT_THAT(addresses_of(run(run_instances, with_interface({.ipv6_address_count = 1}))),
              ElementsAre("2001:db8:0:1::4"));
  EXPECT_THAT(
      addresses_of(run(run_instances, with_interface({.ipv6_addresses = {{.ipv6_address = "2001:db8:0:1::9"}}}))),
      ElementsAre("2001:db8:0:1::9"));
  auto both = with_interface({.ipv6_address_count = 1});
  both.ipv6_address_count = 1;
  EXPECT_THAT(error_of(run_instances, both), HasSubstr("an instance-level IPv6 address may not be specified"));
}

TEST_F(InterfaceIpv6, IsGivenByTheSubnetWhereTheRequestSaysNothing) {
  change_subnet(true);
  EXPECT_THAT(addresses_of(run(run_instances, request())), ElementsAre("2001:db8:0:1::4"));
  auto none = request();
  none.ipv6_address_count = 0;
  EXPECT_THAT(addresses_of(run(run_instances, none)), ElementsAre("none"));
}

TEST_F(InterfaceIpv6, ThatCannotBeGivenIsRefused) {
  auto wanted = request(1, kSubnetC);
  wanted.ipv6_address_count = 1;
  EXPECT_EQ(error_of(run_instances, wanted),
            fmt::format("InvalidSubnet: The subnet '{}' has no IPv6 CIDR block.", kSubnetC));
  wanted = request();
  wanted.ipv6_address_count = 2;
  EXPECT_THAT(error_of(run_instances, wanted), StartsWith("AddressLimitExceeded"));
  wanted.ipv6_address_count = -1;
  EXPECT_THAT(error_of(run_instances, wanted), HasSubstr("(-1) for parameter Ipv6AddressCount"));
  wanted.ipv6_address_count = 1;
  wanted.ipv6_addresses = {{.ipv6_address = "2001:db8:0:1::9"}};
  EXPECT_THAT(error_of(run_instances, wanted),
              StartsWith("InvalidParameterCombination: Ipv6AddressCount and Ipv6Address cannot be used"));
  wanted.ipv6_address_count.reset();
  wanted.max_count = 2;
  EXPECT_THAT(error_of(run_instances, wanted), HasSubstr("Ipv6Address cannot be used to launch more than one"));
  wanted.max_count = 1;
  wanted.ipv6_addresses[0].is_primary_ipv6 = true;
  EXPECT_THAT(error_of(run_instances, wanted), HasSubstr("Ipv6Address.1.IsPrimaryIpv6"));
  for (const char* bad : {"10.0.1.9", "2001:db8:0:2::9", "2001:db8:0:1::3", "nine"}) {
    wanted.ipv6_addresses = {{.ipv6_address = bad}};
    EXPECT_THAT(error_of(run_instances, wanted),
                StartsWith(fmt::format("InvalidParameterValue: Value ({}) for parameter Ipv6Address.1", bad)));
  }
}

TEST_F(InterfaceIpv6, ComesAndGoesLater) {
  const auto id = launch_interface();
  EXPECT_THAT(describe(id).ipv6_addresses, IsEmpty());
  const ec2::AssignIpv6AddressesRequest assign{.network_interface_id = id, .ipv6_address_count = 1};
  EXPECT_THAT(run(assign_ipv6_addresses, assign).assigned_ipv6_addresses, ElementsAre("2001:db8:0:1::4"));
  EXPECT_EQ(describe(id).ipv6_address, "2001:db8:0:1::4");
  EXPECT_THAT(error_of(assign_ipv6_addresses, assign), StartsWith("AddressLimitExceeded"));
  ec2::UnassignIpv6AddressesRequest unassign{.network_interface_id = id, .ipv6_addresses = {"2001:db8:0:1::5"}};
  EXPECT_THAT(error_of(unassign_ipv6_addresses, unassign), HasSubstr("It is not an IPv6 address of"));
  unassign.ipv6_addresses = {"2001:db8:0:1:0:0:0:4"};
  EXPECT_THAT(run(unassign_ipv6_addresses, unassign).unassigned_ipv6_addresses, ElementsAre("2001:db8:0:1::4"));
  EXPECT_THAT(describe(id).ipv6_addresses, IsEmpty());
  EXPECT_THAT(error_of(assign_ipv6_addresses, ec2::AssignIpv6AddressesRequest{.network_interface_id = id}),
              StartsWith("MissingParameter"));
}

TEST_F(InterfaceIpv6, OfOwnersOtherThanTheCallerStays) {
  model::Change change;
  change.put(model::NetworkInterface{.id = "eni-00000001",
                                     .account = kAccount,
                                     .vpc = kVpc,
                                     .subnet = kSubnetA,
                                     .address = "10.0.1.9",
                                     .requester_managed = true,
                                     .endpoint = "vpce-00000001"});
  commit(change);
  EXPECT_THAT(error_of(assign_ipv6_addresses, ec2::AssignIpv6AddressesRequest{.network_interface_id = "eni-00000001",
                                                                              .ipv6_address_count = 1}),
              StartsWith("OperationNotPermitted: The network interface 'eni-00000001' is managed by"));
}

}  // namespace
}  // namespace ginnel::api
