#include "api/ec2/network_interfaces.h"

#include "api/ec2/create_vpc_endpoint.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/run_instances.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class NetworkInterfaces : public RegionFixture {
 protected:
  // One interface of an instance, one of an endpoint.
  void SetUp() override {
    ec2::RunInstancesRequest instance;
    instance.min_count = instance.max_count = 1;
    instance.subnet_id = kSubnetA;
    instance_id = *run(run_instances, instance).instances[0].instance_id;
    ec2::CreateVpcEndpointRequest endpoint;
    endpoint.vpc_id = kVpc;
    endpoint.vpc_endpoint_type = "Interface";
    endpoint.service_name = "com.amazonaws.ap-northeast-1.ec2";
    endpoint.subnet_ids = {kSubnetC};
    endpoint.security_group_ids = {kWebGroup};
    endpoint_id = *run(create_vpc_endpoint, endpoint).vpc_endpoint->vpc_endpoint_id;
  }
  std::vector<ec2::NetworkInterface> with(const std::string& name, const std::string& value) {
    return run(describe_network_interfaces, {.filters = {{.name = name, .values = {value}}}}).network_interfaces;
  }

  std::string instance_id, endpoint_id;
};

TEST_F(NetworkInterfaces, OfAnInstance) {
  const auto found = with("attachment.instance-id", instance_id);
  ASSERT_EQ(found.size(), 1U);
  const auto& interface = found[0];
  EXPECT_EQ(*interface.interface_type, "interface");
  EXPECT_EQ(*interface.status, "in-use");
  EXPECT_EQ(*interface.owner_id, kAccount);
  EXPECT_FALSE(*interface.requester_managed);
  EXPECT_FALSE(interface.requester_id);
  EXPECT_TRUE(*interface.source_dest_check);
  EXPECT_EQ(*interface.mac_address, "02:01:0a:00:01:04");
  EXPECT_EQ(*interface.private_ip_addresses[0].private_ip_address, "10.0.1.4");
  EXPECT_TRUE(*interface.private_ip_addresses[0].primary);
  EXPECT_EQ(*interface.attachment->instance_id, instance_id);
  EXPECT_EQ(*interface.attachment->instance_owner_id, kAccount);
  EXPECT_TRUE(*interface.attachment->delete_on_termination);
  EXPECT_EQ(*interface.availability_zone_id, "apne1-az4");
}

TEST_F(NetworkInterfaces, OfAnEndpointAreManagedByTheirRequester) {
  const auto found = with("interface-type", "vpc_endpoint");
  ASSERT_EQ(found.size(), 1U);
  const auto& interface = found[0];
  EXPECT_EQ(*interface.description, "VPC Endpoint Interface " + endpoint_id);
  EXPECT_TRUE(*interface.requester_managed);
  EXPECT_EQ(*interface.requester_id, "amazon-vpc-endpoints");
  EXPECT_EQ(*interface.owner_id, kAccount);
  EXPECT_FALSE(interface.attachment->instance_id);
  EXPECT_EQ(*interface.attachment->instance_owner_id, "amazon-aws");
  EXPECT_FALSE(*interface.attachment->delete_on_termination);
  EXPECT_EQ(*interface.groups[0].group_name, "web");
}

TEST_F(NetworkInterfaces, CanBeFilteredByEachAttribute) {
  const std::vector<std::pair<std::string, std::string>> of_endpoint = {
      {"addresses.private-ip-address", "10.0.2.*"},
      {"attachment.attachment-id", "ela-attach-*"},
      {"attachment.delete-on-termination", "false"},
      {"attachment.device-index", "1"},
      {"attachment.instance-owner-id", "amazon-aws"},
      {"availability-zone", "ap-northeast-1c"},
      {"availability-zone-id", "apne1-az1"},
      {"description", "VPC Endpoint Interface " + endpoint_id},
      {"group-id", kWebGroup},
      {"group-name", "web"},
      {"interface-type", "vpc_endpoint"},
      {"mac-address", "02:01:0a:00:02:04"},
      {"private-dns-name", "ip-10-0-2-4.*"},
      {"private-ip-address", "10.0.2.4"},
      {"requester-id", "amazon-*"},
      {"requester-managed", "true"},
      {"subnet-id", kSubnetC},
  };
  for (const auto& [name, value] : of_endpoint) {
    const auto found = with(name, value);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(*found[0].interface_type, "vpc_endpoint") << name;
  }
  const std::vector<std::pair<std::string, std::string>> of_both = {
      {"addresses.primary", "true"}, {"attachment.status", "attached"},
      {"owner-id", kAccount},        {"source-dest-check", "true"},
      {"status", "in-use"},          {"vpc-id", kVpc},
      {"network-interface-id", "*"}, {"attachment.attach-time", "20?7-*Z"},
  };
  for (const auto& [name, value] : of_both) EXPECT_EQ(with(name, value).size(), 2U) << name;
  for (const char* name : {"association.public-ip", "ipv6-addresses.ipv6-address", "tag:Name", "tag-key"}) {
    EXPECT_EQ(with(name, "*").size(), 0U) << name;
  }
}

TEST_F(NetworkInterfaces, KnowEveryFilterOnce) {
  std::set<std::string_view> names;
  for (const auto& attribute : interface_attributes()) EXPECT_TRUE(names.insert(attribute.name).second);
  EXPECT_THAT(error_of(describe_network_interfaces,
                       ec2::DescribeNetworkInterfacesRequest{.filters = {{.name = "colour", .values = {"red"}}}}),
              HasSubstr("colour"));
}

TEST_F(NetworkInterfaces, OfAnotherAccountAreNotSeen) {
  EXPECT_TRUE(run(describe_network_interfaces, {}, kOtherAccount).network_interfaces.empty());
  const auto id = *with("subnet-id", kSubnetA)[0].network_interface_id;
  EXPECT_EQ(error_of(describe_network_interfaces, ec2::DescribeNetworkInterfacesRequest{.network_interface_ids = {id}},
                     kOtherAccount),
            "InvalidNetworkInterfaceID.NotFound: The networkInterface ID '" + id + "' does not exist");
  EXPECT_THAT(
      error_of(describe_network_interfaces, ec2::DescribeNetworkInterfacesRequest{.network_interface_ids = {"eni"}}),
      StartsWith("InvalidNetworkInterfaceID.Malformed: "));
}

}  // namespace
}  // namespace ginnel::api
