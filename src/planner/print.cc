#include "planner/print.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::plan {
namespace {

constexpr uint16_t kAny = 0xffff;

std::string protocol_name(uint8_t protocol) {
  switch (protocol) {
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case kIcmp:
      return "icmp";
    case kIcmpV6:
      return "icmpv6";
    case kAnyProtocol:
      return "any";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

template <typename T>
std::string joined(const std::vector<T>& items, std::string_view separator) {
  std::vector<std::string> texts;
  for (const auto& item : items) {
    if constexpr (std::is_integral_v<T>) {
      texts.push_back(std::to_string(item));
    } else {
      texts.push_back(item.to_string());
    }
  }
  return fmt::format("{}", fmt::join(texts, separator));
}

std::string groups_text(const std::vector<GroupNumber>& groups) {
  return groups.empty() ? "no groups" : "groups " + joined(groups, ",");
}

void print_rules(std::string& out, std::string_view direction, std::string_view preposition,
                 const std::vector<Rule>& rules) {
  for (const auto& rule : rules) {
    const std::string peer = rule.cidr ? rule.cidr->to_string() : fmt::format("group {}", rule.group);
    out += fmt::format("    {:<3} {} {} {}\n", direction, print_traffic(rule), preposition, peer);
  }
}

std::string carrier_text(const Port& port) {
  if (port.kind == PortKind::tap) return fmt::format("tap {} owner {}", port.device, port.owner);
  if (port.kind == PortKind::device) return "device " + port.device;
  const std::string inode = port.netns_inode != 0 ? fmt::format(" inode {}", port.netns_inode) : "";
  return fmt::format("netns {}{} device {}", port.netns, inode, port.device);
}

void print_port(std::string& out, const Port& port) {
  out += fmt::format("  {} {} subnet {} mac {}\n", port.interface_id, port.address.to_string(), port.subnet.to_string(),
                     port.mac.to_string());
  if (port.address6 && port.subnet6) {
    out += fmt::format("    {} subnet {}\n", port.address6->to_string(), port.subnet6->to_string());
  }
  out += fmt::format("    {} mtu {}{} {}{}\n", carrier_text(port), port.mtu, port.big_tcp ? " big-tcp" : "",
                     groups_text(port.groups), port.check_source ? "" : " any-source");
  out += fmt::format("    synthetic {} resolver {} search {}\n", port.synthetic.to_string(), port.resolver.to_string(),
                     port.search_domain.empty() ? "-" : port.search_domain);
}

std::string judged_text(const std::optional<std::vector<GroupNumber>>& groups) {
  return groups ? groups_text(*groups) : "not judged";
}

void print_link(std::string& out, const Link& link) {
  const std::string to = link.balancer ? fmt::format("balancer {:#x}", link.balancer)
                                       : fmt::format("{}:{}", link.target.address.to_string(), link.target.port);
  out += fmt::format("  {} {}:{} -> {} number {:#x} owner {}{} {}\n", protocol_name(link.protocol),
                     link.address.to_string(), link.port, to, link.number, link.owner, link.endpoint ? " endpoint" : "",
                     judged_text(link.groups));
}

void print_balancer(std::string& out, const Balancer& balancer) {
  const std::string node6 = balancer.node6 ? " " + balancer.node6->to_string() : "";
  out += fmt::format("  {:#x} {} node {}{} {}{}\n", balancer.number, balancer.owner, balancer.node.to_string(), node6,
                     judged_text(balancer.groups), balancer.judge_endpoints ? "" : " not for endpoints");
  out += fmt::format("    idle {} s{}{}{} targets {}\n", balancer.idle_timeout_s,
                     balancer.preserve_client ? " preserve-client" : "", balancer.proxy_header ? " proxy" : "",
                     balancer.sticky ? " sticky" : "", balancer.targets.empty() ? "-" : joined(balancer.targets, ","));
}

const char* protocol_name(Probe::Protocol protocol) {
  if (protocol == Probe::Protocol::http) return "http";
  return protocol == Probe::Protocol::https ? "https" : "tcp";
}

void print_probe(std::string& out, const Probe& probe) {
  out += fmt::format("  {} {}:{} as {} -> {} {}{}\n", protocol_name(probe.protocol), probe.address.to_string(),
                     probe.port, probe.node.to_string(), probe.target_address.to_string(), judged_text(probe.groups),
                     probe.proxy_header ? " proxy" : "");
  out += fmt::format("    every {} s within {} s healthy {} unhealthy {} path {} matcher {} now {}\n", probe.interval_s,
                     probe.timeout_s, probe.healthy_threshold, probe.unhealthy_threshold,
                     probe.path.empty() ? "-" : probe.path, probe.matcher.empty() ? "-" : probe.matcher, probe.health);
}

void print_balancers(std::string& out, const VpcPlan& plan) {
  out += "targets\n";
  for (const auto& target : plan.targets) {
    out += fmt::format("  {} {}:{} {}\n", target.number, target.address.to_string(), target.port, target.owner);
  }
  out += "balancers\n";
  for (const auto& balancer : plan.balancers) print_balancer(out, balancer);
  out += "probes\n";
  for (const auto& probe : plan.probes) print_probe(out, probe);
}

void print_names(std::string& out, std::string_view title, const std::vector<Name>& names) {
  out += fmt::format("{}\n", title);
  for (const auto& name : names) {
    out += fmt::format("  {} {} s: {}\n", name.name, name.ttl_s, joined(name.addresses, " "));
  }
}

}  // namespace

std::string print_traffic(const Rule& rule) {
  const std::string protocol = protocol_name(rule.protocol);
  if (rule.protocol == kTcp || rule.protocol == kUdp) {
    if (rule.from_port == 0 && rule.to_port == kAny) return protocol + " all ports";
    if (rule.from_port == rule.to_port) return fmt::format("{} {}", protocol, rule.from_port);
    return fmt::format("{} {}-{}", protocol, rule.from_port, rule.to_port);
  }
  if ((rule.protocol == kIcmp || rule.protocol == kIcmpV6) && rule.from_port != kAny) {
    const std::string code = rule.to_port == kAny ? "" : fmt::format(" code {}", rule.to_port);
    return fmt::format("{} type {}{}", protocol, rule.from_port, code);
  }
  return protocol;
}

std::string print(const VpcPlan& plan) {
  std::string out =
      fmt::format("vpc {} number {} dns-support {}\n", plan.vpc_id, plan.number, plan.dns_support ? "on" : "off");
  out += fmt::format("cidrs {}\nports\n", joined(plan.cidrs, " "));
  for (const auto& port : plan.ports) print_port(out, port);
  out += "policies\n";
  for (const auto& policy : plan.policies) {
    out += fmt::format("  {}\n", groups_text(policy.groups));
    print_rules(out, "in", "from", policy.ingress);
    print_rules(out, "out", "to", policy.egress);
  }
  out += "addresses\n";
  for (const auto& address : plan.addresses) {
    out += fmt::format("  {} {} {}{}\n", address.address.to_string(), address.interface_id, groups_text(address.groups),
                       address.local ? " local" : "");
  }
  out += "links\n";
  for (const auto& link : plan.links) print_link(out, link);
  if (!plan.balancers.empty()) print_balancers(out, plan);
  print_names(out, "private names", plan.private_names);
  print_names(out, "public names", plan.public_names);
  return out;
}

std::string print(const HostPlan& plan) {
  std::string out = fmt::format("host of {} tag {} suffix {}\n", plan.region, plan.tag, plan.dns_suffix);
  out += fmt::format("synthetic {} system {}\n", plan.synthetic_range.to_string(), plan.system_address.to_string());
  print_names(out, "public names", plan.public_names);
  return out;
}

}  // namespace ginnel::plan
