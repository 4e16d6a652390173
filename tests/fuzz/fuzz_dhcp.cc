// Any bytes as a frame, and as a DHCP message: they decode or not, what decodes is written so that it decodes to the
// same, and an answer gives nobody another address than the port's own.
#include "base/check.h"
#include "dhcp/answer.h"
#include "dhcp/frame.h"
#include "dhcp/frame6.h"
#include "dhcp/lease.h"
#include "dhcp/lease6.h"

namespace {

namespace dhcp = ginnel::dhcp;

const dhcp::Lease& lease() {
  static const dhcp::Lease kLease{{{2, 0, 0, 0, 0, 1}},
                                  ginnel::IpAddress::from_v4(0x0a000114),
                                  ginnel::Cidr(ginnel::IpAddress::from_v4(0x0a000100), 24),
                                  ginnel::IpAddress::from_v4(0x0a000101),
                                  ginnel::IpAddress::from_v4(0x0a000002),
                                  "host",
                                  "domain",
                                  8500};
  return kLease;
}

void check_answer(dhcp::V4Message question) {
  GINNEL_CHECK(question.mac == lease().mac || !dhcp::answer_v4(lease(), question), "only its own client is answered");
  question.mac = lease().mac;
  const auto reply = dhcp::answer_v4(lease(), question);
  if (!reply) return;
  const bool given = reply->yours == lease().address;
  GINNEL_CHECK(given || !reply->yours.is_v4(), "no other address is given");
  const auto read = dhcp::decode_v4(dhcp::encode_v4(*reply));
  GINNEL_CHECK(read && read->is_reply && read->options == reply->options, "a reply can be read");
}

void check_message(std::span<const uint8_t> bytes) {
  const auto message = dhcp::decode_v4(bytes);
  if (!message) return;
  const auto again = dhcp::decode_v4(dhcp::encode_v4(*message));
  GINNEL_CHECK(again && *again == *message, "what is written is what was meant");
  check_answer(*message);
}

const dhcp::Lease6& lease6() {
  static const dhcp::Lease6 kLease = [] {
    ginnel::plan::Port port;
    port.address6 = *ginnel::IpAddress::parse("2001:db8::14");
    port.subnet6 = *ginnel::Cidr::parse("2001:db8::/64");
    port.search_domain = "domain";
    return *dhcp::lease6_of(port, {{2, 0xfe, 0, 0, 0, 1}});
  }();
  return kLease;
}

void check_message6(std::span<const uint8_t> bytes) {
  const auto message = dhcp::decode_v6(bytes);
  if (!message) return;
  const auto again = dhcp::decode_v6(dhcp::encode_v6(*message));
  GINNEL_CHECK(again && *again == *message, "what is written is what was meant");
  const auto asked = dhcp::associations_of(*message);
  if (!asked) return;
  const auto reply = dhcp::answer_v6(lease6(), *message, *asked);
  if (!reply) return;
  GINNEL_CHECK(dhcp::associations_of(*reply), "a reply can be read");
}

// An answer goes to the port alone, or to everybody on its link; never to where the question says.
void check_frames(std::span<const uint8_t> frame) {
  const auto answer = dhcp::answer_v4_frame(lease(), lease6().router_mac, frame);
  if (answer && *answer) {
    const auto read = dhcp::read_datagram(**answer);
    GINNEL_CHECK(
        read && (read->destination == lease().address || read->destination == ginnel::IpAddress::from_v4(0xffffffff)),
        "nobody else is answered");
  }
  const auto answer6 = dhcp::answer_v6_frame(lease6(), frame);
  if (answer6 && *answer6) {
    const auto read = dhcp::read_packet6(**answer6);
    GINNEL_CHECK(read && read->to == lease6().mac && read->source == lease6().router, "the router answers the port");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  check_message({data, size});
  check_message6({data, size});
  for (const bool nobody : {false, true}) (void)dhcp::is_solicitation({data, size}, nobody);
  check_frames({data, size});
  if (const auto packet = dhcp::read_packet6({data, size})) {
    GINNEL_CHECK(dhcp::read_packet6(dhcp::write_packet6(*packet)), "a frame that is written can be read");
    if (packet->protocol == dhcp::kProtocolUdp) check_message6(std::span(packet->payload).subspan(8));
  }
  const auto datagram = dhcp::read_datagram({data, size});
  if (!datagram) return 0;
  const auto again = dhcp::read_datagram(dhcp::write_datagram(*datagram));
  GINNEL_CHECK(again && *again == *datagram, "a frame that is written is what was meant");
  check_message(datagram->payload);
  return 0;
}
