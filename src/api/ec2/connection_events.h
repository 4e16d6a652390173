// What connection notifications tell of: each action that changes a connection says so here, in its own change.
//
// docs/notifications.md describes the messages.
#pragma once

#include <string_view>

#include "api/call.h"

namespace ginnel::api {

inline constexpr std::string_view kConnectEvent = "Connect";
inline constexpr std::string_view kAcceptEvent = "Accept";
inline constexpr std::string_view kRejectEvent = "Reject";
inline constexpr std::string_view kDeleteEvent = "Delete";

// A message for every notification that wants to know: those of the endpoint's service, of all endpoints, and those of
// this endpoint. `endpoint` is as the change leaves it.
void add_event(const Call& call, model::Change& change, const model::VpcEndpoint& endpoint, std::string_view event);

}  // namespace ginnel::api
