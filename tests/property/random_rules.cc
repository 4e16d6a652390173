#include "random_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace ginnel::property {
namespace {

void add_ports(Random& random, model::SecurityGroupRule& rule) {
  if (random.chance(6)) {
    rule.from_port = 0;
    rule.to_port = 65535;
    return;
  }
  const int middle = random.pick(kPorts);
  rule.from_port = random.chance(2) ? middle : std::max(0, middle - random.between(0, 30));
  rule.to_port = random.chance(2) ? middle : std::min(65535, middle + random.between(0, 30));
}

void add_messages(Random& random, const std::vector<int>& types, model::SecurityGroupRule& rule) {
  if (random.chance(3)) return;  // all of them
  rule.from_port = random.pick(types);
  if (!random.chance(2)) rule.to_port = random.pick(kCodes);
}

}  // namespace

std::string random_block(Random& random, const std::string& address) {
  const bool v6 = address.find(':') != std::string::npos;
  const int family = v6 ? AF_INET6 : AF_INET, bits = v6 ? 128 : 32;
  std::array<unsigned char, 16> bytes{};
  inet_pton(family, address.c_str(), bytes.data());
  const int length = random.chance(3) ? bits : random.chance(8) ? 0 : random.below(bits + 1);
  // One bit away, and near the end of what counts: so the block just misses the address, or just has it.
  if (random.chance(2)) {
    const int at = std::clamp(length - 1 + random.between(-1, 1), 0, bits - 1);
    bytes[static_cast<size_t>(at / 8)] ^= static_cast<unsigned char>(0x80 >> (at % 8));
  }
  for (int at = length; at < bits; ++at) {
    bytes[static_cast<size_t>(at / 8)] &= static_cast<unsigned char>(~(0x80 >> (at % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family, bytes.data(), text.data(), text.size());
  return std::string(text.data()) + "/" + std::to_string(length);
}

model::SecurityGroupRule random_rule(Random& random, const Peers& peers) {
  model::SecurityGroupRule rule;
  rule.egress = random.chance(2);
  const int kind = random.below(20);
  if (kind < 8) {
    rule.protocol = "tcp";
    add_ports(random, rule);
  } else if (kind < 12) {
    rule.protocol = "udp";
    add_ports(random, rule);
  } else if (kind < 14) {
    rule.protocol = "icmp";
    add_messages(random, kIcmpTypes, rule);
  } else if (kind < 16) {
    rule.protocol = "icmpv6";
    add_messages(random, kIcmpV6Types, rule);
  } else if (kind < 18) {
    rule.protocol = std::to_string(random.pick(kOtherProtocols));
  }
  if (random.chance(4)) {
    rule.referenced_group = random.pick(peers.groups);
    return rule;
  }
  if (random.chance(6)) {
    rule.prefix_list = random.pick(peers.prefix_lists);
    return rule;
  }
  const std::string block = random_block(random, random.pick(peers.addresses));
  (block.find(':') == std::string::npos ? rule.cidr_ipv4 : rule.cidr_ipv6) = block;
  return rule;
}

}  // namespace ginnel::property
