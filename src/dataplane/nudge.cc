#include "dataplane/nudge.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

using Flows = Map<ginnel_flow_key, ginnel_flow>;

constexpr uint8_t kHops = 64;
constexpr size_t kAtOnce = 1024;  // openers that have so long to answer before the other ends are asked

struct PseudoHeader {
  ginnel_address source, destination;
  uint32_t length, protocol;
};

uint32_t sum_of(const void* bytes, size_t length, uint32_t start = 0) {
  const auto* at = static_cast<const uint8_t*>(bytes);
  for (size_t i = 0; i + 1 < length; i += 2) start += static_cast<uint32_t>(at[i] << 8 | at[i + 1]);
  return start;
}

uint16_t folded(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

iphdr ipv4_header(const ginnel_flow& flow) {
  iphdr out{};
  out.version = 4;
  out.ihl = 5;
  out.tot_len = htons(sizeof(iphdr) + sizeof(tcphdr));
  out.ttl = kHops;
  out.protocol = IPPROTO_TCP;
  out.saddr = flow.source.word[3];
  out.daddr = flow.destination.word[3];
  out.check = folded(sum_of(&out, sizeof out));
  return out;
}

ip6_hdr ipv6_header(const ginnel_flow& flow) {
  ip6_hdr out{};
  out.ip6_vfc = 6 << 4;
  out.ip6_plen = htons(sizeof(tcphdr));
  out.ip6_nxt = IPPROTO_TCP;
  out.ip6_hops = kHops;
  std::memcpy(&out.ip6_src, &flow.source, sizeof out.ip6_src);
  std::memcpy(&out.ip6_dst, &flow.destination, sizeof out.ip6_dst);
  return out;
}

template <typename Header>
void append(std::vector<uint8_t>& out, const Header& header) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&header);
  out.insert(out.end(), bytes, bytes + sizeof header);
}

// What the end behind `flow` takes for an old segment of its peer. Were the number by chance one that it expects, the
// end acknowledges all the same, since the segment acknowledges what was never sent; and there is the other end.
std::vector<uint8_t> stale_segment(const ginnel_flow& flow) {
  const bool v4 = from_abi(flow.destination).is_v4();
  std::vector<uint8_t> out;
  ethhdr ethernet{};
  std::memcpy(ethernet.h_dest, flow.destination_mac, ETH_ALEN);
  ethernet.h_source[0] = 0x02;
  ethernet.h_proto = htons(v4 ? ETH_P_IP : ETH_P_IPV6);
  append(out, ethernet);
  if (v4) {
    append(out, ipv4_header(flow));
  } else {
    append(out, ipv6_header(flow));
  }
  tcphdr tcp{};
  tcp.source = flow.source_port;
  tcp.dest = flow.destination_port;
  tcp.doff = sizeof tcp / 4;
  tcp.ack = 1;
  // The mapped form of both addresses adds 0xffff twice, which is nothing to a sum of ones' complement.
  const PseudoHeader pseudo{flow.source, flow.destination, htonl(sizeof tcp), htonl(IPPROTO_TCP)};
  tcp.check = folded(sum_of(&tcp, sizeof tcp, sum_of(&pseudo, sizeof pseudo)));
  append(out, tcp);
  return out;
}

Status send_to(int socket, const ginnel_flow& flow) {
  const auto segment = stale_segment(flow);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  std::memcpy(&to.sll_protocol, segment.data() + offsetof(ethhdr, h_proto), sizeof to.sll_protocol);
  to.sll_ifindex = static_cast<int>(flow.oif);
  to.sll_halen = ETH_ALEN;
  std::memcpy(to.sll_addr, flow.destination_mac, ETH_ALEN);
  if (sendto(socket, segment.data(), segment.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to) >=
      0) {
    return {};
  }
  if (errno == ENXIO || errno == ENODEV || errno == ENETDOWN) return {};
  return fail_errno("wake an end of a cut flow at device", fmt::format("{}", flow.oif));
}

bool is_waiting(const std::optional<ginnel_flow>& entry) {
  return entry && (entry->state & GINNEL_FLOW_CUT) != 0 && ginnel_flow_closed(entry->state) == 0;
}

}  // namespace

Result<Nudger> Nudger::open() {
  Nudger out;
  out.socket_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!out.socket_) return fail_errno("make", "packet socket");
  return out;
}

Status Nudger::nudge(const Flows& flows, const std::vector<ginnel_flow_key>& cut) const {
  std::optional<Error> first;
  const auto wake = [&](const std::optional<ginnel_flow>& entry) {
    if (!is_waiting(entry)) return;
    if (auto status = send_to(socket_.get(), *entry); !status && !first) first = std::move(status).error();
  };
  for (size_t begin = 0; begin < cut.size(); begin += kAtOnce) {
    const size_t end = std::min(cut.size(), begin + kAtOnce);
    for (size_t i = begin; i < end; ++i) {  // the way back leads to the opener
      GINNEL_TRY(const auto entry, flows.get(cut[i]));
      if (!is_waiting(entry)) continue;
      GINNEL_TRY(const auto other, flows.get(ginnel_flow_partner(&cut[i], &*entry)));
      wake(other);
    }
    for (size_t i = begin; i < end; ++i) {
      GINNEL_TRY(const auto entry, flows.get(cut[i]));
      wake(entry);
    }
  }
  if (first) return tl::unexpected(std::move(*first));
  return {};
}

}  // namespace ginnel::dataplane
