#include "api/ec2/service_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/caller.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

aws::ApiError no_service(std::string_view name) {
  return aws::api_error("InvalidServiceName", fmt::format("The Vpc Endpoint Service '{}' does not exist", name));
}

}  // namespace

bool may_use(const Call& call, const model::EndpointService& service) {
  if (service.account == call.account) return true;
  const auto permissions = call.snapshot.table<model::ServicePermission>().referring_to(service.id);
  return std::any_of(permissions.begin(), permissions.end(), [&](const auto* permission) {
    return permission->principal == "*" || permission->principal == caller_arn(call);
  });
}

aws::ApiResult<model::Service> find_service(const Call& call, std::string_view name) {
  const auto* offered = model::offered_service(call.snapshot, call.region, name);
  if (offered != nullptr && !may_use(call, *offered)) return no_service(name);
  auto service = model::find_service(call.snapshot, call.region, name);
  if (!service) return no_service(name);
  return std::move(*service);
}

std::vector<model::Service> visible_services(const Call& call) {
  std::vector<model::Service> out = call.region.services;
  for (const auto* offered : call.snapshot.table<model::EndpointService>().all()) {
    if (!may_use(call, *offered)) continue;
    out.push_back(*model::find_service(call.snapshot, call.region, model::service_name(call.region, *offered)));
  }
  std::sort(out.begin(), out.end(), [](const auto& left, const auto& right) { return left.name < right.name; });
  return out;
}

aws::ApiResult<model::Service> service_of(const Call& call, const model::VpcEndpoint& endpoint) {
  auto service = model::find_service(call.snapshot, call.region, endpoint.service_name);
  if (!service) return no_service(endpoint.service_name);
  return std::move(*service);
}

}  // namespace ginnel::api
