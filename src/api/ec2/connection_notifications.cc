#include "api/ec2/connection_notifications.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/describe.h"
#include "api/ec2/connection_events.h"
#include "api/ec2/unsuccessful.h"
#include "base/random.h"

namespace ginnel::api {
namespace {

using Notification = model::ConnectionNotification;
using Values = std::vector<std::string>;

constexpr const char* kType = "Topic";
constexpr const char* kState = "Enabled";
constexpr size_t kAccountDigits = 12, kMaxTopicLength = 256;

bool is_topic_name(std::string_view text) {
  if (text.ends_with(".fifo")) text.remove_suffix(5);
  return !text.empty() && text.size() <= kMaxTopicLength && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// arn:PARTITION:sns:REGION:ACCOUNT:NAME, of this region.
aws::ApiStatus check_topic(const Call& call, const std::string& arn) {
  const std::string prefix = fmt::format("arn:{}:sns:{}:", call.region.partition, call.region.name);
  const auto wrong = [&] {
    return aws::invalid_value("ConnectionNotificationArn", arn,
                              fmt::format("This is not the ARN of an SNS topic ({}ACCOUNT:NAME).", prefix));
  };
  if (!arn.starts_with(prefix)) return wrong();
  const std::string_view rest = std::string_view(arn).substr(prefix.size());
  const auto colon = rest.find(':');
  if (colon != kAccountDigits || !is_topic_name(rest.substr(colon + 1))) return wrong();
  const std::string_view account = rest.substr(0, colon);
  if (!std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; })) return wrong();
  return {};
}

aws::ApiResult<Values> parse_events(const Values& wanted) {
  const std::set<std::string_view> known = {kConnectEvent, kAcceptEvent, kRejectEvent, kDeleteEvent};
  for (const auto& event : wanted) {
    if (known.contains(event)) continue;
    return aws::invalid_value("ConnectionEvents", event, "Events are Accept, Connect, Delete and Reject.");
  }
  const std::set<std::string> once(wanted.begin(), wanted.end());
  return Values(once.begin(), once.end());
}

// A topic is told once of what happens to a service or an endpoint.
aws::ApiStatus check_unique(const Call& call, const Notification& wanted) {
  const std::string& resource = wanted.service.empty() ? wanted.endpoint : wanted.service;
  for (const auto* other : call.snapshot.table<Notification>().referring_to(resource)) {
    if (other->id == wanted.id || other->account != wanted.account || other->topic != wanted.topic) continue;
    return aws::api_error("InvalidParameter",
                          fmt::format("The topic {} has a connection notification for {} already ({})", wanted.topic,
                                      resource, other->id));
  }
  return {};
}

aws::ApiStatus set_resource(const Call& call, const ec2::CreateVpcEndpointConnectionNotificationRequest& request,
                            Notification& notification) {
  if (request.service_id && request.vpc_endpoint_id) {
    return aws::invalid_combination("ServiceId and VpcEndpointId cannot be used in one request");
  }
  if (!request.service_id && !request.vpc_endpoint_id) return aws::missing_parameter("ServiceId or VpcEndpointId");
  if (request.service_id) {
    GINNEL_TRY(const auto* service, find_owned<model::EndpointService>(call, *request.service_id));
    notification.service = service->id;
    return {};
  }
  GINNEL_TRY(const auto* endpoint, find_owned<model::VpcEndpoint>(call, *request.vpc_endpoint_id));
  notification.endpoint = endpoint->id;
  return {};
}

ec2::ConnectionNotification to_wire(const Call& call, const Notification& notification) {
  ec2::ConnectionNotification out;
  out.connection_notification_id = notification.id;
  if (!notification.service.empty()) out.service_id = notification.service;
  if (!notification.endpoint.empty()) out.vpc_endpoint_id = notification.endpoint;
  out.connection_notification_type = kType;
  out.connection_notification_arn = notification.topic;
  out.connection_events = notification.events;
  out.connection_notification_state = kState;
  out.service_region = call.region.name;
  return out;
}

Values if_any(const std::string& id) { return id.empty() ? Values() : Values{id}; }

const Attributes<Notification>& attributes() {
  static const Attributes<Notification> kAll = {
      {"connection-notification-arn", [](const Call&, const Notification& n) { return Values{n.topic}; }},
      {"connection-notification-id", [](const Call&, const Notification& n) { return Values{n.id}; }},
      {"connection-notification-state", [](const Call&, const Notification&) { return Values{kState}; }},
      {"connection-notification-type", [](const Call&, const Notification&) { return Values{kType}; }},
      {"service-id", [](const Call&, const Notification& n) { return if_any(n.service); }},
      {"vpc-endpoint-id", [](const Call&, const Notification& n) { return if_any(n.endpoint); }},
  };
  return kAll;
}

}  // namespace

ActionResult<ec2::CreateVpcEndpointConnectionNotificationResponse> create_connection_notification(
    const Call& call, const ec2::CreateVpcEndpointConnectionNotificationRequest& request) {
  Notification notification;
  GINNEL_CHECKED(set_resource(call, request, notification));
  GINNEL_CHECKED(check_topic(call, *request.connection_notification_arn));
  if (request.connection_events.empty()) return aws::missing_parameter("ConnectionEvents");
  GINNEL_TRY(notification.events, parse_events(request.connection_events));
  notification.id = make_resource_id("vpce-nfn", call.random);
  notification.account = call.account;
  notification.topic = *request.connection_notification_arn;
  notification.created = call.now_ms();
  GINNEL_CHECKED(check_unique(call, notification));

  Done<ec2::CreateVpcEndpointConnectionNotificationResponse> done;
  done.response.connection_notification = to_wire(call, notification);
  done.response.client_token = request.client_token;
  done.change.put(std::move(notification));
  return done;
}

ActionResult<ec2::ModifyVpcEndpointConnectionNotificationResponse> modify_connection_notification(
    const Call& call, const ec2::ModifyVpcEndpointConnectionNotificationRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<Notification>(call, *request.connection_notification_id));
  Notification notification = *found;
  if (request.connection_notification_arn) {
    GINNEL_CHECKED(check_topic(call, *request.connection_notification_arn));
    notification.topic = *request.connection_notification_arn;
    GINNEL_CHECKED(check_unique(call, notification));
  }
  if (!request.connection_events.empty()) {
    GINNEL_TRY(notification.events, parse_events(request.connection_events));
  }
  Done<ec2::ModifyVpcEndpointConnectionNotificationResponse> done;
  if (!(notification == *found)) done.change.put(std::move(notification));
  done.response.return_value = true;
  return done;
}

aws::ApiResult<ec2::DescribeVpcEndpointConnectionNotificationsResponse> describe_connection_notifications(
    const Call& call, const ec2::DescribeVpcEndpointConnectionNotificationsRequest& request) {
  std::vector<std::string> ids;
  if (request.connection_notification_id) ids.push_back(*request.connection_notification_id);
  GINNEL_TRY(const auto page, select(call, {.operation = "DescribeVpcEndpointConnectionNotifications", .smallest = 1},
                                     request, ids, attributes()));
  ec2::DescribeVpcEndpointConnectionNotificationsResponse response;
  for (const auto* one : page.items) response.connection_notification_set.push_back(to_wire(call, *one));
  response.next_token = page.next_token;
  return response;
}

ActionResult<ec2::DeleteVpcEndpointConnectionNotificationsResponse> delete_connection_notifications(
    const Call& call, const ec2::DeleteVpcEndpointConnectionNotificationsRequest& request) {
  Done<ec2::DeleteVpcEndpointConnectionNotificationsResponse> done;
  const auto& wanted = request.connection_notification_ids;
  for (const auto& id : std::set<std::string>(wanted.begin(), wanted.end())) {
    const auto found = find_owned<Notification>(call, id);
    if (found) {
      done.change.erase(**found);
    } else {
      done.response.unsuccessful.push_back(unsuccessful_item(id, found.error()));
    }
  }
  return done;
}

}  // namespace ginnel::api
