#include "api/ec2/delete_vpc_endpoints.h"

#include <set>

#include "api/ec2/connection_events.h"
#include "api/ec2/unsuccessful.h"
#include "api/lookup.h"

namespace ginnel::api {

ActionResult<ec2::DeleteVpcEndpointsResponse> delete_vpc_endpoints(const Call& call,
                                                                   const ec2::DeleteVpcEndpointsRequest& request) {
  Done<ec2::DeleteVpcEndpointsResponse> done;
  const std::set<std::string> ids(request.vpc_endpoint_ids.begin(), request.vpc_endpoint_ids.end());
  for (const auto& id : ids) {
    const auto found = find_owned<model::VpcEndpoint>(call, id);
    if (!found) {
      done.response.unsuccessful.push_back(unsuccessful_item(id, found.error()));
      continue;
    }
    if ((*found)->state == "deleting") continue;
    model::VpcEndpoint next = **found;
    next.state = "deleting";
    add_event(call, done.change, next, kDeleteEvent);
    done.change.put(std::move(next));
  }
  return done;
}

}  // namespace ginnel::api
