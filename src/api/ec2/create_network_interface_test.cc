// Network interfaces that stand by themselves: made, changed and deleted.
#include "api/ec2/network_interface_attributes.h"
#include "api/ec2/network_interfaces.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/run_instances.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class OwnInterfaces : public RegionFixture {
 protected:
  ec2::NetworkInterface create(ec2::CreateNetworkInterfaceRequest request = {}) {
    if (!request.subnet_id) request.subnet_id = kSubnetA;
    return *run(create_network_interface, request).network_interface;
  }
  std::string refused(ec2::CreateNetworkInterfaceRequest request) {
    if (!request.subnet_id) request.subnet_id = kSubnetA;
    return error_of(create_network_interface, request);
  }
  // As `ginnel attach` has it.
  void attach(const std::string& id) {
    auto interface = *snapshot.find<model::NetworkInterface>(id);
    interface.attachment = "eni-attach-00000000000000001";
    interface.port = {.kind = "tap", .device = "tap0", .attached = now.time_since_epoch().count() + 5000};
    model::Change change;
    change.put(interface);
    commit(change);
  }
};

TEST_F(OwnInterfaces, AreAvailableWithAnAddressOfTheSubnet) {
  ec2::CreateNetworkInterfaceRequest request;
  request.description = "of a guest";
  request.groups = {kWebGroup};
  request.tag_specifications = {{.resource_type = "network-interface", .tags = {{.key = "Name", .value = "guest"}}}};
  const auto made = create(request);
  EXPECT_EQ(*made.private_ip_address, "10.0.1.4");
  EXPECT_EQ(*made.mac_address, "02:01:0a:00:01:04");
  EXPECT_EQ(*made.status, "available");
  EXPECT_FALSE(made.attachment);
  EXPECT_EQ(*made.interface_type, "interface");
  EXPECT_FALSE(*made.requester_managed);
  EXPECT_EQ(*made.description, "of a guest");
  EXPECT_EQ(*made.groups[0].group_id, kWebGroup);
  EXPECT_EQ(*made.tag_set[0].value, "guest");
  EXPECT_EQ(*made.availability_zone, "ap-northeast-1a");
  const auto found = run(describe_network_interfaces, {.filters = {{.name = "status", .values = {"available"}}}});
  ASSERT_EQ(found.network_interfaces.size(), 1U);
  EXPECT_EQ(found.network_interfaces[0].network_interface_id, made.network_interface_id);
  EXPECT_EQ(*create().groups[0].group_id, kDefaultGroupId);
}

TEST_F(OwnInterfaces, TakeTheAddressThatIsAskedFor) {
  EXPECT_EQ(*create({.private_ip_address = "10.0.1.77"}).private_ip_address, "10.0.1.77");
  ec2::CreateNetworkInterfaceRequest listed;
  listed.private_ip_addresses = {{.primary = true, .private_ip_address = "10.0.1.78"}};
  EXPECT_EQ(*create(listed).private_ip_address, "10.0.1.78");
  EXPECT_EQ(refused({.private_ip_address = "10.0.1.77"}), "InvalidIPAddress.InUse: Address 10.0.1.77 is in use.");
  EXPECT_THAT(refused({.private_ip_address = "10.0.2.77"}),
              StartsWith("InvalidParameterValue: Value (10.0.2.77) for parameter PrivateIpAddress is invalid."));
  EXPECT_THAT(refused({.private_ip_address = "10.0.1.3"}), HasSubstr("reserved"));
  listed.private_ip_address = "10.0.1.79";
  EXPECT_THAT(refused(listed), StartsWith("InvalidParameterCombination: "));
  listed.private_ip_address.reset();
  listed.private_ip_addresses.push_back({.private_ip_address = "10.0.1.80"});
  EXPECT_THAT(refused(listed), StartsWith("PrivateIpAddressLimitExceeded: "));
  listed.private_ip_addresses = {{.primary = false, .private_ip_address = "10.0.1.80"}};
  EXPECT_THAT(refused(listed), HasSubstr("PrivateIpAddresses.1.Primary"));
  listed.private_ip_addresses = {{.primary = true}};
  EXPECT_THAT(refused(listed), StartsWith("MissingParameter: "));
}

TEST_F(OwnInterfaces, AreNotMadeFromWhatTheCallerDoesNotHave) {
  EXPECT_THAT(refused({.subnet_id = kOtherSubnet}), StartsWith("InvalidSubnetID.NotFound: "));
  EXPECT_THAT(refused({.groups = {kOtherGroup}}), StartsWith("InvalidGroup.NotFound: "));
  EXPECT_THAT(refused({.groups = {kSecondGroup}}), StartsWith("InvalidParameter: "));
  EXPECT_THAT(refused({.description = std::string(256, 'x')}), HasSubstr("Description"));
  for (int i = 0; i < 11; ++i) create({.subnet_id = kTinySubnet});
  EXPECT_THAT(refused({.subnet_id = kTinySubnet}), StartsWith("InsufficientFreeAddressesInSubnet: "));
}

TEST_F(OwnInterfaces, AreDeletedUnlessSomethingHasThem) {
  const std::string id = *create().network_interface_id;
  attach(id);
  EXPECT_EQ(error_of(delete_network_interface, ec2::DeleteNetworkInterfaceRequest{.network_interface_id = id}),
            "InvalidNetworkInterface.InUse: The network interface '" + id + "' is currently in use.");
  const std::string second = *create().network_interface_id;
  run(delete_network_interface, {.network_interface_id = second});
  EXPECT_THAT(error_of(delete_network_interface, ec2::DeleteNetworkInterfaceRequest{.network_interface_id = second}),
              StartsWith("InvalidNetworkInterfaceID.NotFound: "));
  EXPECT_EQ(*create().private_ip_address, "10.0.1.5") << "the address is free again";
}

TEST_F(OwnInterfaces, ShowTheirAttachment) {
  const std::string id = *create().network_interface_id;
  attach(id);
  const auto shown = run(describe_network_interfaces, {.filters = {{.name = "status", .values = {"in-use"}}}});
  ASSERT_EQ(shown.network_interfaces.size(), 1U);
  const auto& attachment = *shown.network_interfaces[0].attachment;
  EXPECT_FALSE(attachment.instance_id);
  EXPECT_EQ(*attachment.instance_owner_id, kAccount);
  EXPECT_EQ(*attachment.attachment_id, "eni-attach-00000000000000001");
  EXPECT_EQ(*attachment.attach_time, now + std::chrono::seconds(5));
  EXPECT_FALSE(*attachment.delete_on_termination);
}

TEST_F(OwnInterfaces, ChangeOneAttributeACall) {
  const std::string id = *create().network_interface_id;
  const auto modify = [&](ec2::ModifyNetworkInterfaceAttributeRequest request) {
    request.network_interface_id = id;
    run(modify_network_interface_attribute, request);
  };
  const auto read = [&](const char* attribute) {
    return run(describe_network_interface_attribute, {.network_interface_id = id, .attribute = attribute});
  };
  modify({.description = ec2::AttributeValue{.value = "new"}});
  modify({.source_dest_check = ec2::AttributeBooleanValue{.value = false}});
  modify({.groups = {kWebGroup, kDefaultGroupId}});
  EXPECT_EQ(*read("description").description->value, "new");
  EXPECT_FALSE(*read("sourceDestCheck").source_dest_check->value);
  EXPECT_EQ(read("groupSet").groups.size(), 2U);
  EXPECT_FALSE(read("attachment").attachment);
  EXPECT_FALSE(*read("associatePublicIpAddress").associate_public_ip_address);

  ec2::ModifyNetworkInterfaceAttributeRequest wrong;
  wrong.network_interface_id = id;
  EXPECT_THAT(error_of(modify_network_interface_attribute, wrong), StartsWith("MissingParameter: "));
  wrong.groups = {kWebGroup};
  wrong.description = ec2::AttributeValue{.value = "both"};
  EXPECT_THAT(error_of(modify_network_interface_attribute, wrong), StartsWith("InvalidParameterCombination: "));
}

TEST_F(OwnInterfaces, OfAnInstanceMayOutliveIt) {
  ec2::RunInstancesRequest launch;
  launch.min_count = launch.max_count = 1;
  launch.subnet_id = kSubnetA;
  const auto instance = run(run_instances, launch).instances[0];
  const auto& attachment = *instance.network_interfaces[0].attachment;
  ec2::ModifyNetworkInterfaceAttributeRequest keep;
  keep.network_interface_id = *instance.network_interfaces[0].network_interface_id;
  keep.attachment =
      ec2::NetworkInterfaceAttachmentChanges{.attachment_id = "eni-attach-0", .delete_on_termination = false};
  EXPECT_THAT(error_of(modify_network_interface_attribute, keep), StartsWith("InvalidAttachmentID.NotFound: "));
  keep.attachment->attachment_id = attachment.attachment_id;
  run(modify_network_interface_attribute, keep);
  const auto shown = run(describe_network_interface_attribute,
                         {.network_interface_id = keep.network_interface_id, .attribute = "attachment"});
  EXPECT_FALSE(*shown.attachment->delete_on_termination);
}

}  // namespace
}  // namespace ginnel::api
