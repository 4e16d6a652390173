#include "api/ec2/network_interfaces.h"

#include "api/describe.h"
#include "api/ec2/addresses.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_view.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

WallTime at(model::TimeMs time) { return WallTime(std::chrono::milliseconds(time)); }

}  // namespace

ec2::NetworkInterfaceAttachment attachment_of(const model::NetworkInterface& interface) {
  ec2::NetworkInterfaceAttachment out;
  out.attach_time = at(attach_time(interface));
  out.attachment_id = interface.attachment;
  out.delete_on_termination = goes_with_instance(interface);
  out.device_index = device_index(interface);
  out.network_card_index = 0;
  if (!interface.instance.empty()) out.instance_id = interface.instance;
  out.instance_owner_id = instance_owner(interface);
  out.status = "attached";
  return out;
}

ec2::NetworkInterface to_wire(const Call& call, const model::NetworkInterface& interface) {
  ec2::NetworkInterface out;
  if (is_attached(interface)) out.attachment = attachment_of(interface);
  out.availability_zone = interface.zone;
  out.availability_zone_id = zone_id(call, interface.zone);
  out.description = interface.description;
  out.groups = group_set(call, interface.groups);
  out.interface_type = interface.type;
  out.mac_address = interface.mac;
  out.network_interface_id = interface.id;
  out.owner_id = interface.account;
  if (!interface.address.empty()) {
    out.private_dns_name = private_dns_name(call.region, interface.address);
    out.private_ip_address = interface.address;
    ec2::NetworkInterfacePrivateIpAddress address;
    address.primary = true;
    address.private_dns_name = out.private_dns_name;
    address.private_ip_address = interface.address;
    out.private_ip_addresses = {address};
  }
  if (!interface.address6.empty()) {
    out.ipv6_address = interface.address6;
    out.ipv6_addresses = {ec2::NetworkInterfaceIpv6Address{.ipv6_address = interface.address6}};
  }
  if (interface.requester_managed) out.requester_id = std::string(requester_of(interface));
  out.requester_managed = interface.requester_managed;
  out.source_dest_check = interface.source_dest_check;
  out.status = is_attached(interface) ? "in-use" : "available";
  out.subnet_id = interface.subnet;
  out.tag_set = tag_set(call, interface.id);
  out.vpc_id = interface.vpc;
  out.deny_all_igw_traffic = false;
  out.ipv6_native = false;
  return out;
}

aws::ApiResult<ec2::DescribeNetworkInterfacesResponse> describe_network_interfaces(
    const Call& call, const ec2::DescribeNetworkInterfacesRequest& request) {
  const std::string_view ids_name = request.network_interface_ids.empty() ? "" : "NetworkInterfaceId";
  GINNEL_TRY(auto items, select_all(call, request.network_interface_ids, request.filters, interface_attributes()));
  GINNEL_TRY(const auto page,
             aws::paginate({"DescribeNetworkInterfaces"}, {request.max_results, request.next_token, ids_name},
                           std::move(items), [](const model::NetworkInterface* item) { return item->id; }));
  ec2::DescribeNetworkInterfacesResponse response;
  for (const auto* interface : page.items) response.network_interfaces.push_back(to_wire(call, *interface));
  response.next_token = page.next_token;
  return response;
}

ec2::InstanceNetworkInterface instance_interface(const Call& call, const model::NetworkInterface& interface) {
  ec2::InstanceNetworkInterface out;
  out.attachment = ec2::InstanceNetworkInterfaceAttachment{};
  out.attachment->attach_time = at(interface.created);
  out.attachment->attachment_id = interface.attachment;
  out.attachment->delete_on_termination = goes_with_instance(interface);
  out.attachment->device_index = 0;
  out.attachment->network_card_index = 0;
  out.attachment->status = "attached";
  out.description = interface.description;
  out.groups = group_set(call, interface.groups);
  out.mac_address = interface.mac;
  out.network_interface_id = interface.id;
  out.owner_id = interface.account;
  out.private_dns_name = private_dns_name(call.region, interface.address);
  out.private_ip_address = interface.address;
  ec2::InstancePrivateIpAddress address;
  address.primary = true;
  address.private_dns_name = out.private_dns_name;
  address.private_ip_address = interface.address;
  out.private_ip_addresses = {address};
  if (!interface.address6.empty()) {
    out.ipv6_addresses = {ec2::InstanceIpv6Address{.ipv6_address = interface.address6, .is_primary_ipv6 = false}};
  }
  out.source_dest_check = interface.source_dest_check;
  out.status = "in-use";
  out.subnet_id = interface.subnet;
  out.vpc_id = interface.vpc;
  out.interface_type = interface.type;
  return out;
}

}  // namespace ginnel::api
