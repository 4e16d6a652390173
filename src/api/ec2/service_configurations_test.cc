#include "api/ec2/service_configurations.h"

#include "api/ec2/modify_service_configuration.h"
#include "api/ec2/service_fixture.h"
#include "api/ec2/service_private_name.h"
#include "api/ec2/tags.h"
#include "model/verification.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Create = ec2::CreateVpcEndpointServiceConfigurationRequest;
using Modify = ec2::ModifyVpcEndpointServiceConfigurationRequest;

class ServiceConfigurations : public ServiceFixture {
 protected:
  ec2::ServiceConfiguration describe_service(const std::string& id) {
    return run(describe_service_configurations, {.service_ids = {id}}, kOtherAccount).service_configurations.at(0);
  }
  std::string create_error(const Create& wanted) {
    return error_of(create_service_configuration, wanted, kOtherAccount);
  }
  std::string modify_error(const Modify& wanted) {
    return error_of(modify_service_configuration, wanted, kOtherAccount);
  }
  void modify(const Modify& wanted) { EXPECT_TRUE(*run(modify_service_configuration, wanted, kOtherAccount).return_); }
  ec2::DeleteVpcEndpointServiceConfigurationsResponse erase(std::vector<std::string> ids) {
    return run(delete_service_configurations, {.service_ids = std::move(ids)}, kOtherAccount);
  }
};

TEST_F(ServiceConfigurations, AreMadeFromLoadBalancers) {
  Create wanted;
  wanted.network_load_balancer_arns = {kBalancer};
  wanted.tag_specifications = {{.resource_type = "vpc-endpoint-service", .tags = {{.key = "Name", .value = "db"}}}};
  const auto made = *run(create_service_configuration, wanted, kOtherAccount).service_configuration;
  EXPECT_THAT(*made.service_id, StartsWith("vpce-svc-"));
  EXPECT_EQ(*made.service_name, "com.amazonaws.vpce.ap-northeast-1." + *made.service_id);
  EXPECT_EQ(*made.service_state, "Available");
  EXPECT_TRUE(*made.acceptance_required);
  EXPECT_THAT(made.availability_zones, ElementsAre(kZoneA, kZoneC));
  EXPECT_THAT(made.availability_zone_ids, ElementsAre("apne1-az4", "apne1-az1"));
  EXPECT_THAT(made.network_load_balancer_arns, ElementsAre(kBalancer));
  EXPECT_THAT(made.base_endpoint_dns_names, ElementsAre(*made.service_id + ".ap-northeast-1.vpce.amazonaws.com"));
  EXPECT_EQ(*made.tags.at(0).value, "db");
  EXPECT_FALSE(made.private_dns_name);
}

TEST_F(ServiceConfigurations, NeedLoadBalancersOfTheCaller) {
  EXPECT_EQ(create_error({}), "MissingParameter: The request must contain the parameter NetworkLoadBalancerArn");
  EXPECT_EQ(create_error({.network_load_balancer_arns = {"arn:x"}}),
            "InvalidNetworkLoadBalancerArn.NotFound: The Network Load Balancer Arn 'arn:x' does not exist");
  EXPECT_THAT(error_of(create_service_configuration, Create{.network_load_balancer_arns = {kBalancer}}),
              StartsWith("InvalidNetworkLoadBalancerArn.NotFound: "));
}

TEST_F(ServiceConfigurations, RefuseOtherTypesAndRegionsByName) {
  Create wanted{.network_load_balancer_arns = {kBalancer}};
  wanted.supported_ip_address_types = {"x"};
  EXPECT_THAT(create_error(wanted), StartsWith("InvalidParameterValue: Value (x)"));
  wanted.supported_ip_address_types = {"ipv4"};
  wanted.supported_regions = {"us-east-1"};
  EXPECT_THAT(create_error(wanted), HasSubstr("'us-east-1' of the parameter SupportedRegion"));
  wanted.supported_regions = {"ap-northeast-1"};
  EXPECT_EQ(create_error(wanted), "no error");
}

TEST_F(ServiceConfigurations, WithAPrivateNameWaitForItsVerification) {
  const auto id = offer({.private_dns_name = "DB.example.com"});
  auto shown = describe_service(id);
  EXPECT_EQ(*shown.private_dns_name, "db.example.com");
  EXPECT_EQ(*shown.private_dns_name_configuration->state, "pendingVerification");
  EXPECT_EQ(*shown.private_dns_name_configuration->type, "TXT");
  EXPECT_THAT(*shown.private_dns_name_configuration->name, StartsWith("_"));
  EXPECT_THAT(*shown.private_dns_name_configuration->value, StartsWith("vpce:"));
  EXPECT_THAT(model::wanted_verifications(snapshot), IsEmpty());

  run(start_private_dns_verification, {.service_id = id}, kOtherAccount);
  const auto asked = model::wanted_verifications(snapshot).at(0);
  EXPECT_EQ(asked.domain, "db.example.com");
  commit(model::private_dns_verified(snapshot, id, asked.txt_name, asked.txt_value, false));
  EXPECT_EQ(stored(id).private_dns_state, "failed");
  run(start_private_dns_verification, {.service_id = id}, kOtherAccount);
  EXPECT_EQ(stored(id).private_dns_state, "pendingVerification");
  commit(model::private_dns_verified(snapshot, id, asked.txt_name, asked.txt_value, true));
  EXPECT_EQ(stored(id).private_dns_state, "verified");
  // What is verified stays in use.
  run(start_private_dns_verification, {.service_id = id}, kOtherAccount);
  EXPECT_EQ(stored(id).private_dns_state, "verified");
}

TEST_F(ServiceConfigurations, TakeOnlyDomainNames) {
  for (const char* bad : {"", "db", "-a.example.com", "a..b", "a_b.example.com", "a.example.com."}) {
    EXPECT_THAT(create_error({.private_dns_name = bad, .network_load_balancer_arns = {kBalancer}}),
                StartsWith("InvalidParameterValue: "))
        << bad;
  }
  EXPECT_THAT(create_error({.private_dns_name = "*.example.com", .network_load_balancer_arns = {kBalancer}}),
              StartsWith("UnsupportedOperation: "));
  EXPECT_THAT(error_of(start_private_dns_verification,
                       ec2::StartVpcEndpointServicePrivateDnsVerificationRequest{.service_id = offer()}, kOtherAccount),
              HasSubstr("no private DNS name"));
}

TEST_F(ServiceConfigurations, ANewNameIsToBeVerifiedAndTheSameOneIsNot) {
  const auto id = offer({.private_dns_name = "db.example.com"});
  set_private_dns(id, "verified");
  const auto record = stored(id).txt_name;
  modify({.service_id = id, .private_dns_name = "db.example.com"});
  EXPECT_EQ(stored(id).private_dns_state, "verified");
  modify({.service_id = id, .private_dns_name = "other.example.com"});
  EXPECT_EQ(stored(id).private_dns_state, "pendingVerification");
  EXPECT_NE(stored(id).txt_name, record);
  EXPECT_THAT(modify_error({.service_id = id, .private_dns_name = "a.example.com", .remove_private_dns_name = true}),
              StartsWith("InvalidParameterCombination: "));
  modify({.service_id = id, .remove_private_dns_name = true});
  EXPECT_FALSE(describe_service(id).private_dns_name);
}

TEST_F(ServiceConfigurations, PickUpNewZonesWithAnyModify) {
  const auto id = offer();
  put_balancer(kBalancer, {kZoneA, kZoneC, "ap-northeast-1d"});
  EXPECT_EQ(stored(id).zones.size(), 2U);
  modify({.service_id = id});
  EXPECT_EQ(stored(id).zones.size(), 3U);
}

TEST_F(ServiceConfigurations, KeepTheLoadBalancersThatAreInUse) {
  put_balancer(kSecondBalancer, {kZoneA});
  const auto id = offer();
  EXPECT_EQ(modify_error({.service_id = id, .remove_network_load_balancer_arns = {kBalancer}}),
            "InvalidParameter: The VPC endpoint service " + id + " must keep at least one load balancer");
  const auto endpoint = connect(id);
  modify({.service_id = id, .add_network_load_balancer_arns = {kSecondBalancer}});
  EXPECT_THAT(stored(id).load_balancers, ElementsAre(kBalancer, kSecondBalancer));
  EXPECT_EQ(modify_error({.service_id = id, .remove_network_load_balancer_arns = {kBalancer}}),
            "ExistingVpcEndpointConnections: Service has existing active VPC Endpoint connections! (" + endpoint + ")");
  EXPECT_THAT(modify_error({.service_id = id,
                            .add_network_load_balancer_arns = {kSecondBalancer},
                            .remove_network_load_balancer_arns = {kSecondBalancer}}),
              StartsWith("InvalidParameterCombination: "));
  modify({.service_id = id, .remove_network_load_balancer_arns = {kSecondBalancer}});
  EXPECT_THAT(modify_error({.service_id = id, .remove_network_load_balancer_arns = {kSecondBalancer}}),
              HasSubstr("is not one of"));
  modify({.service_id = id, .add_network_load_balancer_arns = {kSecondBalancer}});
  reject(id, {endpoint});
  modify({.service_id = id, .remove_network_load_balancer_arns = {kBalancer}});
  EXPECT_THAT(stored(id).zones, ElementsAre(kZoneA));
}

TEST_F(ServiceConfigurations, ModifyRefusesWhatTheyCannotBe) {
  const auto id = offer();
  EXPECT_THAT(modify_error({.service_id = id, .add_supported_regions = {"us-east-1"}}), HasSubstr("'us-east-1'"));
  EXPECT_THAT(modify_error({.service_id = id, .remove_supported_regions = {"ap-northeast-1"}}),
              HasSubstr("cannot be removed"));
  EXPECT_THAT(error_of(modify_service_configuration, Modify{.service_id = id}),
              StartsWith("InvalidVpcEndpointServiceId.NotFound: "));
  EXPECT_THAT(modify_error({.service_id = "vpce-svc-x"}), StartsWith("InvalidVpcEndpointServiceId.Malformed: "));
  modify({.service_id = id, .acceptance_required = false});
  EXPECT_FALSE(stored(id).acceptance_required);
}

TEST_F(ServiceConfigurations, CanBePaidByTheirOwner) {
  const auto id = offer();
  EXPECT_FALSE(describe_service(id).payer_responsibility);
  run(modify_payer_responsibility, {.service_id = id, .payer_responsibility = "ServiceOwner"}, kOtherAccount);
  EXPECT_EQ(*describe_service(id).payer_responsibility, "ServiceOwner");
}

TEST_F(ServiceConfigurations, AreNotDeletedWhileEndpointsAreConnected) {
  const auto id = offer({.acceptance_required = true});
  const auto endpoint = connect(id);
  const auto answer = erase({id, "vpce-svc-00000000000000000", "x"});
  EXPECT_THAT(failures(answer),
              ElementsAre("vpce-svc-00000000000000000 InvalidVpcEndpointServiceId.NotFound",
                          id + " ExistingVpcEndpointConnections", "x InvalidVpcEndpointServiceId.Malformed"));
  EXPECT_EQ(*answer.unsuccessful[1].error->message,
            "Service has existing active VPC Endpoint connections! (" + endpoint + ")");
  accept(id, {endpoint});
  EXPECT_EQ(failures(erase({id})).size(), 1U);
  apply();
  EXPECT_EQ(failures(erase({id})).size(), 1U);
  reject(id, {endpoint});
  EXPECT_THAT(failures(erase({id})), IsEmpty());
  EXPECT_EQ(snapshot.table<model::EndpointService>().size(), 0U);
  EXPECT_EQ(snapshot.table<model::ServicePermission>().size(), 0U);
  // The consumer still sees what it has, and can delete it.
  EXPECT_EQ(*describe(endpoint).state, "rejected");
  run(delete_vpc_endpoints, {.vpc_endpoint_ids = {endpoint}});
  apply();
  EXPECT_EQ(snapshot.find<model::VpcEndpoint>(endpoint), nullptr);
}

TEST_F(ServiceConfigurations, TheErrorNamesFiveEndpoints) {
  const auto id = offer();
  model::Change change;
  for (int i = 0; i < 7; ++i) {
    change.put(model::VpcEndpoint{.id = "vpce-" + std::to_string(i), .account = kAccount, .vpc = kVpc, .service = id});
  }
  commit(change);
  EXPECT_THAT(*erase({id}).unsuccessful.at(0).error->message,
              HasSubstr("(vpce-0, vpce-1, vpce-2, vpce-3, vpce-4 and 2 more)"));
}

TEST_F(ServiceConfigurations, AreTheOwnersToSee) {
  const auto id = offer();
  EXPECT_THAT(run(describe_service_configurations, {}).service_configurations, IsEmpty());
  run(create_tags, {.resources = {id}, .tags = {{.key = "Name", .value = "db"}}}, kOtherAccount);
  const auto count = [&](const char* name, const std::string& value) {
    return run(describe_service_configurations, {.filters = {{.name = name, .values = {value}}}}, kOtherAccount)
        .service_configurations.size();
  };
  EXPECT_EQ(count("service-id", id), 1U);
  EXPECT_EQ(count("service-name", "*" + id), 1U);
  EXPECT_EQ(count("service-state", "Available"), 1U);
  EXPECT_EQ(count("supported-ip-address-types", "ipv6"), 0U);
  EXPECT_EQ(count("tag:Name", "db"), 1U);
  EXPECT_EQ(count("tag:Name", "x"), 0U);
  ec2::DescribeVpcEndpointServiceConfigurationsRequest small;
  small.max_results = 4;
  EXPECT_THAT(error_of(describe_service_configurations, small, kOtherAccount), HasSubstr("4"));
}

}  // namespace
}  // namespace ginnel::api
