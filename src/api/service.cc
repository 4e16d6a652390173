#include "api/service.h"

#include <array>

#include "generated/ec2.h"
#include "generated/elbv2.h"
#include "generated/sts.h"

namespace ginnel::api {
namespace {

constexpr std::array<ServiceForm, 3> kServices{{
    {"ec2", "AmazonEC2", ec2::kVersion, ec2::kNamespace, ec2::kProtocol},
    {"elasticloadbalancing", "AmazonElasticLoadBalancing", elbv2::kVersion, elbv2::kNamespace, elbv2::kProtocol},
    {"sts", "AWSSecurityTokenService", sts::kVersion, sts::kNamespace, sts::kProtocol},
}};

}  // namespace

const ServiceForm* find_service(std::string_view scope) {
  for (const auto& service : kServices) {
    if (service.scope == scope) return &service;
  }
  return nullptr;
}

}  // namespace ginnel::api
