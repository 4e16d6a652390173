#include "api/ec2/terminate_instances.h"

#include <algorithm>

#include "api/ec2/instances.h"
#include "api/lookup.h"

namespace ginnel::api {

ActionResult<ec2::TerminateInstancesResponse> terminate_instances(const Call& call,
                                                                  const ec2::TerminateInstancesRequest& request) {
  Done<ec2::TerminateInstancesResponse> done;
  std::vector<const model::Instance*> instances;
  for (const auto& id : request.instance_ids) {
    GINNEL_TRY(const auto* instance, find_owned<model::Instance>(call, id));
    if (std::find(instances.begin(), instances.end(), instance) == instances.end()) instances.push_back(instance);
  }
  for (const auto* instance : instances) {
    model::Instance next = *instance;
    if (instance->state != "terminated" && instance->state != "shutting-down") {
      next.state = "shutting-down";
      next.state_reason_code = "Client.UserInitiatedShutdown";
      next.state_reason = "Client.UserInitiatedShutdown: User initiated shutdown";
      done.change.put(next);
    }
    ec2::InstanceStateChange item;
    item.instance_id = instance->id;
    item.current_state = instance_state(next.state);
    item.previous_state = instance_state(instance->state);
    done.response.terminating_instances.push_back(std::move(item));
  }
  return done;
}

}  // namespace ginnel::api
