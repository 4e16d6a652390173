#include "api/ec2/instances.h"

#include "api/ec2/network_interfaces.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/run_instances.h"
#include "api/ec2/terminate_instances.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Instances : public RegionFixture {
 protected:
  static ec2::RunInstancesRequest request(int count = 1, const char* subnet = kSubnetA) {
    ec2::RunInstancesRequest out;
    out.image_id = "ami-12345678";
    out.min_count = out.max_count = count;
    out.subnet_id = subnet;
    return out;
  }
  static ec2::Filter filter(const char* name, const char* value) { return {.name = name, .values = {value}}; }
  std::string error(const ec2::RunInstancesRequest& bad) { return error_of(run_instances, bad); }
  std::vector<std::string> ids_of(const ec2::DescribeInstancesRequest& wanted, const char* account = kAccount) {
    std::vector<std::string> out;
    for (const auto& reservation : run(describe_instances, wanted, account).reservations) {
      for (const auto& instance : reservation.instances) out.push_back(*instance.instance_id);
    }
    return out;
  }
  size_t count_with(const char* name, const char* value) { return ids_of({.filters = {filter(name, value)}}).size(); }
};

TEST_F(Instances, ArePendingUntilTheyAreApplied) {
  const auto reservation = run(run_instances, request());
  ASSERT_EQ(reservation.instances.size(), 1U);
  const auto& instance = reservation.instances[0];
  EXPECT_EQ(*reservation.owner_id, kAccount);
  EXPECT_THAT(*reservation.reservation_id, StartsWith("r-"));
  EXPECT_EQ(*instance.state->name, "pending");
  EXPECT_EQ(*instance.state->code, 0);
  EXPECT_EQ(*instance.private_ip_address, "10.0.1.4");
  EXPECT_EQ(*instance.private_dns_name, "ip-10-0-1-4.ap-northeast-1.compute.internal");
  EXPECT_EQ(*instance.vpc_id, kVpc);
  EXPECT_EQ(*instance.subnet_id, kSubnetA);
  EXPECT_EQ(*instance.image_id, "ami-12345678");
  EXPECT_EQ(*instance.placement->availability_zone, "ap-northeast-1a");
  ASSERT_EQ(instance.security_groups.size(), 1U);
  EXPECT_EQ(*instance.security_groups[0].group_name, "default");
  apply();
  const auto described = run(describe_instances, {.instance_ids = {*instance.instance_id}});
  EXPECT_EQ(*described.reservations[0].instances[0].state->name, "running");
  EXPECT_EQ(*described.reservations[0].instances[0].state->code, 16);
}

TEST_F(Instances, HaveOneInterfaceEach) {
  auto wanted = request();
  wanted.security_group_ids = {kWebGroup, kDefaultGroupId};
  const auto instance = run(run_instances, wanted).instances[0];
  ASSERT_EQ(instance.network_interfaces.size(), 1U);
  const auto& interface = instance.network_interfaces[0];
  EXPECT_EQ(*interface.mac_address, "02:01:0a:00:01:04");
  EXPECT_EQ(*interface.attachment->device_index, 0);
  EXPECT_TRUE(*interface.attachment->delete_on_termination);
  const auto* stored = snapshot.find<model::NetworkInterface>(*interface.network_interface_id);
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->instance, *instance.instance_id);
  EXPECT_EQ(stored->groups, (std::vector<std::string>{kWebGroup, kDefaultGroupId}));
}

TEST_F(Instances, TakeTheirNetworkFromAnInterfaceSpecification) {
  ec2::RunInstancesRequest wanted;
  wanted.min_count = wanted.max_count = 1;
  ec2::InstanceNetworkInterfaceSpecification interface;
  interface.device_index = 0;
  interface.subnet_id = kSubnetC;
  interface.groups = {kWebGroup};
  interface.private_ip_address = "10.0.2.50";
  interface.description = "front";
  wanted.network_interfaces = {interface};
  const auto instance = run(run_instances, wanted).instances[0];
  EXPECT_EQ(*instance.private_ip_address, "10.0.2.50");
  EXPECT_EQ(*instance.network_interfaces[0].description, "front");
  EXPECT_EQ(*instance.security_groups[0].group_id, kWebGroup);
}

TEST_F(Instances, OfOneCallAreOneReservation) {
  const auto reservation = run(run_instances, request(3));
  ASSERT_EQ(reservation.instances.size(), 3U);
  EXPECT_EQ(*reservation.instances[2].ami_launch_index, 2);
  EXPECT_EQ(*reservation.instances[2].private_ip_address, "10.0.1.6");
  const auto described = run(describe_instances, {});
  ASSERT_EQ(described.reservations.size(), 1U);
  EXPECT_EQ(described.reservations[0].instances.size(), 3U);
}

TEST_F(Instances, AreAsManyAsThereIsRoomFor) {
  auto wanted = request(1, kTinySubnet);
  wanted.max_count = 20;
  EXPECT_EQ(run(run_instances, wanted).instances.size(), 11U);
  EXPECT_THAT(error(request(1, kTinySubnet)), StartsWith("InsufficientFreeAddressesInSubnet: "));
}

TEST_F(Instances, KeepWhatTheyWereGiven) {
  auto wanted = request();
  wanted.instance_type = "m5.large";
  wanted.key_name = "a key";
  wanted.user_data = "aGVsbG8=";
  wanted.client_token = "token";
  ec2::TagSpecification tags{.resource_type = "instance", .tags = {{.key = "Name", .value = "web"}}};
  ec2::TagSpecification interface_tags{.resource_type = "network-interface", .tags = {{.key = "k", .value = "v"}}};
  wanted.tag_specifications = {tags, interface_tags};
  const auto instance = run(run_instances, wanted).instances[0];
  EXPECT_EQ(*instance.instance_type, "m5.large");
  EXPECT_EQ(*instance.key_name, "a key");
  EXPECT_EQ(*instance.client_token, "token");
  ASSERT_EQ(instance.tags.size(), 1U);
  EXPECT_EQ(*instance.tags[0].value, "web");
  EXPECT_EQ(snapshot.find<model::Instance>(*instance.instance_id)->user_data, "aGVsbG8=");
  EXPECT_EQ(snapshot.tags_of(*instance.network_interfaces[0].network_interface_id), (model::TagMap{{"k", "v"}}));
}

TEST_F(Instances, CountsMustMakeSense) {
  auto wanted = request();
  wanted.min_count = 0;
  EXPECT_THAT(error(wanted), StartsWith("InvalidParameterValue: Value (0) for parameter MinCount"));
  wanted = request(2);
  wanted.max_count = 1;
  EXPECT_THAT(error(wanted), StartsWith("InvalidParameterValue: Value (1) for parameter MaxCount"));
  EXPECT_THAT(error(request(kMaxInstancesPerCall + 1)), HasSubstr("at most 1000 instances"));
}

TEST_F(Instances, NeedASubnet) {
  auto wanted = request();
  wanted.subnet_id.reset();
  EXPECT_THAT(error(wanted), StartsWith("VPCIdNotSpecified: "));
  wanted.subnet_id = "subnet-00000000000000fff";
  EXPECT_EQ(error(wanted), "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000000000fff' does not exist");
  wanted.subnet_id = kOtherSubnet;  // of another account
  EXPECT_THAT(error(wanted), StartsWith("InvalidSubnetID.NotFound: "));
}

TEST_F(Instances, RefuseGroupsOfAnotherVpc) {
  auto wanted = request();
  wanted.security_group_ids = {kSecondGroup};
  EXPECT_EQ(error(wanted),
            "InvalidParameter: Security group sg-00000000000000003 does not belong to VPC "
            "vpc-00000000000000001");
  wanted.security_group_ids = {kOtherGroup};
  EXPECT_THAT(error(wanted), StartsWith("InvalidGroup.NotFound: "));
}

TEST_F(Instances, RefuseValuesThatMeanNothing) {
  auto wanted = request();
  wanted.image_id = "image";
  EXPECT_EQ(error(wanted), "InvalidAMIID.Malformed: Invalid id: \"image\" (expecting \"ami-...\")");
  for (const char* type : {"", "large", "t3.", ".micro", "t3 micro."}) {
    wanted = request();
    wanted.instance_type = type;
    EXPECT_THAT(error(wanted), HasSubstr("for parameter InstanceType")) << type;
  }
  for (const char* data : {"x", "aGVsbG8", "====", "a\nb="}) {
    wanted = request();
    wanted.user_data = data;
    EXPECT_THAT(error(wanted), StartsWith("InvalidUserData.Malformed: ")) << data;
  }
  wanted = request();
  wanted.user_data = std::string(24 * 1024, 'a');
  EXPECT_THAT(error(wanted), HasSubstr("limited to 16384 bytes"));
  wanted = request();
  wanted.placement = ec2::Placement{};
  wanted.placement->availability_zone = "ap-northeast-1c";
  EXPECT_THAT(error(wanted), HasSubstr("Placement.AvailabilityZone"));
}

TEST_F(Instances, TakeTheNetworkFromOnePlaceOnly) {
  auto wanted = request();
  ec2::InstanceNetworkInterfaceSpecification interface;
  interface.device_index = 0;
  interface.subnet_id = kSubnetA;
  wanted.network_interfaces = {interface};
  EXPECT_THAT(error(wanted),
              StartsWith("InvalidParameterCombination: Network interfaces and an instance-level subnet"));
  wanted.subnet_id.reset();
  wanted.network_interfaces = {interface, interface};
  EXPECT_THAT(error(wanted), StartsWith("AttachmentLimitExceeded: "));
  interface.device_index = 1;
  wanted.network_interfaces = {interface};
  EXPECT_THAT(error(wanted), HasSubstr("NetworkInterface.1.DeviceIndex"));
  interface.device_index.reset();
  wanted.network_interfaces = {interface};
  EXPECT_EQ(error(wanted), "MissingParameter: The request must contain the parameter NetworkInterface.1.DeviceIndex");
}

TEST_F(Instances, TwoCannotHaveOneAddress) {
  auto wanted = request(2);
  wanted.private_ip_address = "10.0.1.20";
  EXPECT_THAT(error(wanted), StartsWith("InvalidParameterCombination: "));
  wanted = request();
  wanted.private_ip_address = "10.0.1.20";
  run(run_instances, wanted);
  EXPECT_EQ(error(wanted), "InvalidIPAddress.InUse: Address 10.0.1.20 is in use.");
}

TEST_F(Instances, OfAnotherAccountAreNotSeen) {
  const auto id = *run(run_instances, request()).instances[0].instance_id;
  EXPECT_TRUE(ids_of({}, kOtherAccount).empty());
  EXPECT_EQ(error_of(describe_instances, ec2::DescribeInstancesRequest{.instance_ids = {id}}, kOtherAccount),
            "InvalidInstanceID.NotFound: The instance ID '" + id + "' does not exist");
  EXPECT_THAT(error_of(terminate_instances, ec2::TerminateInstancesRequest{.instance_ids = {id}}, kOtherAccount),
              StartsWith("InvalidInstanceID.NotFound: "));
}

TEST_F(Instances, CanBeFiltered) {
  auto wanted = request();
  wanted.security_group_ids = {kWebGroup};
  wanted.tag_specifications = {{.resource_type = "instance", .tags = {{.key = "Name", .value = "web"}}}};
  const auto web = run(run_instances, wanted).instances[0];
  run(run_instances, request(2, kSubnetC));
  EXPECT_EQ(count_with("instance-state-name", "pending"), 3U);
  EXPECT_EQ(count_with("instance-state-code", "0"), 3U);
  EXPECT_EQ(count_with("subnet-id", kSubnetC), 2U);
  EXPECT_EQ(count_with("private-ip-address", "10.0.1.*"), 1U);
  EXPECT_EQ(count_with("instance.group-name", "web"), 1U);
  EXPECT_EQ(count_with("network-interface.group-id", kDefaultGroupId), 2U);
  EXPECT_EQ(
      count_with("network-interface.network-interface-id", web.network_interfaces[0].network_interface_id->c_str()),
      1U);
  EXPECT_EQ(count_with("tag:Name", "web"), 1U);
  EXPECT_EQ(count_with("vpc-id", kSecondVpc), 0U);
  EXPECT_THAT(error_of(describe_instances, ec2::DescribeInstancesRequest{.filters = {filter("colour", "red")}}),
              HasSubstr("colour"));
}

TEST_F(Instances, KnowEveryFilterOnce) {
  std::set<std::string_view> names;
  for (const auto& attribute : instance_attributes()) {
    EXPECT_TRUE(names.insert(attribute.name).second) << attribute.name;
  }
}

TEST_F(Instances, ComeInPages) {
  for (int i = 0; i < 12; ++i) run(run_instances, request());
  ec2::DescribeInstancesRequest wanted;
  wanted.max_results = 5;
  std::set<std::string> seen;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const auto page = run(describe_instances, wanted);
    for (const auto& reservation : page.reservations) {
      for (const auto& instance : reservation.instances) EXPECT_TRUE(seen.insert(*instance.instance_id).second);
    }
    more = page.next_token.has_value();
    wanted.next_token = page.next_token;
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(seen.size(), 12U);
  wanted.instance_ids = {*seen.begin()};
  wanted.next_token.reset();
  EXPECT_THAT(error_of(describe_instances, wanted), StartsWith("InvalidParameterCombination: "));
}

TEST_F(Instances, AreTerminatedInTwoSteps) {
  const auto id = *run(run_instances, request()).instances[0].instance_id;
  apply();
  const ec2::TerminateInstancesRequest terminate{.instance_ids = {id, id}};
  const auto answer = run(terminate_instances, terminate);
  ASSERT_EQ(answer.terminating_instances.size(), 1U);
  EXPECT_EQ(*answer.terminating_instances[0].previous_state->name, "running");
  EXPECT_EQ(*answer.terminating_instances[0].current_state->name, "shutting-down");
  EXPECT_EQ(*answer.terminating_instances[0].current_state->code, 32);
  apply();
  const auto again = run(terminate_instances, terminate).terminating_instances[0];
  EXPECT_EQ(*again.previous_state->name, "terminated");
  EXPECT_EQ(*again.current_state->name, "terminated");

  const auto instance = run(describe_instances, {.instance_ids = {id}}).reservations[0].instances[0];
  EXPECT_EQ(*instance.state->code, 48);
  EXPECT_EQ(*instance.state_reason->code, "Client.UserInitiatedShutdown");
  EXPECT_TRUE(instance.network_interfaces.empty());
  EXPECT_FALSE(instance.private_ip_address);
  EXPECT_FALSE(snapshot.table<model::NetworkInterface>().any_referring_to(kSubnetA));
  EXPECT_EQ(*run(run_instances, request()).instances[0].private_ip_address, "10.0.1.4");
}

TEST_F(Instances, AreAllTerminatedOrNone) {
  const auto id = *run(run_instances, request()).instances[0].instance_id;
  const ec2::TerminateInstancesRequest terminate{.instance_ids = {id, "i-00000000000000fff"}};
  EXPECT_THAT(error_of(terminate_instances, terminate), StartsWith("InvalidInstanceID.NotFound: "));
  EXPECT_THAT(error_of(terminate_instances, ec2::TerminateInstancesRequest{.instance_ids = {"x"}}),
              StartsWith("InvalidInstanceID.Malformed: "));
}

}  // namespace
}  // namespace ginnel::api
