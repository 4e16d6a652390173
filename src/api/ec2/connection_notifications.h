// Connection notifications: who is told of what happens to the connections of a service, or of one endpoint.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

ActionResult<ec2::CreateVpcEndpointConnectionNotificationResponse> create_connection_notification(
    const Call& call, const ec2::CreateVpcEndpointConnectionNotificationRequest& request);
ActionResult<ec2::ModifyVpcEndpointConnectionNotificationResponse> modify_connection_notification(
    const Call& call, const ec2::ModifyVpcEndpointConnectionNotificationRequest& request);
aws::ApiResult<ec2::DescribeVpcEndpointConnectionNotificationsResponse> describe_connection_notifications(
    const Call& call, const ec2::DescribeVpcEndpointConnectionNotificationsRequest& request);
ActionResult<ec2::DeleteVpcEndpointConnectionNotificationsResponse> delete_connection_notifications(
    const Call& call, const ec2::DeleteVpcEndpointConnectionNotificationsRequest& request);

}  // namespace ginnel::api
