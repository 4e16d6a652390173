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
  GINNEL_TRY(const auto report, cut_flows(parts_.tables.flows, gone_));
  gone_ = {};
  return parts_.nudger.nudge(parts_.tables.flows, report.marked);
}

void LinuxKernel::add_gone(Gone gone) {
  gone_.numbers.merge(gone.numbers);
  gone_.ports.merge(gone.ports);
  gone_.links.merge(gone.links);
  gone_.targets.merge(gone.targets);
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

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<Device>& put) {
  for (const auto& [interface_id, other] : ports_) {
    if (other.vpc != vpc && other.netns == put.value.netns) {
      return fail("make device of", put.key,
                  fmt::format("{} has an interface in another VPC ({})", put.value.netns, interface_id));
    }
  }
  if (const auto old = ports_.find(put.key); old != ports_.end()) {
    GINNEL_CHECKED(gone(parts_.tables.ports.erase(old->second.ifindex)));
    if (old->second.address != put.value.address) gone_.ports.emplace(vpc, old->second.address);
    ports_.erase(old);
  }
  GINNEL_TRY(const uint32_t ifindex, parts_.devices.put(put.key, put.value));
  ports_[put.key] = {vpc, ifindex, put.value.address, put.value.netns, {}};
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Device>& remove) {
  GINNEL_CHECKED(parts_.devices.remove(remove.key));
  ports_.erase(remove.key);
  return {};
}

Status LinuxKernel::perform(plan::VpcNumber vpc, const Put<PortEntry>& put) {
  GINNEL_TRY(LocalPort* const local, port(put.key));
  ginnel_port row{};
  if (put.key.size() > sizeof row.interface_id) {
    return fail("write port", put.key, fmt::format("the id is longer than {} bytes", sizeof row.interface_id));
  }
  GINNEL_TRY(row.policy, parts_.policies.id_of({vpc, put.value.groups}));
  row.vpc = vpc;
  row.flags = put.value.check_source ? GINNEL_PORT_CHECK_SOURCE : 0;
  row.address = to_abi(put.value.address);
  row.synthetic = to_abi(put.value.synthetic);
  copy_mac(put.value.mac, row.mac);
  std::memcpy(row.interface_id, put.key.data(), put.key.size());
  GINNEL_CHECKED(parts_.tables.ports.put(local->ifindex, row));
  local->synthetic = put.value.synthetic;
  return {};
}
Status LinuxKernel::perform(plan::VpcNumber vpc, const Remove<PortEntry>& remove) {
  const auto local = ports_.find(remove.key);
  if (local == ports_.end()) return {};
  gone_.ports.emplace(vpc, local->second.address);
  return gone(parts_.tables.ports.erase(local->second.ifindex));
}

Status LinuxKernel::perform(plan::VpcNumber, const Put<Attachment>& put) {
  GINNEL_TRY(const LocalPort* const local, port(put.key));
  return parts_.attacher.attach(local->ifindex, parts_.program_fd);
}
Status LinuxKernel::perform(plan::VpcNumber, const Remove<Attachment>& remove) {
  const auto local = ports_.find(remove.key);
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
  } else {
    GINNEL_TRY(const LocalPort* const local, port(put.value.local));
    row.oif = local->ifindex;
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
