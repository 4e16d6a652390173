#include "dataplane/objects.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "abi/link.h"

namespace ginnel::dataplane {
namespace {

std::string text_of(const GroupSet& groups) { return fmt::format("{{{}}}", fmt::join(groups, ",")); }

// Refers to the policies of `state`, which are complete.
Status check_groups(const VpcState& state, const GroupSet& groups, const std::string& user) {
  if (state.of<Policy>().contains(groups)) return {};
  return fail("plan", user, "no policy for the groups " + text_of(groups));
}

// Where the namespace of the port is made for it.
bool needs_namespace(const plan::Port& port) {
  return port.kind == plan::PortKind::pair && !is_foreign_netns(port.netns);
}

Device device_of(const plan::Port& port) {
  Device out;
  out.kind = port.kind;
  out.name = port.device;
  if (port.kind != plan::PortKind::device) out.mtu = port.mtu;
  if (port.kind == plan::PortKind::tap) out.owner = port.owner;
  out.default_route = false;
  if (port.kind != plan::PortKind::pair) return out;
  out.netns = port.netns;
  out.netns_inode = port.netns_inode;
  out.address = port.address;
  out.subnet = port.subnet;
  out.address6 = port.address6;
  if (port.address6) out.subnet6 = port.subnet6;
  out.mac = port.mac;
  out.default_route = port.device == "eth0";
  out.big_tcp = port.big_tcp;
  return out;
}

Status add_port(VpcState& state, const plan::Port& port) {
  GINNEL_CHECKED(check_groups(state, port.groups, port.interface_id));
  if (port.address6 && !port.subnet6) return fail("plan", port.interface_id, "an IPv6 address without a subnet");
  if (needs_namespace(port) && port.device == "eth0") {
    state.of<Namespace>()[port.netns] = Namespace{port.resolver, port.search_domain};
  }
  if (!state.of<Device>().emplace(port.interface_id, device_of(port)).second) {
    return fail("plan", port.interface_id, "two ports of one interface");
  }
  state.of<PortEntry>()[port.interface_id] = PortEntry{
      port.address,  port.address6, port.mac, port.groups, port.check_source, port.kind != plan::PortKind::pair,
      port.synthetic};
  state.of<Attachment>()[port.interface_id] = Attachment{};
  return {};
}

Status add_address(VpcState& state, const plan::Address& address) {
  GINNEL_CHECKED(check_groups(state, address.groups, address.interface_id));
  for (const auto group : address.groups) state.of<Member>()[{group, address.address}] = Member{};
  Destination destination;
  destination.groups = address.groups;
  if (address.local) {
    const auto port = state.of<PortEntry>().find(address.interface_id);
    if (port == state.of<PortEntry>().end()) {
      return fail("plan", address.interface_id, "its address is local but it has no port");
    }
    destination.local = address.interface_id;
    destination.mac = port->second->mac;
    destination.device = port->second->device;
  }
  if (!state.of<Destination>().emplace(address.address, destination).second) {
    return fail("plan", address.address.to_string(), "two interfaces with one address");
  }
  return {};
}

Status add_link(VpcState& state, const plan::Link& link) {
  const std::string name = fmt::format("link {} of {}", link.number, link.owner);
  if (link.groups) GINNEL_CHECKED(check_groups(state, *link.groups, name));
  const LinkKey key{link.address, link.port, link.protocol};
  if (link.endpoint && link.owner.size() > sizeof(ginnel_link::owner)) {
    return fail("plan", name, fmt::format("the endpoint's id is longer than {} bytes", sizeof(ginnel_link::owner)));
  }
  Link value{link.number, link.groups, link.target, link.balancer, link.endpoint ? link.owner : ""};
  if (link.balancer != 0) value.target = {};
  if (!state.of<Link>().emplace(key, std::move(value)).second) {
    return fail("plan", name, "two links at one address, port and protocol");
  }
  return {};
}

Status add_target(VpcState& state, const plan::Target& target) {
  if (state.of<Target>().emplace(target.number, Target{target.address, target.port}).second) return {};
  return fail("plan", fmt::format("target {} of {}", target.number, target.owner), "two targets of one number");
}

Status add_balancer(VpcState& state, const plan::Balancer& balancer) {
  const std::string name = fmt::format("balancer {} of {}", balancer.number, balancer.owner);
  if (balancer.groups) GINNEL_CHECKED(check_groups(state, *balancer.groups, name));
  if (balancer.idle_timeout_s > UINT16_MAX) {
    return fail("plan", name, fmt::format("an idle timeout of {} s, at most {}", balancer.idle_timeout_s, UINT16_MAX));
  }
  Balancer value{balancer.node,
                 balancer.node6,
                 balancer.groups,
                 balancer.judge_endpoints,
                 balancer.preserve_client,
                 balancer.proxy_header,
                 balancer.sticky,
                 static_cast<uint16_t>(balancer.idle_timeout_s),
                 balancer.targets};
  std::sort(value.targets.begin(), value.targets.end());
  if (std::adjacent_find(value.targets.begin(), value.targets.end()) != value.targets.end()) {
    return fail("plan", name, "a target twice");
  }
  for (const auto target : value.targets) {
    if (!state.of<Target>().contains(target)) return fail("plan", name, fmt::format("there is no target {}", target));
  }
  if (state.of<Balancer>().emplace(balancer.number, std::move(value)).second) return {};
  return fail("plan", name, "two balancers of one number");
}

Status add_probe(VpcState& state, const plan::VpcPlan& plan, const plan::Probe& probe) {
  const std::string name = "probe of " + probe.target;
  if (probe.groups) GINNEL_CHECKED(check_groups(state, *probe.groups, name));
  if (probe.target.size() > kLongestProbeId) {
    return fail("plan", name, fmt::format("the target's id is longer than {} bytes", kLongestProbeId));
  }
  const auto target = std::find_if(plan.targets.begin(), plan.targets.end(),
                                   [&](const plan::Target& each) { return each.owner == probe.target; });
  const plan::TargetNumber number = target == plan.targets.end() ? 0 : target->number;
  ProbeLink value{probe.target, number, probe.target_address, probe.node, probe.groups};
  const LinkKey key{probe.address, probe.port, plan::kTcp};
  if (state.of<ProbeLink>().emplace(key, std::move(value)).second) return {};
  return fail("plan", name, "two probes at one address and port");
}

}  // namespace

Result<VpcState> wanted_state(const plan::VpcPlan& plan) {
  VpcState out;
  for (const auto& policy : plan.policies) {
    if (!out.of<Policy>().emplace(policy.groups, Policy{policy.ingress, policy.egress}).second) {
      return fail("plan", text_of(policy.groups), "two policies of one set of groups");
    }
  }
  for (const auto& cidr : plan.cidrs) out.of<Route>()[cidr] = Route{};
  for (const auto& port : plan.ports) GINNEL_CHECKED(add_port(out, port));
  // Interfaces beyond the first find the namespace of their instance already named.
  for (const auto& port : plan.ports) {
    if (needs_namespace(port) && !out.of<Namespace>().contains(port.netns)) {
      return fail("plan", port.netns, "the instance has interfaces, but none is eth0");
    }
  }
  for (const auto& address : plan.addresses) GINNEL_CHECKED(add_address(out, address));
  for (const auto& target : plan.targets) GINNEL_CHECKED(add_target(out, target));
  for (const auto& balancer : plan.balancers) GINNEL_CHECKED(add_balancer(out, balancer));
  for (const auto& link : plan.links) GINNEL_CHECKED(add_link(out, link));
  for (const auto& probe : plan.probes) GINNEL_CHECKED(add_probe(out, plan, probe));
  return out;
}

}  // namespace ginnel::dataplane
