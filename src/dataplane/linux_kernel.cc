#include "dataplane/linux_kernel.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <chrono>
#include <cstring>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

RuleRanges::Time now() { return std::chrono::steady_clock::now().time_since_epoch(); }

// "It is gone now" is all that is asked.
Status gone(Result<bool> erased) {
  if (!erased) return tl::unexpected(std::move(erased).error());
  return {};
}

}  // namespace

Status LinuxKernel::execute(plan::VpcNumber vpc, const Operation& operation) {
  return std::visit([&](const auto& each) { return perform(vpc, each); }, operation);
}

Status LinuxKernel::settle(plan::VpcNumber) {
  GINNEL_TRY(const auto report, cut_flows(parts_.tables.flows, parts_.ender, gone_));
  gone_ = {};
  return parts_.nudger.nudge(parts_.tables.flows, report.tcp);
}

void LinuxKernel::add_gone(Gone gone) {
  gone_.numbers.merge(gone.numbers);
  gone_.ports.merge(gone.ports);
  gone_.links.merge(gone.links);
  gone_.targets.merge(gone.targets);
}

// Its row would be another device's, once the kernel gives the number out again.
void LinuxKernel::lost(const std::string& interface_id) {
  const auto found = ports_.find(interface_id);
  if (found == ports_.end()) return;
  addresses_gone(found->second);
  (void)parts_.tables.ports.erase(found->second.ifindex);  // there may be none
  ports_.erase(found);
}

Result<LocalPort*> LinuxKernel::port(const std::string& interface_id) {
  const auto found = ports_.find(interface_id);
  if (found == ports_.end()) return fail("find device of", interface_id, "there is none");
  return &found->second;
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Policy>& put) {
  return parts_.policies.put({vpc, put.key}, put.value, now());
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Policy>& remove) {
  return parts_.policies.remove({vpc, remove.key}, now());
}

Status LinuxKernel::perform(plan::VpcNumber, const Put<Namespace>& put) {
  return parts_.namespaces.ensure(put.key, {put.value.nameserver.to_string(), put.value.search});
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Namespace>& remove) {
  return parts_.namespaces.remove(remove.key);
}

// Of an instance's own namespace the planner says that there is only one VPC; a device carries one port.
Status LinuxKernel::put_device(plan::VpcNumber vpc, const Put<Device>& put) {
  const Device& device = put.value;
  const bool own = device.kind == plan::PortKind::pair && !is_foreign_netns(device.netns);
  for (const auto& [interface_id, other] : ports_) {
    if (own && other.vpc != vpc && other.netns == device.netns) {
      return fail("make device of", put.key,
                  fmt::format("{} has an interface in another VPC ({})", device.netns, interface_id));
    }
  }
  IpAddress address;
  std::optional<IpAddress> address6;
  if (const auto old = ports_.find(put.key); old != ports_.end()) {
    GINNEL_CHECKED(gone(parts_.tables.ports.erase(old->second.ifindex)));
    GINNEL_CHECKED(release(put.key));
    address = old->second.address;
    address6 = old->second.address6;
    ports_.erase(old);
  }
  GINNEL_TRY(const uint32_t ifindex, parts_.devices.put(put.key, device));
  if (device.kind == plan::PortKind::device) {
    GINNEL_TRY(const uint32_t program, parts_.attacher.attached(ifindex));
    if (program != 0) return fail("attach device", device.name, "it carries another port");
  }
  ports_[put.key] = {vpc, ifindex, device.netns, device.kind != plan::PortKind::pair, address, address6, {}};
  return {};
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Device>& put) {
  away_.erase(put.key);
  auto status = put_device(vpc, put);
  if (status || (put.value.kind == plan::PortKind::pair && !is_foreign_netns(put.value.netns))) return status;
  away_[put.key] = status.error().text();
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Device>& remove) {
  GINNEL_CHECKED(parts_.devices.remove(remove.key));
  ports_.erase(remove.key);
  away_.erase(remove.key);
  return {};
}

void LinuxKernel::addresses_gone(const LocalPort& port) {
  if (port.address != IpAddress()) gone_.ports.emplace(port.vpc, port.address);
  if (port.address6) gone_.ports.emplace(port.vpc, *port.address6);
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<PortEntry>& put) {
  if (away_.contains(put.key)) return {};
  GINNEL_TRY(LocalPort* const local, port(put.key));
  ginnel_port row{};
  if (put.key.size() > sizeof row.interface_id) {
    return fail("write port", put.key, fmt::format("the id is longer than {} bytes", sizeof row.interface_id));
  }
  GINNEL_TRY(row.policy, parts_.policies.id_of({vpc, put.value.groups}));
  row.vpc = vpc;
  row.flags = (put.value.check_source ? GINNEL_PORT_CHECK_SOURCE : 0) | (put.value.device ? GINNEL_PORT_DEVICE : 0);
  row.address = to_abi(put.value.address);
  if (put.value.address6) row.address6 = to_abi(*put.value.address6);
  row.synthetic = to_abi(put.value.synthetic);
  copy_mac(put.value.mac, row.mac);
  std::memcpy(row.interface_id, put.key.data(), put.key.size());
  GINNEL_CHECKED(parts_.tables.ports.put(local->ifindex, row));
  if (local->address != put.value.address || local->address6 != put.value.address6) {
    addresses_gone(*local);
    gone_.ports.erase({vpc, put.value.address});
    if (put.value.address6) gone_.ports.erase({vpc, *put.value.address6});
  }
  local->address = put.value.address;
  local->address6 = put.value.address6;
  local->synthetic = put.value.synthetic;
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<PortEntry>& remove) {
  const auto local = ports_.find(remove.key);
  if (local == ports_.end()) return {};
  addresses_gone(local->second);
  return gone(parts_.tables.ports.erase(local->second.ifindex));
}

Status LinuxKernel::perform(plan::VpcNumber, const Put<Attachment>& put) {
  if (away_.contains(put.key)) return {};
  GINNEL_TRY(const LocalPort* const local, port(put.key));
  return parts_.attacher.attach(local->ifindex, parts_.program_fd);
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Attachment>& remove) { return release(remove.key); }

// Takes the program off.
Status LinuxKernel::release(const std::string& interface_id) {
  const auto local = ports_.find(interface_id);
  if (local == ports_.end()) return {};
  auto status = parts_.attacher.detach(local->second.ifindex);
  if (!status && status.error().code == ENODEV) return {};
  return status;
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Route>& put) {
  return parts_.tables.routes.put(to_abi(vpc, put.key), 1);
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Route>& remove) {
  return gone(parts_.tables.routes.erase(to_abi(vpc, remove.key)));
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Destination>& put) {
  ginnel_destination row{};
  GINNEL_TRY(row.policy, parts_.policies.id_of({vpc, put.value.groups}));
  if (put.value.local.empty()) {
    row.flags = GINNEL_DESTINATION_ENDPOINT;
  } else if (away_.contains(put.value.local)) {
    return gone(parts_.tables.destinations.erase(destination_key(vpc, put.key)));
  } else {
    GINNEL_TRY(const LocalPort* const local, port(put.value.local));
    row.oif = local->ifindex;
    if (put.value.device) row.flags = GINNEL_DESTINATION_DEVICE;
    copy_mac(put.value.mac, row.mac);
  }
  return parts_.tables.destinations.put(destination_key(vpc, put.key), row);
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<Destination>& remove) {
  return gone(parts_.tables.destinations.erase(destination_key(vpc, remove.key)));
}

Status LinuxKernel::perform(plan::VpcNumber, const Put<Member>& put) {
  return parts_.tables.members.put(to_abi(put.key), 1);
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Member>& remove) {
  return gone(parts_.tables.members.erase(to_abi(remove.key)));
}

}  // namespace ginnel::dataplane
