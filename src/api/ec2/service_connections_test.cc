#include "api/ec2/service_connections.h"

#include "api/ec2/endpoint_services.h"
#include "api/ec2/modify_service_configuration.h"
#include "api/ec2/modify_vpc_endpoint.h"
#include "api/ec2/service_fixture.h"
#include "api/ec2/tags.h"

namespace ginnel::api {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class ServiceConnections : public ServiceFixture {
 protected:
  std::string create_error(const ec2::CreateVpcEndpointRequest& wanted, const char* account = kAccount) {
    return error_of(create_vpc_endpoint, wanted, account);
  }
  std::string balancer_of(const std::string& endpoint) {
    return snapshot.find<model::VpcEndpoint>(endpoint)->load_balancer;
  }
  std::vector<std::string> principals(const std::string& service, const char* filter = "*") {
    std::vector<std::string> out;
    for (const auto& one :
         run(describe_service_permissions,
             {.service_id = service, .filters = {{.name = "principal-type", .values = {filter}}}}, kOtherAccount)
             .allowed_principals) {
      out.push_back(*one.principal);
    }
    return out;
  }
  std::string permission_error(std::vector<std::string> added, std::vector<std::string> removed = {}) {
    return error_of(modify_service_permissions,
                    ec2::ModifyVpcEndpointServicePermissionsRequest{.service_id = service_,
                                                                    .add_allowed_principals = std::move(added),
                                                                    .remove_allowed_principals = std::move(removed)},
                    kOtherAccount);
  }
  std::string service_ = offer();
};

TEST_F(ServiceConnections, WaitForAcceptance) {
  const auto id = connect(service_);
  auto shown = describe(id);
  EXPECT_EQ(*shown.state, "pendingAcceptance");
  EXPECT_EQ(shown.network_interface_ids.size(), 1U);
  EXPECT_FALSE(*shown.private_dns_enabled);
  EXPECT_THAT(*shown.dns_entries.at(0).dns_name, HasSubstr("." + service_ + ".ap-northeast-1.vpce.amazonaws.com"));
  EXPECT_EQ(balancer_of(id), kBalancer);
  EXPECT_THAT(snapshot.find<model::VpcEndpoint>(id)->connection, StartsWith("vpce-con-"));
  apply();
  EXPECT_EQ(state_of(id), "pendingAcceptance");
  EXPECT_THAT(accept(service_, {id}), IsEmpty());
  EXPECT_EQ(state_of(id), "pending");
  apply();
  EXPECT_EQ(state_of(id), "available");
  EXPECT_THAT(accept(service_, {id}), IsEmpty());
  EXPECT_EQ(state_of(id), "available");
}

TEST_F(ServiceConnections, ArePendingWhereTheProviderNeedNotBeAsked) {
  EXPECT_EQ(state_of(connect(offer({.acceptance_required = false}))), "pending");
}

TEST_F(ServiceConnections, CanBeRejectedAtAnyTimeAndAcceptedAgain) {
  const auto id = connect(service_);
  reject(service_, {id});
  EXPECT_EQ(state_of(id), "rejected");
  accept(service_, {id});
  EXPECT_EQ(state_of(id), "pending");
  reject(service_, {id});
  accept(service_, {id});
  apply();
  EXPECT_EQ(state_of(id), "available");
  EXPECT_THAT(reject(service_, {id}), IsEmpty());
  EXPECT_EQ(state_of(id), "rejected");
  EXPECT_THAT(
      error_of(modify_vpc_endpoint, ec2::ModifyVpcEndpointRequest{.vpc_endpoint_id = id, .add_subnet_ids = {kSubnetC}}),
      StartsWith("IncorrectState: "));
}

TEST_F(ServiceConnections, TellWhatCouldNotBeDone) {
  const auto mine = connect(service_);
  const auto other = connect(offer());
  run(delete_vpc_endpoints, {.vpc_endpoint_ids = {mine}});
  EXPECT_THAT(accept(service_, {mine, other, "vpce-00000000000000000", "x"}),
              ElementsAre("vpce-00000000000000000 InvalidVpcEndpointId.NotFound",
                          testing::AnyOf(mine + " IncorrectState", other + " InvalidVpcEndpointId.NotFound"),
                          testing::AnyOf(mine + " IncorrectState", other + " InvalidVpcEndpointId.NotFound"),
                          "x InvalidVpcEndpointId.Malformed"));
  EXPECT_THAT(reject(service_, {mine}), ElementsAre(mine + " IncorrectState"));
  EXPECT_EQ(state_of(other), "pendingAcceptance");
  EXPECT_THAT(error_of(accept_connections, ec2::AcceptVpcEndpointConnectionsRequest{.service_id = service_}),
              StartsWith("InvalidVpcEndpointServiceId.NotFound: "));
}

TEST_F(ServiceConnections, ARejectedOneIsNotAcceptedWhereItsNameIsTaken) {
  const auto named = offer({.private_dns_name = "db.example.com"});
  set_private_dns(named, "verified");
  const auto first = connect(named);
  EXPECT_TRUE(*describe(first).private_dns_enabled);
  EXPECT_EQ(create_error(to_service(named, {})),
            "InvalidParameter: private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            "db.example.com in the VPC vpc-00000000000000001");
  reject(named, {first});
  const auto second = connect(named);
  EXPECT_THAT(accept(named, {first}), ElementsAre(first + " InvalidParameter"));
  reject(named, {second});
  // In one call too, only the first of the two gets the name.
  EXPECT_EQ(accept(named, {first, second}).size(), 1U);
}

TEST_F(ServiceConnections, ARejectedOneIsServedByWhatTheServiceHasByThen) {
  put_balancer(kSecondBalancer, {kZoneC});
  const auto id = connect(service_);
  reject(service_, {id});
  run(modify_service_configuration,
      {.service_id = service_,
       .add_network_load_balancer_arns = {kSecondBalancer},
       .remove_network_load_balancer_arns = {kBalancer}},
      kOtherAccount);
  EXPECT_THAT(accept(service_, {id}), ElementsAre(id + " InvalidParameter"));
  put_balancer(kSecondBalancer, {kZoneA, kZoneC});
  EXPECT_THAT(accept(service_, {id}), IsEmpty());
  EXPECT_EQ(balancer_of(id), kSecondBalancer);
}

TEST_F(ServiceConnections, AreServedByTheLoadBalancerInTheirZones) {
  put_balancer(kBalancer, {kZoneA});
  put_balancer(kSecondBalancer, {kZoneA, kZoneC});
  const auto id = offer({.network_load_balancer_arns = {kBalancer, kSecondBalancer}});
  EXPECT_EQ(balancer_of(connect(id, {kSubnetA, kSubnetC})), kSecondBalancer);
  EXPECT_EQ(balancer_of(connect(id, {kSubnetA})), kBalancer);        // has none yet
  EXPECT_EQ(balancer_of(connect(id, {kSubnetA})), kBalancer);        // one each: by ARN
  EXPECT_EQ(balancer_of(connect(id, {kSubnetA})), kSecondBalancer);  // two and one
}

TEST_F(ServiceConnections, AreRefusedOutsideTheZonesOfTheService) {
  EXPECT_EQ(create_error(to_service(service_, {kSubnetA, kTinySubnet})),
            "InvalidParameter: The VPC endpoint service com.amazonaws.vpce.ap-northeast-1." + service_ +
                " does not support the availability zone of the subnet: subnet-0000000000000000e (supports "
                "ap-northeast-1a, ap-northeast-1c)");
  EXPECT_EQ(snapshot.table<model::VpcEndpoint>().size(), 0U);
  // A zone that the load balancer has got since counts once the service has picked it up.
  put_balancer(kBalancer, {kZoneA, kZoneC, "ap-northeast-1d"});
  EXPECT_THAT(create_error(to_service(service_, {kTinySubnet})), HasSubstr("does not support"));
  run(modify_service_configuration, {.service_id = service_}, kOtherAccount);
  const auto id = connect(service_, {kTinySubnet});
  run(modify_vpc_endpoint, {.vpc_endpoint_id = id, .add_subnet_ids = {kSubnetA}});
  EXPECT_EQ(describe(id).subnet_ids.size(), 2U);
  EXPECT_EQ(state_of(id), "pendingAcceptance");
}

TEST_F(ServiceConnections, NewSubnetsStandInTheZonesOfTheirLoadBalancer) {
  put_balancer(kBalancer, {kZoneA});
  put_balancer(kSecondBalancer, {kZoneC});
  const auto id = offer({.network_load_balancer_arns = {kBalancer, kSecondBalancer}});
  const auto endpoint = connect(id, {kSubnetA});
  EXPECT_THAT(error_of(modify_vpc_endpoint,
                       ec2::ModifyVpcEndpointRequest{.vpc_endpoint_id = endpoint, .add_subnet_ids = {kSubnetC}}),
              HasSubstr("subnet-0000000000000000c (supports ap-northeast-1a)"));
  EXPECT_THAT(create_error(to_service(id, {kSubnetA, kSubnetC})), HasSubstr("does not support"));
}

TEST_F(ServiceConnections, HavePrivateDnsOnlyForAVerifiedName) {
  auto wanted = to_service(service_, {});
  wanted.private_dns_enabled = true;
  EXPECT_THAT(create_error(wanted), HasSubstr("does not provide a private DNS name."));
  const auto named = offer({.private_dns_name = "db.example.com"});
  wanted = to_service(named, {});
  wanted.private_dns_enabled = true;
  EXPECT_EQ(create_error(wanted),
            "InvalidParameter: Private DNS can't be enabled because the service com.amazonaws.vpce.ap-northeast-1." +
                named + " has not verified the private DNS name.");
  EXPECT_FALSE(*describe(connect(named)).private_dns_enabled);
  set_private_dns(named, "verified");
  const auto id = *run(create_vpc_endpoint, wanted).vpc_endpoint->vpc_endpoint_id;
  EXPECT_EQ(*describe(id).dns_entries.back().dns_name, "db.example.com");
  wanted.vpc_id = kSecondVpc;
  EXPECT_THAT(create_error(wanted), HasSubstr("requires both enableDnsSupport and enableDnsHostnames"));
}

TEST_F(ServiceConnections, TakeNoPolicy) {
  auto wanted = to_service(service_, {});
  wanted.policy_document = R"({"Statement": []})";
  EXPECT_THAT(create_error(wanted), HasSubstr("does not support a PolicyDocument"));
}

TEST_F(ServiceConnections, AreForThosePermittedOnly) {
  const std::string name = "com.amazonaws.vpce.ap-northeast-1." + service_;
  const auto refused = "InvalidServiceName: The Vpc Endpoint Service '" + name + "' does not exist";
  const auto seen = [&](const char* account = kAccount) {
    return run(describe_vpc_endpoint_services, {}, account).service_names;
  };
  EXPECT_THAT(seen(), Contains(name));
  const auto id = connect(service_);
  run(modify_service_permissions,
      {.service_id = service_, .remove_allowed_principals = {"arn:aws:iam::111122223333:root"}}, kOtherAccount);
  EXPECT_THAT(seen(), Not(Contains(name)));
  EXPECT_THAT(seen(kOtherAccount), Contains(name));
  EXPECT_EQ(create_error(to_service(service_, {})), refused);
  EXPECT_EQ(error_of(describe_vpc_endpoint_services, ec2::DescribeVpcEndpointServicesRequest{.service_names = {name}}),
            refused);
  // Nobody is cut: what is there can be accepted and modified.
  EXPECT_THAT(accept(service_, {id}), IsEmpty());
  run(modify_vpc_endpoint, {.vpc_endpoint_id = id, .add_subnet_ids = {kSubnetC}});
  // Nobody calls under the ARN of a user or a role.
  allow(service_, "arn:aws:iam::111122223333:user/ann");
  allow(service_, "arn:aws:iam::111122223333:role/reader");
  EXPECT_EQ(create_error(to_service(service_, {})), refused);
  allow(service_, "*");
  EXPECT_EQ(create_error(to_service(service_, {})), "no error");
  auto own = to_service(offer(), {kOtherSubnet});
  own.vpc_id = kOtherVpc;
  EXPECT_EQ(create_error(own, kOtherAccount), "no error");
}

TEST_F(ServiceConnections, PermissionsAreKeptOnce) {
  const auto add = [&](const char* principal) {
    return run(modify_service_permissions, {.service_id = service_, .add_allowed_principals = {principal}},
               kOtherAccount)
        .added_principals.at(0);
  };
  const auto first = add("*");
  EXPECT_EQ(*first.principal_type, "All");
  EXPECT_THAT(*first.service_permission_id, StartsWith("vpce-svc-perm-"));
  EXPECT_EQ(*add("*").service_permission_id, *first.service_permission_id);
  EXPECT_EQ(*add("arn:aws:iam::111122223333:role/r").principal_type, "Role");
  EXPECT_EQ(principals(service_).size(), 3U);
  EXPECT_THAT(principals(service_, "Account"), ElementsAre("arn:aws:iam::111122223333:root"));
  EXPECT_EQ(permission_error({}, {"arn:aws:iam::111122223333:user/nobody"}), "no error");
  EXPECT_THAT(permission_error({"*"}, {"*"}), StartsWith("InvalidParameterCombination: "));
  for (const char* bad : {"", "111122223333", "arn:aws:iam::1:root", "arn:aws:iam::111122223333:user/",
                          "arn:aws:iam::111122223333:user/path/ann", "arn:aws:sts::111122223333:assumed-role/a/b"}) {
    EXPECT_EQ(permission_error({bad}), std::string("InvalidPrincipal: Invalid Principal: '") + bad + "'");
  }
}

TEST_F(ServiceConnections, ServicesShowTheirOwnerAndTermsAndTheOwnerItsTags) {
  run(create_tags, {.resources = {service_}, .tags = {{.key = "Name", .value = "db"}}}, kOtherAccount);
  const std::string name = "com.amazonaws.vpce.ap-northeast-1." + service_;
  const auto detail = [&](const char* account) {
    return run(describe_vpc_endpoint_services, {.service_names = {name}}, account).service_details.at(0);
  };
  const auto seen = detail(kAccount);
  EXPECT_EQ(*seen.owner, kOtherAccount);
  EXPECT_TRUE(*seen.acceptance_required);
  EXPECT_FALSE(*seen.vpc_endpoint_policy_supported);
  EXPECT_THAT(seen.availability_zones, ElementsAre(kZoneA, kZoneC));
  EXPECT_THAT(seen.tags, IsEmpty());
  EXPECT_EQ(detail(kOtherAccount).tags.size(), 1U);
  EXPECT_EQ(
      run(describe_vpc_endpoint_services, {.filters = {{.name = "owner", .values = {kOtherAccount}}}}).service_names,
      std::vector<std::string>{name});
}

TEST_F(ServiceConnections, AreShownToTheProvider) {
  const auto id = connect(service_);
  const auto all = run(describe_connections, {}, kOtherAccount).vpc_endpoint_connections;
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(*all[0].vpc_endpoint_id, id);
  EXPECT_EQ(*all[0].vpc_endpoint_owner, kAccount);
  EXPECT_EQ(*all[0].vpc_endpoint_state, "pendingAcceptance");
  EXPECT_EQ(*all[0].service_id, service_);
  EXPECT_THAT(all[0].network_load_balancer_arns, ElementsAre(kBalancer));
  EXPECT_FALSE(all[0].dns_entries.empty());
  EXPECT_THAT(run(describe_connections, {}).vpc_endpoint_connections, IsEmpty());
  const auto count = [&](const char* name, const std::string& value) {
    return run(describe_connections, {.filters = {{.name = name, .values = {value}}}}, kOtherAccount)
        .vpc_endpoint_connections.size();
  };
  EXPECT_EQ(count("service-id", service_), 1U);
  EXPECT_EQ(count("vpc-endpoint-id", "x"), 0U);
  EXPECT_EQ(count("vpc-endpoint-owner", kAccount), 1U);
  EXPECT_EQ(count("vpc-endpoint-state", "available"), 0U);
  EXPECT_EQ(count("vpc-endpoint-region", "ap-northeast-1"), 1U);
  EXPECT_EQ(count("ip-address-type", "ipv4"), 1U);
  EXPECT_THAT(error_of(describe_connections,
                       ec2::DescribeVpcEndpointConnectionsRequest{.filters = {{.name = "x", .values = {"y"}}}}),
              HasSubstr("The filter 'x' is invalid"));
}

TEST_F(ServiceConnections, ComeInPages) {
  for (int i = 0; i < 6; ++i) connect(service_);
  ec2::DescribeVpcEndpointConnectionsRequest wanted;
  wanted.max_results = 5;
  const auto first = run(describe_connections, wanted, kOtherAccount);
  EXPECT_EQ(first.vpc_endpoint_connections.size(), 5U);
  wanted.next_token = first.next_token;
  EXPECT_EQ(run(describe_connections, wanted, kOtherAccount).vpc_endpoint_connections.size(), 1U);
}

// The committer runs the actions of a batch one after the other, each on what the last one left.
TEST_F(ServiceConnections, ACreateAfterTheServiceWentIsRefused) {
  run(delete_service_configurations, {.service_ids = {service_}}, kOtherAccount);
  EXPECT_THAT(create_error(to_service(service_, {kSubnetA})), StartsWith("InvalidServiceName: "));
}

TEST_F(ServiceConnections, ACreateAfterTheLoadBalancerWentIsRefused) {
  model::Change change;
  change.erase(*snapshot.find<model::LoadBalancer>(kBalancer));
  commit(change);
  EXPECT_THAT(create_error(to_service(service_, {kSubnetA})), HasSubstr("has no load balancer"));
}

}  // namespace
}  // namespace ginnel::api
