// ELBv2 CreateListener, DescribeListeners, ModifyListener, DeleteListener: a listener forwards everything to one target
// group.
#pragma once

#include "api/call.h"
#include "generated/elbv2.h"

namespace ginnel::api {

// Quota of a load balancer.
inline constexpr size_t kMaxListeners = 50;

// A second call with the same settings gets the same listener.
ActionResult<elbv2::CreateListenerResponse> create_listener(const Call& call,
                                                            const elbv2::CreateListenerRequest& request);
aws::ApiResult<elbv2::DescribeListenersResponse> describe_listeners(const Call& call,
                                                                    const elbv2::DescribeListenersRequest& request);
ActionResult<elbv2::ModifyListenerResponse> modify_listener(const Call& call,
                                                            const elbv2::ModifyListenerRequest& request);
ActionResult<elbv2::DeleteListenerResponse> delete_listener(const Call& call,
                                                            const elbv2::DeleteListenerRequest& request);

}  // namespace ginnel::api
