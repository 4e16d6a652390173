#include "questions.h"

#include <algorithm>

namespace ginnel::property {
namespace {

bool is_ipv6(const Case& asked) { return asked.to_address.find(':') != std::string::npos; }

const std::string& source_of(const Case& asked) { return is_ipv6(asked) ? asked.from->address6 : asked.from->address; }

bool is_at(const Addresses& addresses, const std::string& address) {
  return address == addresses.ipv4 || address == addresses.ipv6;
}

const char* of_family(const Addresses& addresses, bool ipv6) { return ipv6 ? addresses.ipv6 : addresses.ipv4; }

}  // namespace

Case Questions::next() {
  Case out;
  out.from = &random_.pick(kHosts);
  out.traffic.own_vpc = out.traffic.peer_vpc = out.from->vpc;
  ipv6_ = random_.chance(2);
  const int kind = random_.below(10);
  if (kind < 6) {
    to_host(out);
  } else if (out.from->vpc == "vpc-1") {
    to_listener(out, kind < 8 ? kService : kEndpoint);
  } else if (out.from->name == "p") {
    to_listener(out, kNode);
  } else {
    to_host(out);  // the target itself is no client of its load balancer
  }
  return out;
}

std::string Questions::verdict(const Case& asked) const {
  if (!has_target(asked)) return "no_target";
  if (!asks(groups_of(asked.from->interface), true, asked.traffic, asked.to_address)) return "egress_denied";
  const std::string& client = source_of(asked);
  if (asked.to != nullptr) {
    return asks(groups_of(asked.to->interface), false, asked.traffic, client) ? "" : "ingress_denied";
  }
  const bool service = is_at(kService, asked.to_address), endpoint = is_at(kEndpoint, asked.to_address);
  const std::string interface = service ? "eni-vpce-1" : endpoint ? "eni-vpce-2" : "";
  if (!interface.empty() && !asks(groups_of(interface), false, asked.traffic, client)) return "ingress_denied";
  return service ? "" : behind_load_balancer(asked, client, endpoint);
}

std::string Questions::tell(const Case& asked) const {
  std::string out = "from " + asked.from->name + ": " + asked.packet + "\ngroups";
  for (const auto& group : groups_of(asked.from->interface)) out += " " + group;
  if (asked.to != nullptr) {
    out += " to groups";
    for (const auto& group : groups_of(asked.to->interface)) out += " " + group;
  }
  return out;
}

void Questions::to_host(Case& out) {
  do {
    out.to = &random_.pick(kHosts);
  } while (out.to == out.from || out.to->vpc != out.from->vpc);
  out.to_address = ipv6_ ? out.to->address6 : out.to->address;
  const int kind = random_.below(10);
  if (kind < 6) {
    transport(out, kind < 4);
  } else if (kind < 8) {
    message(out);
  } else {
    out.traffic.protocol = random_.pick(kOtherProtocols);
    const std::string tail = " protocol=" + std::to_string(out.traffic.protocol) + " data=20";
    out.packet = out.again = "ip " + source_of(out) + " > " + out.to_address + tail;
    out.answer = "ip " + out.to_address + " > " + source_of(out) + tail;
  }
}

void Questions::to_listener(Case& out, const Addresses& addresses) {
  out.to_address = of_family(addresses, ipv6_);
  transport(out, true, kListenerPort);
  out.answer.clear();  // its ports are the translation's
}

// Every flow has a source port of its own.
void Questions::transport(Case& out, bool tcp, int port) {
  out.traffic.protocol = tcp ? 6 : 17;
  if (port == 0) port = random_.chance(4) ? random_.between(1, 65535) : near(random_.pick(kPorts));
  out.traffic.port = port;
  const auto end = [&](const std::string& address, int number) {
    return (ipv6_ ? "[" + address + "]:" : address + ":") + std::to_string(number);
  };
  const std::string client = end(source_of(out), next_port()), server = end(out.to_address, port);
  const std::string kind = tcp ? "tcp " : "udp ";
  out.packet = kind + client + " > " + server + (tcp ? " flags=S" : " data=8");
  out.again = kind + client + " > " + server + (tcp ? " flags=A data=8" : " data=8");
  out.answer = kind + server + " > " + client + (tcp ? " flags=SA" : " data=8");
}

void Questions::message(Case& out) {
  out.traffic.protocol = ipv6_ ? 58 : 1;
  const int type = out.traffic.type = random_.pick(ipv6_ ? kIcmpV6Types : kIcmpTypes);
  const int code = out.traffic.code = random_.pick(kCodes);
  const std::string kind = ipv6_ ? "icmp6 " : "icmp ";
  const std::string tail = " code=" + std::to_string(code) + " id=" + std::to_string(next_port()) + " type=";
  out.packet = out.again = kind + source_of(out) + " > " + out.to_address + tail + std::to_string(type);
  const int answer = type == 8 ? 0 : type == 13 ? 14 : type == 128 ? 129 : -1;
  if (answer >= 0) out.answer = kind + out.to_address + " > " + source_of(out) + tail + std::to_string(answer);
}

int Questions::near(int port) { return std::clamp(port + random_.between(-1, 1), 1, 65535); }

const std::vector<std::string>& Questions::groups_of(const std::string& interface) const {
  return snapshot_.find<model::NetworkInterface>(interface)->groups;
}

bool Questions::asks(const std::vector<std::string>& groups, bool egress, Traffic traffic,
                     const std::string& peer) const {
  traffic.peer = peer;
  return model_.allows(groups, egress, traffic);
}

// Targets of IPv6 have no clients of IPv4.
bool Questions::has_target(const Case& asked) const {
  if (asked.to != nullptr || is_at(kService, asked.to_address)) return true;
  return is_ipv6(asked) || snapshot_.find<model::TargetGroup>("arn:tg")->ip_address_type == "ipv4";
}

// The load balancer's groups are asked for the client, and towards the target; the target's for what it sees.
std::string Questions::behind_load_balancer(const Case& asked, const std::string& client, bool endpoint) const {
  const auto* balancer = snapshot_.find<model::LoadBalancer>("arn:lb");
  const auto* group = snapshot_.find<model::TargetGroup>("arn:tg");
  const bool target6 = group->ip_address_type == "ipv6";
  const std::string node = of_family(kNode, target6), address = of_family(kTarget, target6);
  Traffic in = asked.traffic;
  in.own_vpc = "vpc-2";
  const bool judged = !balancer->groups.empty();
  if (judged && (!endpoint || balancer->judge_private_link) && !asks(balancer->groups, false, in, client)) {
    return "balancer_denied";
  }
  Traffic forward{.protocol = 6, .port = kTargetPort, .peer_vpc = "vpc-2", .own_vpc = "vpc-2"};
  if (judged && !asks(balancer->groups, true, forward, address)) return "balancer_denied";
  // An IPv6 client cannot be what an IPv4 target sees.
  const bool preserved =
      !endpoint && is_ipv6(asked) == target6 && group->attributes.at("preserve_client_ip.enabled") == "true";
  const auto& target = groups_of("eni-t");
  if (!preserved) return asks(target, false, forward, node) ? "" : "target_denied";
  return asks(target, false, forward, client) || names_balancer(target, forward, node) ? "" : "target_denied";
}

// "If client IP preservation is enabled … the load balancer's security group can be referenced": not its address.
bool Questions::names_balancer(const std::vector<std::string>& target, Traffic forward, const std::string& node) const {
  model::Change change;
  for (const auto* rule : snapshot_.table<model::SecurityGroupRule>().all()) {
    if (rule->referenced_group.empty()) change.erase(*rule);
  }
  const model::Snapshot references = snapshot_.with(change);
  forward.peer = node;
  return RuleModel(references).allows(target, false, forward);
}

}  // namespace ginnel::property
