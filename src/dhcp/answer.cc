#include "dhcp/answer.h"

#include "dhcp/bytes.h"
#include "dhcp/frame.h"
#include "dhcp/frame6.h"

namespace ginnel::dhcp {
namespace {

using Answer = std::optional<Bytes>;

constexpr uint16_t kServerPort = 67, kClientPort = 68, kServerPort6 = 547, kClientPort6 = 546;
constexpr size_t kUdpHeader = 8;
constexpr uint8_t kNdHops = 255;  // so it is of the link itself
constexpr MacAddress kEveryone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
const IpAddress kNone = IpAddress::from_v4(0), kBroadcast = IpAddress::from_v4(0xffffffff);

// RFC 2131, section 4.1: to the address of a client that has one; before that it hears broadcasts if it asks for
// them, and else frames to its MAC. A refusal goes to everybody.
Datagram envelope(const Lease& lease, const V4Message& reply, const MacAddress& router_mac) {
  Datagram out;
  out.from = router_mac;
  out.source = lease.router;
  out.source_port = kServerPort;
  out.destination_port = kClientPort;
  const bool has_address = reply.type != V4Type::nak && reply.client.is_v4() && reply.client != kNone;
  const bool to_all = reply.type == V4Type::nak || (reply.broadcast && !has_address);
  out.to = to_all ? kEveryone : lease.mac;
  out.destination = to_all ? kBroadcast : has_address ? reply.client : reply.yours;
  out.payload = encode_v4(reply);
  return out;
}

const IpAddress& all_nodes() {
  static const IpAddress kAllNodes = *IpAddress::parse("ff02::1");
  return kAllNodes;
}

bool is_link_local(const IpAddress& address) {
  static const Cidr kLinkLocal = *Cidr::parse("fe80::/10");
  return kLinkLocal.contains(address);
}

// RFC 4861, sections 6.1.1 and 6.2.6.
Result<Answer> answer_solicitation(const Lease6& lease, const Packet6& question) {
  static const IpAddress kAllRouters = *IpAddress::parse("ff02::2");
  const bool nobody = question.source == IpAddress();
  if (question.hop_limit != kNdHops || !is_solicitation(question.payload, nobody)) {
    return fail("read", "router solicitation", "it is broken");
  }
  if (question.destination != kAllRouters && question.destination != lease.router) return Answer();
  Packet6 out{lease.mac,      lease.router_mac, lease.router,        nobody ? all_nodes() : question.source,
              kProtocolIcmp6, kNdHops,          advertisement(lease)};
  return Answer(write_packet6(out));
}

// RFC 8415: clients ask from a link-local address (section 7.2), and by multicast, as no server has allowed else
// (18.4).
Result<Answer> answer_dhcp6(const Lease6& lease, const Packet6& question) {
  static const IpAddress kAllServers = *IpAddress::parse("ff02::1:2");
  if (get16(question.payload, 2) != kServerPort6 || question.destination != kAllServers) return Answer();
  if (!is_link_local(question.source) || question.source == lease.router) return Answer();
  GINNEL_TRY(const auto message, decode_v6(View(question.payload).subspan(kUdpHeader)));
  GINNEL_TRY(const auto asked, associations_of(message));
  const auto reply = answer_v6(lease, message, asked);
  if (!reply) return Answer();
  Packet6 out{lease.mac, lease.router_mac, lease.router, question.source, kProtocolUdp, kNdHops, {}};
  out.payload = udp_segment(kServerPort6, kClientPort6, encode_v6(*reply));
  return Answer(write_packet6(out));
}

}  // namespace

Result<Answer> answer_v4_frame(const Lease& lease, const MacAddress& router_mac, View frame) {
  GINNEL_TRY(const auto datagram, read_datagram(frame));
  if (datagram.from != lease.mac || datagram.destination_port != kServerPort) return Answer();
  if (datagram.destination != kBroadcast && datagram.destination != lease.router) return Answer();
  GINNEL_TRY(const auto question, decode_v4(datagram.payload));
  const auto reply = answer_v4(lease, question);
  if (!reply) return Answer();
  return Answer(write_datagram(envelope(lease, *reply, router_mac)));
}

Result<Answer> answer_v6_frame(const Lease6& lease, View frame) {
  GINNEL_TRY(const auto packet, read_packet6(frame));
  if (packet.from != lease.mac) return Answer();
  return packet.protocol == kProtocolIcmp6 ? answer_solicitation(lease, packet) : answer_dhcp6(lease, packet);
}

Bytes unasked_advertisement(const Lease6& lease) {
  constexpr MacAddress kAllNodesMac{{0x33, 0x33, 0, 0, 0, 1}};
  return write_packet6(
      {kAllNodesMac, lease.router_mac, lease.router, all_nodes(), kProtocolIcmp6, kNdHops, advertisement(lease)});
}

}  // namespace ginnel::dhcp
