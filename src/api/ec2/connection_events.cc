#include "api/ec2/connection_events.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "model/services.h"

namespace ginnel::api {
namespace {

std::string message_of(const Call& call, const model::ConnectionNotification& notification,
                       const model::VpcEndpoint& endpoint, std::string_view event) {
  const auto service = model::find_service(call.snapshot, call.region, endpoint.service_name);
  boost::json::object out;
  out["event"] = std::string(event);
  out["vpcEndpointId"] = endpoint.id;
  out["vpcEndpointOwner"] = endpoint.account;
  out["vpcEndpointState"] = endpoint.state;
  out["vpcEndpointServiceId"] = service ? service->id : endpoint.service;
  out["vpcEndpointServiceName"] = endpoint.service_name;
  if (!endpoint.connection.empty()) out["vpcEndpointConnectionId"] = endpoint.connection;
  out["connectionNotificationId"] = notification.id;
  out["region"] = call.region.name;
  out["timestamp"] = to_iso8601(call.now);
  return boost::json::serialize(out);
}

}  // namespace

void add_event(const Call& call, model::Change& change, const model::VpcEndpoint& endpoint, std::string_view event) {
  const auto& table = call.snapshot.table<model::ConnectionNotification>();
  auto notifications = table.referring_to(endpoint.id);
  if (!endpoint.service.empty()) {
    const auto more = table.referring_to(endpoint.service);
    notifications.insert(notifications.end(), more.begin(), more.end());
  }
  for (const auto* notification : notifications) {
    if (std::count(notification->events.begin(), notification->events.end(), event) == 0) continue;
    change.put(model::OutboxMessage{.id = make_uuid(call.random),
                                    .account = notification->account,
                                    .topic = notification->topic,
                                    .message = message_of(call, *notification, endpoint, event),
                                    .created = call.now_ms()});
  }
}

}  // namespace ginnel::api
