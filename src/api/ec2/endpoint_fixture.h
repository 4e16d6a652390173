// For the unit tests of endpoint actions.
#pragma once

#include <string>
#include <vector>

#include "api/ec2/create_vpc_endpoint.h"
#include "api/ec2/endpoints.h"
#include "api/ec2/region_fixture.h"

namespace ginnel::api {

class EndpointFixture : public RegionFixture {
 protected:
  static ec2::CreateVpcEndpointRequest request(const std::string& code, std::vector<std::string> subnets) {
    ec2::CreateVpcEndpointRequest out;
    out.vpc_id = kVpc;
    out.vpc_endpoint_type = "Interface";
    out.service_name = "com.amazonaws.ap-northeast-1." + code;
    out.subnet_ids = std::move(subnets);
    return out;
  }
  std::string create(const std::string& code, std::vector<std::string> subnets) {
    return *run(create_vpc_endpoint, request(code, std::move(subnets))).vpc_endpoint->vpc_endpoint_id;
  }
  ec2::VpcEndpoint describe(const std::string& id) {
    return run(describe_vpc_endpoints, {.vpc_endpoint_ids = {id}}).vpc_endpoints.at(0);
  }
  // In the order of the zones.
  std::vector<std::string> addresses_of(const std::string& id) {
    std::vector<std::string> out;
    for (const auto& interface : describe(id).network_interface_ids) {
      out.push_back(snapshot.find<model::NetworkInterface>(interface)->address);
    }
    return out;
  }
};

}  // namespace ginnel::api
