#include "api/ec2/modify_vpc_endpoint.h"

#include "api/ec2/delete_vpc_endpoints.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/endpoint_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ModifyVpcEndpoint : public EndpointFixture {
 protected:
  void SetUp() override {
    id = create("ec2", {kSubnetA});
    apply();
    wanted.vpc_endpoint_id = id;
  }
  void modify() { EXPECT_TRUE(*run(modify_vpc_endpoint, wanted).return_); }
  std::string error() { return error_of(modify_vpc_endpoint, wanted); }

  std::string id;
  ec2::ModifyVpcEndpointRequest wanted;
};

TEST_F(ModifyVpcEndpoint, PassesThroughPending) {
  wanted.private_dns_enabled = false;
  modify();
  EXPECT_EQ(*describe(id).state, "pending");
  EXPECT_FALSE(*describe(id).private_dns_enabled);
  EXPECT_EQ(describe(id).dns_entries.size(), 2U);
  apply();
  EXPECT_EQ(*describe(id).state, "available");
}

TEST_F(ModifyVpcEndpoint, WhatIsLeftOutStays) {
  const auto before = *snapshot.find<model::VpcEndpoint>(id);
  modify();
  apply();
  EXPECT_EQ(*snapshot.find<model::VpcEndpoint>(id), before);
}

TEST_F(ModifyVpcEndpoint, AddsASubnetAndKeepsTheOthersInterface) {
  const auto before = describe(id).network_interface_ids;
  wanted.add_subnet_ids = {kSubnetC};
  modify();
  const auto after = describe(id);
  EXPECT_THAT(after.subnet_ids, ElementsAre(kSubnetA, kSubnetC));
  ASSERT_EQ(after.network_interface_ids.size(), 2U);
  EXPECT_EQ(after.network_interface_ids[0], before[0]);
  EXPECT_EQ(after.dns_entries.size(), 4U);
}

TEST_F(ModifyVpcEndpoint, RemovesASubnetWithItsInterface) {
  const auto interface = describe(id).network_interface_ids[0];
  wanted.remove_subnet_ids = {kSubnetA};
  modify();
  EXPECT_TRUE(describe(id).subnet_ids.empty());
  EXPECT_EQ(snapshot.find<model::NetworkInterface>(interface), nullptr);
}

TEST_F(ModifyVpcEndpoint, CanMoveToAnotherSubnetOfTheZoneInOneCall) {
  wanted.remove_subnet_ids = {kSubnetA};
  wanted.add_subnet_ids = {kSubnetA2};
  modify();
  EXPECT_THAT(describe(id).subnet_ids, ElementsAre(kSubnetA2));
  EXPECT_THAT(addresses_of(id), ElementsAre("10.0.3.4"));
}

TEST_F(ModifyVpcEndpoint, AnotherAddressReplacesTheInterface) {
  const auto before = describe(id).network_interface_ids[0];
  wanted.subnet_configurations = {{.subnet_id = kSubnetA, .ipv4 = "10.0.1.99"}};
  modify();
  EXPECT_THAT(addresses_of(id), ElementsAre("10.0.1.99"));
  EXPECT_EQ(snapshot.find<model::NetworkInterface>(before), nullptr);
  const auto after = describe(id).network_interface_ids[0];
  modify();  // the address that it has
  EXPECT_EQ(describe(id).network_interface_ids[0], after);
}

TEST_F(ModifyVpcEndpoint, SubnetErrorsChangeNothing) {
  wanted.add_subnet_ids = {kSubnetA};
  EXPECT_THAT(error(), StartsWith("DuplicateSubnetsInSameZone: "));
  wanted.add_subnet_ids = {kSubnetA2};
  EXPECT_THAT(error(), StartsWith("DuplicateSubnetsInSameZone: "));
  wanted.add_subnet_ids = {kTinySubnet};
  EXPECT_THAT(error(), HasSubstr("does not support the availability zone of the subnet"));
  wanted.add_subnet_ids = {};
  wanted.remove_subnet_ids = {kSubnetC};
  EXPECT_EQ(error(), "InvalidParameter: The subnet subnet-0000000000000000c is not one of the VPC endpoint " + id);
  wanted.remove_subnet_ids = {};
  wanted.subnet_configurations = {{.subnet_id = kSubnetA, .ipv4 = "10.0.2.1"}};
  EXPECT_THAT(error(), StartsWith("InvalidParameterValue: Value (10.0.2.1) for parameter SubnetConfiguration.Ipv4"));
  EXPECT_EQ(*describe(id).state, "available");
}

TEST_F(ModifyVpcEndpoint, GroupsOfAllInterfacesFollow) {
  wanted.add_security_group_ids = {kWebGroup};
  wanted.remove_security_group_ids = {kDefaultGroupId};
  wanted.add_subnet_ids = {kSubnetC};
  modify();
  EXPECT_EQ(*describe(id).groups.at(0).group_name, "web");
  for (const auto& interface : describe(id).network_interface_ids) {
    EXPECT_THAT(snapshot.find<model::NetworkInterface>(interface)->groups, ElementsAre(kWebGroup));
  }
  EXPECT_FALSE(snapshot.table<model::NetworkInterface>().any_referring_to(kDefaultGroupId));
}

TEST_F(ModifyVpcEndpoint, GroupErrors) {
  wanted.remove_security_group_ids = {kDefaultGroupId};
  EXPECT_EQ(error(), "InvalidParameter: The VPC endpoint " + id + " must keep at least one security group");
  wanted.remove_security_group_ids = {kWebGroup};
  EXPECT_THAT(error(), HasSubstr("is not one of the VPC endpoint"));
  wanted.remove_security_group_ids = {};
  wanted.add_security_group_ids = {kOtherGroup};
  EXPECT_THAT(error(), StartsWith("InvalidGroup.NotFound: "));
}

TEST_F(ModifyVpcEndpoint, PrivateDnsIsCheckedWhenItIsTurnedOn) {
  auto second = request("ec2", {kSubnetC});
  second.private_dns_enabled = false;
  const auto other = *run(create_vpc_endpoint, second).vpc_endpoint->vpc_endpoint_id;
  wanted.private_dns_enabled = true;
  modify();  // its own name is no conflict
  wanted.vpc_endpoint_id = other;
  EXPECT_THAT(error(), HasSubstr("conflicting DNS domain for ec2.ap-northeast-1.amazonaws.com"));
  wanted.vpc_endpoint_id = create("plain", {});
  EXPECT_THAT(error(), HasSubstr("does not provide a private DNS name"));
}

TEST_F(ModifyVpcEndpoint, PoliciesAreSetAndReset) {
  wanted.policy_document = R"({"Statement": []})";
  modify();
  EXPECT_EQ(*describe(id).policy_document, R"({"Statement": []})");
  wanted.reset_policy = true;
  EXPECT_THAT(error(), StartsWith("InvalidParameterCombination: "));
  wanted.policy_document.reset();
  modify();
  EXPECT_EQ(*describe(id).policy_document, default_policy());
  wanted.reset_policy.reset();
  wanted.policy_document = "{";
  EXPECT_THAT(error(), StartsWith("InvalidPolicyDocument: "));
}

TEST_F(ModifyVpcEndpoint, RefusesWhatIsNotForInterfaceEndpoints) {
  wanted.add_route_table_ids = {"rtb-00000000000000001"};
  EXPECT_THAT(error(), HasSubstr("Route table IDs"));
}

TEST_F(ModifyVpcEndpoint, ADeletingEndpointStaysAsItIs) {
  run(delete_vpc_endpoints, ec2::DeleteVpcEndpointsRequest{.vpc_endpoint_ids = {id}});
  EXPECT_EQ(error(), "IncorrectState: The VPC endpoint " + id + " can't be modified in the state deleting");
}

TEST_F(ModifyVpcEndpoint, OfAnotherAccountIsNotFound) {
  EXPECT_EQ(error_of(modify_vpc_endpoint, wanted, kOtherAccount),
            "InvalidVpcEndpointId.NotFound: The Vpc Endpoint Id '" + id + "' does not exist");
  wanted.vpc_endpoint_id = "vpce-x";
  EXPECT_THAT(error(), StartsWith("InvalidVpcEndpointId.Malformed: "));
}

}  // namespace
}  // namespace ginnel::api
