#include "api/ec2/instances.h"

#include <algorithm>

#include "api/describe.h"
#include "api/ec2/addresses.h"
#include "api/ec2/interface_groups.h"
#include "api/ec2/interface_view.h"
#include "api/ec2/network_interfaces.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

// Reservations stay together and in one order, also from page to page.
std::string page_key(const model::Instance* instance) { return instance->reservation + '/' + instance->id; }

// What follows from the instance's interface; a terminated instance has none any more.
void add_network(const Call& call, const model::NetworkInterface& interface, ec2::Instance& out) {
  out.network_interfaces = {instance_interface(call, interface)};
  out.security_groups = group_set(call, interface.groups);
  out.source_dest_check = interface.source_dest_check;
  out.private_dns_name = private_dns_name(call.region, interface.address);
  out.private_ip_address = interface.address;
  if (!interface.address6.empty()) out.ipv6_address = interface.address6;
  out.subnet_id = interface.subnet;
  out.vpc_id = interface.vpc;
  out.placement->availability_zone = interface.zone;
  out.placement->availability_zone_id = zone_id(call, interface.zone);
}

}  // namespace

ec2::InstanceState instance_state(std::string_view name) {
  int code = 0;  // pending
  if (name == "running") code = 16;
  if (name == "shutting-down") code = 32;
  if (name == "terminated") code = 48;
  return {.code = code, .name = std::string(name)};
}

std::string transition_reason(const model::Instance& instance) {
  return instance.state_reason_code.empty() ? "" : "User initiated";
}

ec2::Instance to_wire(const Call& call, const model::Instance& instance) {
  ec2::Instance out;
  out.instance_id = instance.id;
  out.image_id = instance.image;
  out.instance_type = instance.type;
  out.state = instance_state(instance.state);
  out.ami_launch_index = instance.launch_index;
  if (!instance.key_name.empty()) out.key_name = instance.key_name;
  if (!instance.client_token.empty()) out.client_token = instance.client_token;
  out.launch_time = WallTime(std::chrono::milliseconds(instance.launched));
  out.architecture = "x86_64";
  out.hypervisor = "xen";
  out.virtualization_type = "hvm";
  out.ebs_optimized = false;
  out.ena_support = true;
  out.monitoring = ec2::Monitoring{.state = "disabled"};
  out.placement = ec2::Placement{};
  out.placement->group_name = "";
  out.placement->tenancy = "default";
  out.private_dns_name = "";
  out.public_dns_name = "";
  out.state_transition_reason = transition_reason(instance);
  if (!instance.state_reason_code.empty()) {
    out.state_reason = ec2::StateReason{.code = instance.state_reason_code, .message = instance.state_reason};
  }
  out.tags = tag_set(call, instance.id);
  if (const auto* interface = call.snapshot.find<model::NetworkInterface>(instance.interface)) {
    add_network(call, *interface, out);
  }
  return out;
}

ec2::Reservation reservation_of(const Call& call, const std::vector<const model::Instance*>& instances) {
  ec2::Reservation out;
  out.reservation_id = instances.front()->reservation;
  out.owner_id = instances.front()->account;
  for (const auto* instance : instances) out.instances.push_back(to_wire(call, *instance));
  return out;
}

aws::ApiResult<ec2::DescribeInstancesResponse> describe_instances(const Call& call,
                                                                  const ec2::DescribeInstancesRequest& request) {
  const std::string_view ids_name = request.instance_ids.empty() ? "" : "InstanceId";
  GINNEL_TRY(auto items, select_all(call, request.instance_ids, request.filters, instance_attributes()));
  std::sort(items.begin(), items.end(),
            [](const auto* left, const auto* right) { return page_key(left) < page_key(right); });
  GINNEL_TRY(const auto page, aws::paginate({"DescribeInstances"}, {request.max_results, request.next_token, ids_name},
                                            std::move(items), page_key));

  ec2::DescribeInstancesResponse response;
  std::vector<const model::Instance*> together;
  for (const auto* instance : page.items) {
    if (!together.empty() && together.front()->reservation != instance->reservation) {
      response.reservations.push_back(reservation_of(call, together));
      together.clear();
    }
    together.push_back(instance);
  }
  if (!together.empty()) response.reservations.push_back(reservation_of(call, together));
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
