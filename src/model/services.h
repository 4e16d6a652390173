// Services that an endpoint can be made for, wherever they come from: the region's own (configuration) and those that
// accounts offer (EndpointService).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/region.h"
#include "model/snapshot.h"

namespace ginnel::model {

// The data plane numbers a listener in each of up to 256 zones, and its links apart from those of endpoints.
inline constexpr uint32_t kMaxListenerNumber = (1U << 24) - 1;

// "com.amazonaws.vpce.REGION.vpce-svc-…"
[[nodiscard]] std::string service_name(const Region& region, const EndpointService& service);
// nullptr where the name is not of that form or nobody offers it.
[[nodiscard]] const EndpointService* offered_service(const Snapshot& snapshot, const Region& region,
                                                     std::string_view service_name);
// The service as endpoints see it: its private name only once it is verified. No value where there is none of the name.
[[nodiscard]] std::optional<Service> find_service(const Snapshot& snapshot, const Region& region,
                                                  std::string_view service_name);

// "NAME-HASH.elb.REGION.SUFFIX"; with a zone "ZONE.NAME-HASH.elb.REGION.SUFFIX".
[[nodiscard]] std::string load_balancer_name(const Region& region, const LoadBalancer& balancer,
                                             std::string_view zone = {});

}  // namespace ginnel::model
