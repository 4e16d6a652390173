// Which services an account sees: the region's own, what it offers itself, and what others let it use.
//
// Permissions name principals. "*" lets everybody in; an ARN lets in the caller whose own ARN it is, as
// STS GetCallerIdentity tells it. Keys belong to accounts here, so that is always arn:PARTITION:iam::ACCOUNT:root: a
// permission for the account's root lets the account in. One for a user or a role of the account is kept and shown, but
// nobody calls under such an ARN, so it lets nobody in. The owner needs no permission.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

[[nodiscard]] bool may_use(const Call& call, const model::EndpointService& service);
// "The Vpc Endpoint Service 'X' does not exist" where there is none of that name, or the caller may not use it.
aws::ApiResult<model::Service> find_service(const Call& call, std::string_view name);
// By name.
[[nodiscard]] std::vector<model::Service> visible_services(const Call& call);
// The service that an endpoint was made for, whether or not its owner may still make more of them.
aws::ApiResult<model::Service> service_of(const Call& call, const model::VpcEndpoint& endpoint);

}  // namespace ginnel::api
