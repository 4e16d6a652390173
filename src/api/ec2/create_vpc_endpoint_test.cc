#include "api/ec2/create_vpc_endpoint.h"

#include "api/ec2/delete_vpc_endpoints.h"
#include "api/ec2/endpoint_checks.h"
#include "api/ec2/endpoint_fixture.h"
#include "api/ec2/endpoints.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CreateVpcEndpoint : public EndpointFixture {
 protected:
  std::string error(const ec2::CreateVpcEndpointRequest& bad, const char* account = kAccount) {
    return error_of(create_vpc_endpoint, bad, account);
  }
};

TEST_F(CreateVpcEndpoint, MakesAPendingInterfaceEndpoint) {
  auto wanted = request("ec2", {kSubnetC, kSubnetA});
  wanted.security_group_ids = {kWebGroup};
  wanted.client_token = "token";
  const auto response = run(create_vpc_endpoint, wanted);
  EXPECT_EQ(*response.client_token, "token");
  const auto& endpoint = *response.vpc_endpoint;
  EXPECT_THAT(*endpoint.vpc_endpoint_id, StartsWith("vpce-0"));
  EXPECT_EQ(endpoint.vpc_endpoint_id->size(), 22U);
  EXPECT_EQ(*endpoint.vpc_endpoint_type, "Interface");
  EXPECT_EQ(*endpoint.state, "pending");
  EXPECT_EQ(*endpoint.vpc_id, kVpc);
  EXPECT_EQ(*endpoint.owner_id, kAccount);
  EXPECT_FALSE(*endpoint.requester_managed);
  EXPECT_TRUE(*endpoint.private_dns_enabled);
  EXPECT_EQ(*endpoint.ip_address_type, "ipv4");
  EXPECT_EQ(*endpoint.dns_options->dns_record_ip_type, "ipv4");
  EXPECT_EQ(*endpoint.creation_timestamp, now);
  EXPECT_THAT(endpoint.subnet_ids, ElementsAre(kSubnetA, kSubnetC));
  ASSERT_EQ(endpoint.groups.size(), 1U);
  EXPECT_EQ(*endpoint.groups[0].group_name, "web");
  EXPECT_EQ(endpoint.network_interface_ids.size(), 2U);
  EXPECT_EQ(*endpoint.policy_document, default_policy());
  apply();
  EXPECT_EQ(*describe(*endpoint.vpc_endpoint_id).state, "available");
}

TEST_F(CreateVpcEndpoint, NamesAreRegionalThenZonalThenPrivate) {
  const auto endpoint = *run(create_vpc_endpoint, request("ec2", {kSubnetA, kSubnetC})).vpc_endpoint;
  ASSERT_EQ(endpoint.dns_entries.size(), 4U);
  const std::string id = *endpoint.vpc_endpoint_id;
  const std::string hash = snapshot.find<model::VpcEndpoint>(id)->dns_hash;
  EXPECT_EQ(hash.size(), 8U);
  const std::string base = ".ec2.ap-northeast-1.vpce.amazonaws.com";
  EXPECT_EQ(*endpoint.dns_entries[0].dns_name, id + "-" + hash + base);
  EXPECT_EQ(*endpoint.dns_entries[1].dns_name, id + "-" + hash + "-ap-northeast-1a" + base);
  EXPECT_EQ(*endpoint.dns_entries[2].dns_name, id + "-" + hash + "-ap-northeast-1c" + base);
  EXPECT_EQ(*endpoint.dns_entries[3].dns_name, "ec2.ap-northeast-1.amazonaws.com");
  EXPECT_EQ(*endpoint.dns_entries[0].hosted_zone_id, *endpoint.dns_entries[1].hosted_zone_id);
  EXPECT_NE(*endpoint.dns_entries[0].hosted_zone_id, *endpoint.dns_entries[3].hosted_zone_id);
}

TEST_F(CreateVpcEndpoint, TheDefaultGroupIsTakenWhereNoneIsGiven) {
  const auto endpoint = *run(create_vpc_endpoint, request("ec2", {kSubnetA})).vpc_endpoint;
  ASSERT_EQ(endpoint.groups.size(), 1U);
  EXPECT_EQ(*endpoint.groups[0].group_id, kDefaultGroupId);
}

TEST_F(CreateVpcEndpoint, MayHaveNoSubnet) {
  const auto endpoint = *run(create_vpc_endpoint, request("ec2", {})).vpc_endpoint;
  EXPECT_TRUE(endpoint.subnet_ids.empty());
  EXPECT_TRUE(endpoint.network_interface_ids.empty());
  EXPECT_EQ(endpoint.dns_entries.size(), 2U);
}

TEST_F(CreateVpcEndpoint, AddressesCanBeChosen) {
  auto wanted = request("ec2", {kSubnetA});
  wanted.subnet_configurations = {{.subnet_id = kSubnetA, .ipv4 = "10.0.1.200"},
                                  {.subnet_id = kSubnetC, .ipv4 = "10.0.2.200"}};
  const auto endpoint = *run(create_vpc_endpoint, wanted).vpc_endpoint;
  EXPECT_THAT(addresses_of(*endpoint.vpc_endpoint_id), ElementsAre("10.0.1.200", "10.0.2.200"));
  wanted.private_dns_enabled = false;
  EXPECT_EQ(error(wanted), "InvalidIPAddress.InUse: Address 10.0.1.200 is in use.");
  wanted.subnet_configurations = {{.ipv4 = "10.0.1.201"}};
  EXPECT_THAT(error(wanted), StartsWith("MissingParameter: "));
  wanted.subnet_configurations = {{.subnet_id = kSubnetA}, {.subnet_id = kSubnetA}};
  EXPECT_THAT(error(wanted), HasSubstr("more than one SubnetConfiguration"));
}

TEST_F(CreateVpcEndpoint, PrivateDnsLeftOutIsTrueOnlyForServicesWithPrivateNames) {
  EXPECT_TRUE(*run(create_vpc_endpoint, request("kinesis", {})).vpc_endpoint->private_dns_enabled);
  const auto plain = *run(create_vpc_endpoint, request("plain", {kSubnetA})).vpc_endpoint;
  EXPECT_FALSE(*plain.private_dns_enabled);
  EXPECT_EQ(plain.dns_entries.size(), 2U);
}

TEST_F(CreateVpcEndpoint, ASecondEndpointCannotTakeThePrivateName) {
  run(create_vpc_endpoint, request("ec2", {kSubnetA}));
  const auto second = request("ec2", {kSubnetC});
  EXPECT_EQ(error(second),
            "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            "ec2.ap-northeast-1.amazonaws.com in the VPC vpc-00000000000000001");
  auto without = second;
  without.private_dns_enabled = false;
  run(create_vpc_endpoint, without);
}

TEST_F(CreateVpcEndpoint, ADeletingEndpointHoldsItsNameUntilItsPathIsGone) {
  const auto first = *run(create_vpc_endpoint, request("ec2", {kSubnetA})).vpc_endpoint;
  run(delete_vpc_endpoints, ec2::DeleteVpcEndpointsRequest{.vpc_endpoint_ids = {*first.vpc_endpoint_id}});
  EXPECT_THAT(error(request("ec2", {kSubnetA})), HasSubstr("conflicting DNS domain"));
  apply();
  const auto second = *run(create_vpc_endpoint, request("ec2", {kSubnetA})).vpc_endpoint;
  EXPECT_THAT(addresses_of(*second.vpc_endpoint_id), ElementsAre("10.0.1.4"));
}

TEST_F(CreateVpcEndpoint, PrivateDnsNeedsBothVpcAttributes) {
  auto wanted = request("ec2", {});
  wanted.vpc_id = kSecondVpc;
  EXPECT_EQ(error(wanted),
            "InvalidParameter: Enabling private DNS requires both enableDnsSupport and "
            "enableDnsHostnames VPC attributes set to true for vpc-00000000000000002");
  wanted.private_dns_enabled = false;
  run(create_vpc_endpoint, wanted);
}

TEST_F(CreateVpcEndpoint, PrivateDnsNeedsAPrivateName) {
  auto wanted = request("plain", {});
  wanted.private_dns_enabled = true;
  EXPECT_EQ(error(wanted),
            "InvalidParameter: Private DNS can't be enabled because the service "
            "com.amazonaws.ap-northeast-1.plain does not provide a private DNS name.");
}

TEST_F(CreateVpcEndpoint, ZonesMustBeTheServices) {
  EXPECT_EQ(error(request("ec2", {kSubnetA, kTinySubnet})),
            "InvalidParameter: The VPC endpoint service com.amazonaws.ap-northeast-1.ec2 does not support the "
            "availability zone of the subnet: subnet-0000000000000000e (supports ap-northeast-1a, ap-northeast-1c)");
  EXPECT_EQ(snapshot.table<model::VpcEndpoint>().size(), 0U);
  run(create_vpc_endpoint, request("plain", {kTinySubnet}));
}

TEST_F(CreateVpcEndpoint, TheTypeIsGatewayUnlessItIsGiven) {
  auto wanted = request("ec2", {});
  wanted.vpc_endpoint_type.reset();
  EXPECT_EQ(error(wanted),
            "InvalidParameter: Endpoint type (Gateway) does not match available service types ([Interface])");
  wanted.vpc_endpoint_type = "GatewayLoadBalancer";
  EXPECT_THAT(error(wanted), HasSubstr("Endpoint type (GatewayLoadBalancer) does not match"));
  wanted.vpc_endpoint_type = "Interface";
  wanted.route_table_ids = {"rtb-00000000000000001"};
  EXPECT_THAT(error(wanted), HasSubstr("Route table IDs"));
}

TEST_F(CreateVpcEndpoint, OneSubnetPerZone) {
  EXPECT_EQ(error(request("ec2", {kSubnetA, kSubnetA2})),
            "DuplicateSubnetsInSameZone: Found another VPC endpoint subnet in the availability zone of "
            "subnet-000000000000000a2");
  EXPECT_THAT(error(request("ec2", {kSubnetA, kSubnetA})), StartsWith("DuplicateSubnetsInSameZone: "));
}

TEST_F(CreateVpcEndpoint, ServiceMustExist) {
  EXPECT_EQ(error(request("nothing", {})),
            "InvalidServiceName: The Vpc Endpoint Service "
            "'com.amazonaws.ap-northeast-1.nothing' does not exist");
  auto wanted = request("ec2", {});
  wanted.service_name = "";
  EXPECT_THAT(error(wanted), StartsWith("MissingParameter: "));
  wanted.service_name.reset();
  EXPECT_EQ(error(wanted), "MissingParameter: The request must contain the parameter ServiceName");
  wanted = request("ec2", {});
  wanted.service_region = "us-east-1";
  EXPECT_THAT(error(wanted), HasSubstr("us-east-1"));
  wanted.service_region = "ap-northeast-1";
  run(create_vpc_endpoint, wanted);
}

TEST_F(CreateVpcEndpoint, RefusesWhatBelongsToOthers) {
  auto wanted = request("ec2", {});
  wanted.vpc_id = kOtherVpc;
  EXPECT_EQ(error(wanted), "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000000000009' does not exist");
  EXPECT_THAT(error(request("ec2", {kOtherSubnet})), StartsWith("InvalidSubnetID.NotFound: "));
  EXPECT_EQ(error(request("ec2", {kSecondSubnet})),
            "InvalidParameter: The subnet subnet-00000000000000002 does not belong to the VPC vpc-00000000000000001");
  wanted = request("ec2", {});
  wanted.security_group_ids = {kOtherGroup};
  EXPECT_THAT(error(wanted), StartsWith("InvalidGroup.NotFound: "));
  wanted.security_group_ids = {kSecondGroup};
  EXPECT_THAT(error(wanted), HasSubstr("does not belong to VPC"));
}

TEST_F(CreateVpcEndpoint, PoliciesAreJsonAndNotTooLong) {
  auto wanted = request("ec2", {});
  wanted.policy_document = R"({"Statement": [{"Effect": "Deny", "Action": "*", "Principal": "*", "Resource": "*"}]})";
  EXPECT_EQ(*run(create_vpc_endpoint, wanted).vpc_endpoint->policy_document, *wanted.policy_document);
  for (const char* bad : {"{", "[]", "{}", R"({"Statement": "x"})", "{\"Statement\": []} x"}) {
    wanted.policy_document = bad;
    EXPECT_THAT(error(wanted), StartsWith("InvalidPolicyDocument: ")) << bad;
  }
  // The limit counts characters, not bytes.
  const std::string frame = R"({"Statement": [], "Id": ""})";
  std::string filling;
  for (size_t i = 0; i < kMaxEndpointPolicyLength - frame.size(); ++i) filling += "é";
  const auto policy = [&](const std::string& id) { return R"({"Statement": [], "Id": ")" + id + "\"}"; };
  EXPECT_TRUE(check_policy(policy(filling)).has_value());
  EXPECT_THAT(check_policy(policy(filling + "x")).error().message, HasSubstr("has 20481 characters"));
}

TEST_F(CreateVpcEndpoint, RefusesOtherDnsOptionsByName) {
  auto wanted = request("ec2", {});
  wanted.dns_options = ec2::DnsOptionsSpecification{};
  wanted.dns_options->private_dns_only_for_inbound_resolver_endpoint = true;
  EXPECT_THAT(error(wanted), HasSubstr("PrivateDnsOnlyForInboundResolverEndpoint"));
  wanted.dns_options->private_dns_only_for_inbound_resolver_endpoint = false;
  run(create_vpc_endpoint, wanted);
}

TEST_F(CreateVpcEndpoint, TagsAreKept) {
  auto wanted = request("ec2", {});
  wanted.tag_specifications = {{.resource_type = "vpc-endpoint", .tags = {{.key = "Name", .value = "api"}}}};
  const auto endpoint = *run(create_vpc_endpoint, wanted).vpc_endpoint;
  ASSERT_EQ(endpoint.tags.size(), 1U);
  EXPECT_EQ(*endpoint.tags[0].value, "api");
  wanted.tag_specifications[0].resource_type = "vpc";
  EXPECT_THAT(error(wanted), StartsWith("InvalidParameterValue: 'vpc'"));
}

TEST_F(CreateVpcEndpoint, NumbersAreNeverGivenTwice) {
  const auto number = [&](const ec2::CreateVpcEndpointResponse& response) {
    return snapshot.find<model::VpcEndpoint>(*response.vpc_endpoint->vpc_endpoint_id)->number;
  };
  auto wanted = request("ec2", {});
  wanted.private_dns_enabled = false;
  const auto first = run(create_vpc_endpoint, wanted);
  EXPECT_EQ(number(first), 1U);
  run(delete_vpc_endpoints, ec2::DeleteVpcEndpointsRequest{.vpc_endpoint_ids = {*first.vpc_endpoint->vpc_endpoint_id}});
  apply();
  EXPECT_EQ(number(run(create_vpc_endpoint, wanted)), 2U);
}

TEST_F(CreateVpcEndpoint, AVpcHasALimit) {
  model::Change change;
  for (size_t i = 0; i < kMaxEndpointsPerVpc; ++i) {
    change.put(model::VpcEndpoint{.id = "vpce-" + std::to_string(i), .account = kAccount, .vpc = kVpc});
  }
  commit(change);
  EXPECT_THAT(error(request("ec2", {})), StartsWith("VpcEndpointLimitExceeded: "));
  EXPECT_THAT(error(request("ec2", {})), EndsWith("(1000)."));
}

}  // namespace
}  // namespace ginnel::api
