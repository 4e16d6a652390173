// RunInstances: an instance is a network namespace with one network interface.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr int kMaxInstancesPerCall = 1000;
inline constexpr size_t kMaxUserDataBytes = 16 * 1024;  // before base64

// Image, key name and user data are kept and shown; nothing boots from the image, and no user data is run.
ActionResult<ec2::RunInstancesResponse> run_instances(const Call& call, const ec2::RunInstancesRequest& request);

}  // namespace ginnel::api
