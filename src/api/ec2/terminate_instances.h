// TerminateInstances: all of the named instances, or none where one of them is not there.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// The instances are shutting-down until their ports are gone, then terminated (model/lifecycle.h). Force and
// SkipOsShutdown change nothing: a namespace has no operating system of its own to shut down.
ActionResult<ec2::TerminateInstancesResponse> terminate_instances(const Call& call,
                                                                  const ec2::TerminateInstancesRequest& request);

}  // namespace ginnel::api
