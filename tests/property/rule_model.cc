#include "rule_model.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace ginnel::property {
namespace {

int family_of(const std::string& address) { return address.find(':') == std::string::npos ? AF_INET : AF_INET6; }

// False if it is none of that family.
bool read_bytes(int family, const std::string& text, std::array<unsigned char, 16>& out) {
  return inet_pton(family, text.c_str(), out.data()) == 1;
}

bool bit(const std::array<unsigned char, 16>& bytes, size_t at) { return (bytes[at / 8] >> (7 - at % 8)) % 2 == 1; }

bool has_protocol(const std::string& rule, int protocol) {
  if (rule == "-1") return true;
  if (rule == "tcp") return protocol == 6;
  if (rule == "udp") return protocol == 17;
  if (rule == "icmp") return protocol == 1;
  if (rule == "icmpv6") return protocol == 58;
  return rule == std::to_string(protocol);
}

// "For ICMP, the ICMP type and code; -1 is all of them."
bool has_service(const model::SecurityGroupRule& rule, const Traffic& traffic) {
  if (rule.protocol == "tcp" || rule.protocol == "udp") {
    return rule.from_port <= traffic.port && traffic.port <= rule.to_port;
  }
  if (rule.protocol == "icmp" || rule.protocol == "icmpv6") {
    return (rule.from_port == -1 || rule.from_port == traffic.type) &&
           (rule.to_port == -1 || rule.to_port == traffic.code);
  }
  return true;
}

}  // namespace

bool is_in_block(const std::string& block, const std::string& address) {
  const auto slash = block.find('/');
  const std::string base_text = block.substr(0, slash);
  const int family = family_of(address);
  std::array<unsigned char, 16> base{}, other{};
  if (family_of(base_text) != family || !read_bytes(family, base_text, base) || !read_bytes(family, address, other)) {
    return false;
  }
  const auto length = static_cast<size_t>(std::stoi(block.substr(slash + 1)));
  for (size_t i = 0; i < length; ++i) {
    if (bit(base, i) != bit(other, i)) return false;
  }
  return true;
}

// A rule that names a group: "the private addresses of the interfaces that are associated with the group".
bool RuleModel::has_peer(const model::SecurityGroupRule& rule, const Traffic& traffic) const {
  if (!rule.cidr_ipv4.empty()) return is_in_block(rule.cidr_ipv4, traffic.peer);
  if (!rule.cidr_ipv6.empty()) return is_in_block(rule.cidr_ipv6, traffic.peer);
  if (!rule.prefix_list.empty()) {
    const auto& entries = snapshot_.find<model::PrefixList>(rule.prefix_list)->entries;
    return std::any_of(entries.begin(), entries.end(),
                       [&](const auto& entry) { return is_in_block(entry.cidr, traffic.peer); });
  }
  if (traffic.peer_vpc != traffic.own_vpc) return false;
  for (const auto* interface : snapshot_.table<model::NetworkInterface>().all()) {
    const auto& groups = interface->groups;
    if (interface->vpc != traffic.own_vpc) continue;
    if (std::find(groups.begin(), groups.end(), rule.referenced_group) == groups.end()) continue;
    if (traffic.peer == interface->address || traffic.peer == interface->address6) return true;
  }
  return false;
}

bool RuleModel::covers(const model::SecurityGroupRule& rule, const Traffic& traffic) const {
  return has_protocol(rule.protocol, traffic.protocol) && has_service(rule, traffic) && has_peer(rule, traffic);
}

bool RuleModel::allows(const std::vector<std::string>& groups, bool egress, const Traffic& traffic) const {
  for (const auto* rule : snapshot_.table<model::SecurityGroupRule>().all()) {
    if (rule->egress != egress) continue;
    if (std::find(groups.begin(), groups.end(), rule->group) == groups.end()) continue;
    if (covers(*rule, traffic)) return true;
  }
  return false;
}

}  // namespace ginnel::property
