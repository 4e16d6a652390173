#include "api/ec2/network_interface_attributes.h"

#include <fmt/format.h>

#include "api/checks.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/network_interfaces.h"
#include "api/lookup.h"

namespace ginnel::api {
namespace {

using Name = ec2::NetworkInterfaceAttribute;
using Interface = model::NetworkInterface;

aws::ApiStatus check_manageable(const Interface& interface) {
  if (!interface.requester_managed) return {};
  return aws::api_error("OperationNotPermitted",
                        fmt::format("The network interface '{}' is managed by {} and cannot be modified.", interface.id,
                                    requester_of(interface)));
}

// "The attachment goes with the instance": says so of an interface that an instance has.
aws::ApiStatus set_attachment(const ec2::NetworkInterfaceAttachmentChanges& changes, Interface& interface) {
  if (!changes.attachment_id) return aws::missing_parameter("Attachment.AttachmentId");
  if (!changes.delete_on_termination) return aws::missing_parameter("Attachment.DeleteOnTermination");
  if (interface.instance.empty() || *changes.attachment_id != interface.attachment) {
    return aws::api_error("InvalidAttachmentID.NotFound",
                          fmt::format("The network interface '{}' has no attachment '{}' to an instance.", interface.id,
                                      *changes.attachment_id));
  }
  interface.delete_on_termination = *changes.delete_on_termination;
  return {};
}

std::vector<std::string_view> given_attributes(const ec2::ModifyNetworkInterfaceAttributeRequest& request) {
  std::vector<std::string_view> out;
  if (request.description && request.description->value) out.push_back(Name::kDescription);
  if (!request.groups.empty()) out.push_back(Name::kGroupSet);
  if (request.source_dest_check && request.source_dest_check->value) out.push_back(Name::kSourceDestCheck);
  if (request.attachment) out.push_back(Name::kAttachment);
  return out;
}

}  // namespace

aws::ApiResult<ec2::DescribeNetworkInterfaceAttributeResponse> describe_network_interface_attribute(
    const Call& call, const ec2::DescribeNetworkInterfaceAttributeRequest& request) {
  GINNEL_TRY(const auto* interface, find_owned<Interface>(call, *request.network_interface_id));
  if (!request.attribute) return aws::missing_parameter("Attribute");
  ec2::DescribeNetworkInterfaceAttributeResponse response;
  response.network_interface_id = interface->id;
  if (*request.attribute == Name::kDescription) {
    response.description = ec2::AttributeValue{};
    response.description->value = interface->description;
  } else if (*request.attribute == Name::kGroupSet) {
    response.groups = group_set(call, interface->groups);
  } else if (*request.attribute == Name::kSourceDestCheck) {
    response.source_dest_check = ec2::AttributeBooleanValue{};
    response.source_dest_check->value = interface->source_dest_check;
  } else if (*request.attribute == Name::kAttachment) {
    if (is_attached(*interface)) response.attachment = attachment_of(*interface);
  } else {
    response.associate_public_ip_address = false;
  }
  return response;
}

ActionResult<ec2::ModifyNetworkInterfaceAttributeResponse> modify_network_interface_attribute(
    const Call& call, const ec2::ModifyNetworkInterfaceAttributeRequest& request) {
  GINNEL_TRY(const auto* found, find_owned<Interface>(call, *request.network_interface_id));
  GINNEL_CHECKED(check_one_attribute(given_attributes(request)));
  GINNEL_CHECKED(check_manageable(*found));
  Interface interface = *found;
  if (request.description && request.description->value) {
    GINNEL_CHECKED(check_interface_description("Description.Value", *request.description->value));
    interface.description = *request.description->value;
  } else if (!request.groups.empty()) {
    GINNEL_TRY(interface.groups, resolve_groups(call, interface.vpc, request.groups));
  } else if (request.source_dest_check && request.source_dest_check->value) {
    interface.source_dest_check = *request.source_dest_check->value;
  } else {
    GINNEL_CHECKED(set_attachment(*request.attachment, interface));
  }
  Done<ec2::ModifyNetworkInterfaceAttributeResponse> done;
  if (interface != *found) done.change.put(std::move(interface));
  return done;
}

}  // namespace ginnel::api
