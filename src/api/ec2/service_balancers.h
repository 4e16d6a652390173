// The load balancers behind an endpoint service, and who is connected through them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

// The caller's own: nobody can offer what another account has.
aws::ApiResult<const model::LoadBalancer*> find_own_balancer(const Call& call, const std::string& arn);
// Sorted, each once.
[[nodiscard]] std::vector<std::string> zones_of(const model::Snapshot& snapshot,
                                                const std::vector<std::string>& balancer_arns);

// The endpoints that are connected to a service, or wait to be, in id order; with `balancer_arn`, only those that it
// serves.
[[nodiscard]] std::vector<const model::VpcEndpoint*> connections_of(const model::Snapshot& snapshot,
                                                                    const model::EndpointService& service,
                                                                    std::string_view balancer_arn = {});
// ExistingVpcEndpointConnections; its text names up to five of the `connections` in brackets, of which there are some.
[[nodiscard]] aws::ApiError existing_connections(const std::vector<const model::VpcEndpoint*>& connections);

// The load balancer that is to serve an endpoint in `zones`, for the endpoint's life: of those of the service the one
// that stands in the most of the zones, then the one with the fewest endpoints, then the one whose ARN sorts first. It
// may lack a zone where none has all. nullptr where the service has no load balancer left.
[[nodiscard]] const model::LoadBalancer* choose_balancer(const model::Snapshot& snapshot,
                                                         const model::EndpointService& service,
                                                         const std::set<std::string>& zones);
// The service as endpoints behind this load balancer see it: only the zones that both have.
void narrow_zones(model::Service& service, const model::LoadBalancer& balancer);

}  // namespace ginnel::api
