#include "api/ec2/service_permissions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/describe.h"
#include "api/tags.h"
#include "base/random.h"

namespace ginnel::api {
namespace {

using Permission = model::ServicePermission;
using Values = std::vector<std::string>;

constexpr size_t kAccountDigits = 12, kMaxNameLength = 64;

bool is_account(std::string_view text) {
  return text.size() == kAccountDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of an IAM user or role, without a path.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameLength) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+=,.@-_").find(c) != std::string_view::npos;
  });
}

// "All", "Account", "User", "Role"; empty where the text is no principal.
std::string_view principal_type(const Call& call, std::string_view principal) {
  if (principal == "*") return "All";
  const std::string prefix = fmt::format("arn:{}:iam::", call.region.partition);
  if (!principal.starts_with(prefix)) return {};
  principal.remove_prefix(prefix.size());
  if (!is_account(principal.substr(0, kAccountDigits))) return {};
  principal.remove_prefix(kAccountDigits);
  if (principal == ":root") return "Account";
  if (principal.starts_with(":user/") && is_name(principal.substr(6))) return "User";
  if (principal.starts_with(":role/") && is_name(principal.substr(6))) return "Role";
  return {};
}

aws::ApiResult<std::set<std::string>> parse(const Call& call, const std::vector<std::string>& principals) {
  for (const auto& principal : principals) {
    if (!principal_type(call, principal).empty()) continue;
    return aws::api_error("InvalidPrincipal", fmt::format("Invalid Principal: '{}'", principal));
  }
  return std::set<std::string>(principals.begin(), principals.end());
}

const Permission* permission_of(const Call& call, const model::EndpointService& service, const std::string& principal) {
  for (const auto* permission : call.snapshot.table<Permission>().referring_to(service.id)) {
    if (permission->principal == principal) return permission;
  }
  return nullptr;
}

Permission add(const Call& call, const model::EndpointService& service, const std::string& principal,
               model::Change& change) {
  if (const auto* old = permission_of(call, service, principal)) return *old;
  Permission permission;
  permission.id = make_resource_id("vpce-svc-perm", call.random);
  permission.account = call.account;
  permission.service = service.id;
  permission.principal = principal;
  permission.created = call.now_ms();
  change.put(permission);
  return permission;
}

const Attributes<Permission>& attributes() {
  static const Attributes<Permission> kAll = {
      {"principal", [](const Call&, const Permission& p) { return Values{p.principal}; }},
      {"principal-type",
       [](const Call& call, const Permission& p) { return Values{std::string(principal_type(call, p.principal))}; }},
  };
  return kAll;
}

}  // namespace

ActionResult<ec2::ModifyVpcEndpointServicePermissionsResponse> modify_service_permissions(
    const Call& call, const ec2::ModifyVpcEndpointServicePermissionsRequest& request) {
  GINNEL_TRY(const auto* service, find_owned<model::EndpointService>(call, *request.service_id));
  GINNEL_TRY(const auto added, parse(call, request.add_allowed_principals));
  GINNEL_TRY(const auto removed, parse(call, request.remove_allowed_principals));
  Done<ec2::ModifyVpcEndpointServicePermissionsResponse> done;
  for (const auto& principal : removed) {
    if (added.contains(principal)) {
      return aws::invalid_combination(fmt::format("The principal {} is both to be added and removed", principal));
    }
    const auto* permission = permission_of(call, *service, principal);
    if (permission == nullptr) continue;
    done.change.erase(*permission);
    erase_tags(call, done.change, permission->id);
  }
  for (const auto& principal : added) {
    const Permission permission = add(call, *service, principal, done.change);
    done.response.added_principals.push_back({.principal_type = std::string(principal_type(call, principal)),
                                              .principal = principal,
                                              .service_permission_id = permission.id,
                                              .service_id = service->id});
  }
  done.response.return_value = true;
  return done;
}

aws::ApiResult<ec2::DescribeVpcEndpointServicePermissionsResponse> describe_service_permissions(
    const Call& call, const ec2::DescribeVpcEndpointServicePermissionsRequest& request) {
  GINNEL_TRY(const auto* service, find_owned<model::EndpointService>(call, *request.service_id));
  GINNEL_TRY(auto items, keep_matching(call, request.filters, attributes(),
                                       call.snapshot.table<Permission>().referring_to(service->id)));
  GINNEL_TRY(const auto page, aws::paginate({.operation = "DescribeVpcEndpointServicePermissions"},
                                            {request.max_results, request.next_token}, std::move(items),
                                            [](const Permission* item) { return item->id; }));
  ec2::DescribeVpcEndpointServicePermissionsResponse response;
  for (const auto* permission : page.items) {
    response.allowed_principals.push_back({.principal_type = std::string(principal_type(call, permission->principal)),
                                           .principal = permission->principal,
                                           .service_permission_id = permission->id,
                                           .tags = tag_set(call, permission->id),
                                           .service_id = permission->service});
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
