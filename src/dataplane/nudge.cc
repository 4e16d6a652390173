#include "dataplane/nudge.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <optional>
#include <span>

#include "dataplane/abi_values.h"

namespace ginnel::dataplane {
namespace {

struct Segment {
  ethhdr ethernet;
  iphdr ip;
  tcphdr tcp;
} __attribute__((packed));
static_assert(sizeof(Segment) == 54);

struct PseudoHeader {
  uint32_t source, destination;
  uint8_t zero, protocol;
  uint16_t length;
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

// What the end behind `flow` takes for an old segment of its peer. Were the number by chance one that it expects, the
// end acknowledges all the same, since the segment acknowledges what was never sent; and there is the other end.
Segment stale_segment(const ginnel_flow& flow) {
  Segment out{};
  std::memcpy(out.ethernet.h_dest, flow.destination_mac, ETH_ALEN);
  out.ethernet.h_source[0] = 0x02;
  out.ethernet.h_proto = htons(ETH_P_IP);
  out.ip.version = 4;
  out.ip.ihl = 5;
  out.ip.tot_len = htons(sizeof out.ip + sizeof out.tcp);
  out.ip.ttl = 64;
  out.ip.protocol = IPPROTO_TCP;
  out.ip.saddr = flow.source.word[3];
  out.ip.daddr = flow.destination.word[3];
  out.ip.check = folded(sum_of(&out.ip, sizeof out.ip));
  out.tcp.source = flow.source_port;
  out.tcp.dest = flow.destination_port;
  out.tcp.doff = sizeof out.tcp / 4;
  out.tcp.ack = 1;
  const PseudoHeader pseudo{out.ip.saddr, out.ip.daddr, 0, IPPROTO_TCP, htons(sizeof out.tcp)};
  out.tcp.check = folded(sum_of(&out.tcp, sizeof out.tcp, sum_of(&pseudo, sizeof pseudo)));
  return out;
}

Status send_to(int socket, const ginnel_flow& flow) {
  const Segment segment = stale_segment(flow);
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = static_cast<int>(flow.oif);
  to.sll_halen = ETH_ALEN;
  std::memcpy(to.sll_addr, flow.destination_mac, ETH_ALEN);
  if (sendto(socket, &segment, sizeof segment, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof to) >= 0) {
    return {};
  }
  if (errno == ENXIO || errno == ENODEV || errno == ENETDOWN) return {};
  return fail_errno("wake an end of a cut flow at device", fmt::format("{}", flow.oif));
}

}  // namespace

Result<Nudger> Nudger::open() {
  Nudger out;
  out.socket_.reset(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!out.socket_) return fail_errno("make", "packet socket");
  return out;
}

Status Nudger::nudge(const Map<ginnel_flow_key, ginnel_flow>& flows, const std::vector<FlowEntry>& marked) const {
  std::optional<Error> first;
  const auto send = [&](const FlowEntry& entry) {
    if (ginnel_flow_closed(entry.second.state)) return;
    if (auto status = send_to(socket_.get(), entry.second); !status && !first) first = std::move(status).error();
  };
  // The way back leads to the opener.
  for (const auto& entry : marked) {
    if ((entry.second.flags & GINNEL_FLOW_REVERSE) != 0) send(entry);
  }
  for (const auto& entry : marked) {
    if ((entry.second.flags & GINNEL_FLOW_REVERSE) != 0) continue;
    GINNEL_TRY(const auto still, flows.get(entry.first));
    if (still && (still->flags & GINNEL_FLOW_CUT) != 0) send(entry);
  }
  if (first) return tl::unexpected(std::move(*first));
  return {};
}

}  // namespace ginnel::dataplane
