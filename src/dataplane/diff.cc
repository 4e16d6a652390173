#include "dataplane/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <type_traits>

namespace ginnel::dataplane {
namespace {

template <typename Object>
void removals(const VpcState& observed, const VpcState& wanted, std::vector<Operation>& out) {
  for (const auto& [key, value] : observed.of<Object>()) {
    if (!wanted.of<Object>().contains(key)) out.push_back(Remove<Object>{key});
  }
}

template <typename Object>
void puts(const VpcState& observed, const VpcState& wanted, std::vector<Operation>& out) {
  for (const auto& [key, value] : wanted.of<Object>()) {
    const auto there = observed.of<Object>().find(key);
    if (there == observed.of<Object>().end() || there->second != value) out.push_back(Put<Object>{key, *value});
  }
}

// The devices that are made over. What the kernel binds to a device goes with it, so the rest must be put again.
std::vector<std::string> stale_devices(const VpcState& observed, const VpcState& wanted) {
  std::vector<std::string> out;
  for (const auto& [id, device] : wanted.of<Device>()) {
    const auto there = observed.of<Device>().find(id);
    if (there == observed.of<Device>().end() || there->second != device) out.push_back(id);
  }
  return out;
}

VpcState without(const VpcState& observed, const std::vector<std::string>& stale) {
  VpcState out = observed;
  for (const auto& id : stale) {
    out.of<PortEntry>().erase(id);
    out.of<Attachment>().erase(id);
  }
  for (auto& [address, destination] : out.of<Destination>()) {
    if (destination && std::binary_search(stale.begin(), stale.end(), destination->local)) destination.reset();
  }
  return out;
}

void all_puts(const VpcState& observed, const VpcState& wanted, std::vector<Operation>& out) {
  puts<Policy>(observed, wanted, out);
  puts<Namespace>(observed, wanted, out);
  puts<Device>(observed, wanted, out);
  puts<PortEntry>(observed, wanted, out);
  puts<Attachment>(observed, wanted, out);
  puts<Route>(observed, wanted, out);
  puts<Destination>(observed, wanted, out);
  puts<Member>(observed, wanted, out);
  puts<Target>(observed, wanted, out);
  puts<Balancer>(observed, wanted, out);
  puts<Link>(observed, wanted, out);
  puts<ProbeLink>(observed, wanted, out);
}

std::string text(const GroupSet& groups) { return fmt::format("{{{}}}", fmt::join(groups, ",")); }
std::string text(const std::string& value) { return value; }

std::string text(uint32_t number) { return std::to_string(number); }
std::string text(const IpAddress& address) { return address.to_string(); }

const char* protocol_name(uint8_t protocol) {
  switch (protocol) {
    case plan::kTcp:
      return "tcp";
    case plan::kUdp:
      return "udp";
    case plan::kIcmp:
      return "icmp";
    case plan::kIcmpV6:
      return "icmpv6";
    case plan::kAnyProtocol:
      return "any";
    default:
      return nullptr;
  }
}

std::string protocol_text(uint8_t protocol) {
  const char* name = protocol_name(protocol);
  return name ? name : fmt::format("protocol {}", protocol);
}

std::string text(const Cidr& cidr) { return cidr.to_string(); }
std::string text(const MemberKey& key) { return fmt::format("{} of group {}", key.address.to_string(), key.group); }
std::string text(const LinkKey& key) {
  return fmt::format("{}:{}/{}", key.address.to_string(), key.port, protocol_text(key.protocol));
}

std::string text(const plan::Rule& rule) {
  return fmt::format("{} {}-{} {}", protocol_text(rule.protocol), rule.from_port, rule.to_port,
                     rule.cidr ? rule.cidr->to_string() : fmt::format("group {}", rule.group));
}

std::string text(const std::vector<plan::Rule>& rules) {
  std::vector<std::string> parts;
  for (const auto& rule : rules) parts.push_back(text(rule));
  return fmt::format("[{}]", fmt::join(parts, "; "));
}

std::string text(const Policy& policy) {
  return fmt::format("in {} out {}", text(policy.ingress), text(policy.egress));
}
std::string text(const Namespace& value) {
  return fmt::format("resolver {} search {}", value.nameserver.to_string(), value.search.empty() ? "-" : value.search);
}
std::string text(const Device& device) {
  if (device.kind == plan::PortKind::tap)
    return fmt::format("tap {} mtu {} owner {}", device.name, device.mtu, device.owner);
  if (device.kind == plan::PortKind::device) return "device " + device.name;
  std::string second;
  if (device.address6) {
    second = fmt::format(" {}/{}", device.address6->to_string(), device.subnet6 ? device.subnet6->length() : 0);
  }
  return fmt::format("{} in {}: {}/{}{} mac {} mtu {}{}{}", device.name, device.netns, device.address.to_string(),
                     device.subnet.length(), second, device.mac.to_string(), device.mtu,
                     device.big_tcp ? " big TCP" : "", device.default_route ? " default route" : "");
}
std::string text(const PortEntry& entry) {
  return fmt::format("{}{} mac {} groups {} synthetic {}{}{}", entry.address.to_string(),
                     entry.address6 ? " " + entry.address6->to_string() : "", entry.mac.to_string(), text(entry.groups),
                     entry.synthetic.to_string(), entry.check_source ? "" : " any source",
                     entry.device ? " device" : "");
}
std::string text(const Attachment&) { return "program"; }
std::string text(const Route&) { return "local"; }
std::string text(const Member&) { return "member"; }
std::string text(const Destination& value) {
  return fmt::format("groups {}{}", text(value.groups), value.local.empty() ? "" : " at " + value.local);
}
std::string text(const std::optional<GroupSet>& groups) { return groups ? text(*groups) : "-"; }
std::string text(const Link& link) {
  const std::string groups = text(link.groups);
  if (link.balancer == 0) {
    return fmt::format("number {} to {}:{} groups {}", link.number, link.target.address.to_string(), link.target.port,
                       groups);
  }
  return fmt::format("number {} to balancer {} groups {}{}", link.number, link.balancer, groups,
                     link.endpoint.empty() ? "" : " endpoint " + link.endpoint);
}
std::string text(const Target& target) { return fmt::format("{}:{}", target.address.to_string(), target.port); }
std::string text(const Balancer& balancer) {
  return fmt::format("node {}{} groups {}{}{}{}{} idle {} s targets [{}]", balancer.node.to_string(),
                     balancer.node6 ? " " + balancer.node6->to_string() : "", text(balancer.groups),
                     balancer.judge_endpoints ? "" : " endpoints not judged",
                     balancer.preserve_client ? " preserves clients" : "", balancer.proxy_header ? " PROXY" : "",
                     balancer.sticky ? " sticky" : "", balancer.idle_timeout_s, fmt::join(balancer.targets, ","));
}
std::string text(const ProbeLink& probe) {
  return fmt::format("of {} ({}) at {} from {} groups {}", probe.id, probe.number, probe.target.to_string(),
                     probe.source.to_string(), text(probe.groups));
}

const char* kind(const Policy*) { return "policy"; }
const char* kind(const Namespace*) { return "namespace"; }
const char* kind(const Device*) { return "device"; }
const char* kind(const PortEntry*) { return "port"; }
const char* kind(const Attachment*) { return "attachment"; }
const char* kind(const Route*) { return "route"; }
const char* kind(const Member*) { return "member"; }
const char* kind(const Destination*) { return "destination"; }
const char* kind(const Link*) { return "link"; }
const char* kind(const Target*) { return "target"; }
const char* kind(const Balancer*) { return "balancer"; }
const char* kind(const ProbeLink*) { return "probe"; }

struct Describe {
  template <typename Object>
  std::string operator()(const Put<Object>& put) const {
    return fmt::format("put {} {}: {}", kind(&put.value), text(put.key), text(put.value));
  }
  template <typename Object>
  std::string operator()(const Remove<Object>& remove) const {
    return fmt::format("remove {} {}", kind(static_cast<const Object*>(nullptr)), text(remove.key));
  }
};

struct Name {
  template <template <typename> typename Verb, typename Object>
  std::string operator()(const Verb<Object>& operation) const {
    return fmt::format("{} {}", kind(static_cast<const Object*>(nullptr)), text(operation.key));
  }
};

}  // namespace

std::vector<Operation> diff(const VpcState& observed, const VpcState& wanted) {
  std::vector<Operation> out;
  removals<ProbeLink>(observed, wanted, out);
  removals<Link>(observed, wanted, out);
  removals<Member>(observed, wanted, out);
  removals<Destination>(observed, wanted, out);
  removals<Route>(observed, wanted, out);
  removals<Attachment>(observed, wanted, out);
  removals<PortEntry>(observed, wanted, out);
  removals<Device>(observed, wanted, out);
  const auto stale = stale_devices(observed, wanted);
  all_puts(stale.empty() ? observed : without(observed, stale), wanted, out);
  removals<Balancer>(observed, wanted, out);
  removals<Target>(observed, wanted, out);
  removals<Namespace>(observed, wanted, out);
  removals<Policy>(observed, wanted, out);
  return out;
}

std::string to_text(const Operation& operation) { return std::visit(Describe{}, operation); }
std::string object_of(const Operation& operation) { return std::visit(Name{}, operation); }

void note_success(VpcState& state, const Operation& operation) {
  std::visit(
      [&]<template <typename> typename Verb, typename Object>(const Verb<Object>& done) {
        if constexpr (std::is_same_v<Verb<Object>, Put<Object>>) {
          state.of<Object>()[done.key] = done.value;
        } else {
          state.of<Object>().erase(done.key);
        }
      },
      operation);
}

void note_failure(VpcState& state, const Operation& operation) {
  std::visit([&]<template <typename> typename Verb, typename Object>(
                 const Verb<Object>& failed) { state.of<Object>()[failed.key].reset(); },
             operation);
}

}  // namespace ginnel::dataplane
