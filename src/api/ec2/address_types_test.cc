#include "api/ec2/address_types.h"

#include <fmt/format.h>

#include "api/ec2/endpoint_services.h"
#include "api/ec2/modify_service_configuration.h"
#include "api/ec2/modify_vpc_endpoint.h"
#include "api/ec2/network_interfaces.h"
#include "api/ec2/service_fixture.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// kSubnetA and kSubnetC have IPv6, kSubnetA2 has not. The load balancer is dual-stack where it is told to be.
class AddressTypes : public ServiceFixture {
 protected:
  AddressTypes() { put_ipv6(); }

  static ec2::CreateVpcEndpointRequest wanted(const char* type, std::vector<std::string> subnets = {kSubnetA}) {
    auto out = request("ec2", std::move(subnets));
    out.ip_address_type = type;
    return out;
  }
  static ec2::CreateVpcEndpointRequest with_records(const char* type, const char* records) {
    auto out = wanted(type);
    out.private_dns_enabled = false;
    out.dns_options = ec2::DnsOptionsSpecification{};
    out.dns_options->dns_record_ip_type = records;
    return out;
  }
  std::string create_error(const ec2::CreateVpcEndpointRequest& request) {
    return error_of(create_vpc_endpoint, request);
  }
  // "IPV4 IPV6" of each interface, in the order of the zones.
  std::vector<std::string> pairs_of(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& interface : describe(id).network_interface_ids) {
      const auto* found = snapshot.find<model::NetworkInterface>(interface);
      out.push_back(found->address + " " + found->address6);
    }
    return out;
  }
  std::string make(const ec2::CreateVpcEndpointRequest& request) {
    return *run(create_vpc_endpoint, request).vpc_endpoint->vpc_endpoint_id;
  }
  void make_dual_stack() {
    auto balancer = *snapshot.find<model::LoadBalancer>(kBalancer);
    balancer.ip_address_type = "dualstack";
    model::Change change;
    change.put(std::move(balancer));
    commit(change);
  }
  std::vector<std::string> types_of(const std::string& service) { return address_types_of(stored(service)); }
};

TEST_F(AddressTypes, DecideWhichAddressesAnEndpointHas) {
  EXPECT_THAT(pairs_of(make(request("ec2", {kSubnetA}))), ElementsAre("10.0.1.4 "));
  auto both = wanted("dualstack", {kSubnetA, kSubnetC});
  both.private_dns_enabled = false;
  const auto id = make(both);
  EXPECT_THAT(pairs_of(id), ElementsAre("10.0.1.5 2001:db8::4", "10.0.2.4 2001:db8:0:1::4"));
  EXPECT_EQ(describe(id).ip_address_type, "dualstack");
  EXPECT_EQ(describe(id).dns_options->dns_record_ip_type, "dualstack");
  auto six = wanted("ipv6");
  six.private_dns_enabled = false;
  EXPECT_THAT(pairs_of(make(six)), ElementsAre(" 2001:db8::5"));
}

TEST_F(AddressTypes, AreSeenAtTheInterfaces) {
  const auto id = make(wanted("ipv6"));
  const auto shown =
      run(describe_network_interfaces,
          ec2::DescribeNetworkInterfacesRequest{.network_interface_ids = describe(id).network_interface_ids})
          .network_interfaces.at(0);
  EXPECT_FALSE(shown.private_ip_address);
  EXPECT_FALSE(shown.private_dns_name);
  EXPECT_THAT(shown.private_ip_addresses, IsEmpty());
  EXPECT_EQ(shown.ipv6_addresses.at(0).ipv6_address, "2001:db8::4");
  EXPECT_EQ(shown.mac_address, "06:01:00:00:00:04");
}

TEST_F(AddressTypes, AreGivenOrRefusedWithTheirRecords) {
  for (const char* records : {"dualstack", "ipv4", "ipv6", "service-defined"}) {
    EXPECT_EQ(describe(make(with_records("dualstack", records))).dns_options->dns_record_ip_type, records);
  }
  for (const char* records : {"dualstack", "ipv6", "service-defined"}) {
    EXPECT_EQ(create_error(with_records("ipv4", records)),
              fmt::format("InvalidParameter: The DnsRecordIpType {} does not go with the IpAddressType ipv4", records));
  }
  EXPECT_THAT(create_error(with_records("ipv6", "ipv4")), HasSubstr("does not go with the IpAddressType ipv6"));
  EXPECT_EQ(create_error(with_records("ipv6", "ipv6")), "no error");
}

TEST_F(AddressTypes, NeedSubnetsThatHaveThem) {
  EXPECT_EQ(
      create_error(wanted("dualstack", {kSubnetA2})),
      fmt::format("InvalidParameter: The subnet {} does not support the IP address type dualstack: it has no IPv6 "
                  "CIDR block",
                  kSubnetA2));
  EXPECT_EQ(create_error(wanted("ipv4", {kSubnetA2})), "no error");
}

TEST_F(AddressTypes, AllowTheirOwnChoicesOnly) {
  auto chosen = wanted("dualstack", {});
  chosen.subnet_configurations = {{.subnet_id = kSubnetA, .ipv4 = "10.0.1.99", .ipv6 = "2001:db8:0:0:0::63"}};
  EXPECT_THAT(pairs_of(make(chosen)), ElementsAre("10.0.1.99 2001:db8::63"));
  chosen.private_dns_enabled = false;
  chosen.subnet_configurations[0].ipv4.reset();
  EXPECT_THAT(create_error(chosen), StartsWith("InvalidIPAddress.InUse"));
  chosen.subnet_configurations[0].ipv6 = "10.0.1.98";
  EXPECT_THAT(create_error(chosen), HasSubstr("(10.0.1.98) for parameter SubnetConfiguration.Ipv6"));
  chosen.ip_address_type = "ipv4";
  EXPECT_EQ(create_error(chosen),
            "InvalidParameter: Ipv6 of a SubnetConfiguration does not go with the IpAddressType ipv4");
  chosen.ip_address_type = "ipv6";
  chosen.subnet_configurations[0] = {.subnet_id = kSubnetA, .ipv4 = "10.0.1.97"};
  EXPECT_THAT(create_error(chosen), HasSubstr("Ipv4 of a SubnetConfiguration"));
}

TEST_F(AddressTypes, ThatChangeReplaceTheInterfacesAndKeepAddressesThatFit) {
  const auto id = make(wanted("ipv4", {kSubnetA, kSubnetC}));
  const auto before = describe(id).network_interface_ids;
  ec2::ModifyVpcEndpointRequest change{.vpc_endpoint_id = id, .ip_address_type = "dualstack"};
  run(modify_vpc_endpoint, change);
  EXPECT_THAT(pairs_of(id), ElementsAre("10.0.1.4 2001:db8::4", "10.0.2.4 2001:db8:0:1::4"));
  EXPECT_EQ(describe(id).dns_options->dns_record_ip_type, "dualstack");
  EXPECT_EQ(describe(id).state, "pending");
  for (const auto& old : before) EXPECT_EQ(snapshot.find<model::NetworkInterface>(old), nullptr);

  change = {.vpc_endpoint_id = id};
  change.subnet_configurations = {{.subnet_id = kSubnetC, .ipv6 = "2001:db8:0:1::c"}};
  const auto kept = describe(id).network_interface_ids.at(0);
  run(modify_vpc_endpoint, change);
  EXPECT_THAT(pairs_of(id), ElementsAre("10.0.1.4 2001:db8::4", "10.0.2.4 2001:db8:0:1::c"));
  EXPECT_EQ(describe(id).network_interface_ids.at(0), kept);

  run(modify_vpc_endpoint, ec2::ModifyVpcEndpointRequest{.vpc_endpoint_id = id, .ip_address_type = "ipv6"});
  EXPECT_THAT(pairs_of(id), ElementsAre(" 2001:db8::4", " 2001:db8:0:1::c"));
  run(modify_vpc_endpoint, ec2::ModifyVpcEndpointRequest{.vpc_endpoint_id = id, .ip_address_type = "ipv4"});
  EXPECT_THAT(pairs_of(id), ElementsAre("10.0.1.4 ", "10.0.2.4 "));
  ec2::ModifyVpcEndpointRequest records{.vpc_endpoint_id = id, .dns_options = ec2::DnsOptionsSpecification{}};
  records.dns_options->dns_record_ip_type = "ipv6";
  EXPECT_THAT(error_of(modify_vpc_endpoint, records), HasSubstr("does not go with the IpAddressType ipv4"));
}

TEST_F(AddressTypes, OfTheRegionsServicesAreBoth) {
  const auto detail = run(describe_vpc_endpoint_services,
                          ec2::DescribeVpcEndpointServicesRequest{
                              .filters = {{.name = "supported-ip-address-types", .values = {"ipv6"}}}})
                          .service_details.at(0);
  EXPECT_EQ(detail.service_name, "com.amazonaws.ap-northeast-1.ec2");
  EXPECT_THAT(detail.supported_ip_address_types, ElementsAre("ipv4", "ipv6"));
}

TEST_F(AddressTypes, OfAServiceNeedDualStackLoadBalancers) {
  ec2::CreateVpcEndpointServiceConfigurationRequest request;
  request.network_load_balancer_arns = {kBalancer};
  request.supported_ip_address_types = {"ipv4", "ipv6"};
  EXPECT_THAT(error_of(create_service_configuration, request, kOtherAccount), HasSubstr("it must be dualstack"));
  make_dual_stack();
  EXPECT_THAT(types_of(offer(request)), ElementsAre("ipv4", "ipv6"));
  EXPECT_THAT(types_of(offer()), ElementsAre("ipv4"));
  request.supported_ip_address_types = {"ipv6"};
  const auto six = offer(request);
  EXPECT_THAT(types_of(six), ElementsAre("ipv6"));
  // Left out, the endpoint's type is what the service has.
  EXPECT_EQ(describe(connect(six)).ip_address_type, "ipv6");
}

TEST_F(AddressTypes, ThatAServiceDoesNotSupportAreRefused) {
  const auto service = offer();
  auto request = to_service(service, {kSubnetA});
  request.ip_address_type = "dualstack";
  EXPECT_EQ(create_error(request),
            fmt::format("InvalidParameter: The VPC endpoint service com.amazonaws.vpce.ap-northeast-1.{} does not "
                        "support the IP address type dualstack (supports ipv4)",
                        service));
}

TEST_F(AddressTypes, OfAServiceComeAndGo) {
  const auto id = offer({.acceptance_required = false});
  using Modify = ec2::ModifyVpcEndpointServiceConfigurationRequest;
  const auto change = [&](const Modify& request) { run(modify_service_configuration, request, kOtherAccount); };
  const auto error = [&](const Modify& request) {
    return error_of(modify_service_configuration, request, kOtherAccount);
  };
  EXPECT_THAT(error({.service_id = id, .add_supported_ip_address_types = {"ipv6"}}), HasSubstr("must be dualstack"));
  make_dual_stack();
  change({.service_id = id, .add_supported_ip_address_types = {"ipv6"}});
  EXPECT_THAT(types_of(id), ElementsAre("ipv4", "ipv6"));
  connect(id);
  EXPECT_THAT(error({.service_id = id, .remove_supported_ip_address_types = {"ipv4"}}),
              StartsWith("ExistingVpcEndpointConnections"));
  change({.service_id = id, .remove_supported_ip_address_types = {"ipv6"}});
  EXPECT_THAT(types_of(id), ElementsAre("ipv4"));
  EXPECT_THAT(error({.service_id = id, .add_supported_ip_address_types = {"x"}}), HasSubstr("Value (x)"));
  EXPECT_THAT(error({.service_id = id,
                     .add_supported_ip_address_types = {"ipv6"},
                     .remove_supported_ip_address_types = {"ipv6"}}),
              StartsWith("InvalidParameterCombination"));
  EXPECT_THAT(error({.service_id = offer(), .remove_supported_ip_address_types = {"ipv4"}}),
              HasSubstr("must keep at least one IP address type"));
}

}  // namespace
}  // namespace ginnel::api
