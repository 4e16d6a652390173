// The server on a tap of a network namespace of its own: frames go in as a virtual machine sends them.
#include "dhcp/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "base/unique_fd.h"
#include "dhcp/bytes.h"
#include "dhcp/frame.h"
#include "dhcp/frame6.h"

namespace ginnel::dhcp {
namespace {

constexpr int kPatience_ms = 10'000;
const MacAddress kRouterMac{{2, 0xfe, 0, 0, 0, 1}}, kMac{{2, 1, 10, 0, 1, 20}};
const MacAddress kEveryone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
const IpAddress kNone = IpAddress::from_v4(0), kLinkLocal = *IpAddress::parse("fe80::14");

class DhcpServer : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    tap_.reset(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(tap_);
    ifreq request{};
    std::strcpy(request.ifr_name, "tap0");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    ASSERT_EQ(ioctl(tap_.get(), TUNSETIFF, &request), 0);
    const UniqueFd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    request.ifr_flags = IFF_UP;
    ASSERT_EQ(ioctl(any.get(), SIOCSIFFLAGS, &request), 0);

    start(kAdvertiseEvery);
  }

  void start(std::chrono::milliseconds advertise_every) {
    auto server = Server::start(kRouterMac, log_, advertise_every);
    ASSERT_TRUE(server);
    server_ = std::move(*server);
    plan::Port port;
    port.address = *IpAddress::parse("10.0.1.20");
    port.subnet = *Cidr::parse("10.0.1.0/24");
    port.address6 = *IpAddress::parse("2001:db8:1::14");
    port.subnet6 = *Cidr::parse("2001:db8:1::/64");
    port.mac = kMac;
    server_->set_vpc(1, {{"eni-1", if_nametoindex("tap0"), lease_of(port), lease6_of(port, kRouterMac)}});
  }

  void send(const Bytes& frame) {
    ASSERT_EQ(write(tap_.get(), frame.data(), frame.size()), static_cast<ssize_t>(frame.size()));
  }
  static bool is_unasked(const Bytes& frame) { return frame[0] == 0x33; }
  // The next answer of the router; the host's own frames are passed over.
  Bytes receive() {
    Bytes frame = receive_any();
    while (!frame.empty() && is_unasked(frame)) frame = receive_any();
    return frame;
  }
  Bytes receive_any() {
    for (;;) {
      pollfd waiting{tap_.get(), POLLIN, 0};
      if (poll(&waiting, 1, kPatience_ms) != 1) return {};
      Bytes frame(4096);
      frame.resize(static_cast<size_t>(std::max<ssize_t>(0, read(tap_.get(), frame.data(), frame.size()))));
      if (frame.size() > 14 && std::equal(kRouterMac.bytes.begin(), kRouterMac.bytes.end(), frame.begin() + 6)) {
        return frame;
      }
    }
  }
  static Bytes question4() {
    V4Message message;
    message.mac = kMac;
    message.client = message.yours = message.server = message.relay = kNone;
    return write_datagram({kEveryone, kMac, kNone, IpAddress::from_v4(0xffffffff), 68, 67, encode_v4(message)});
  }
  static Packet6 packet6(uint8_t protocol, Bytes payload) {
    return {kEveryone, kMac, kLinkLocal, *IpAddress::parse("ff02::2"), protocol, 255, std::move(payload)};
  }

  Log log_ = Log::to_stderr(LogLevel::error);
  UniqueFd tap_;
  std::unique_ptr<Server> server_;
};

TEST_F(DhcpServer, OffersAnAddressOfEachFamily) {
  send(question4());
  const auto offer = read_datagram(receive());
  ASSERT_TRUE(offer) << offer.error().text();
  EXPECT_EQ(decode_v4(offer->payload)->yours, *IpAddress::parse("10.0.1.20"));
  EXPECT_EQ(offer->destination, *IpAddress::parse("10.0.1.20"));

  const V6Message solicit{V6Type::solicit, 7, {{option6::kClientId, {0, 3, 0, 1}}, {option6::kIaNa, Bytes(12)}}};
  auto question = packet6(kProtocolUdp, udp_segment(546, 547, encode_v6(solicit)));
  question.destination = *IpAddress::parse("ff02::1:2");
  send(write_packet6(question));
  const auto advertise = read_packet6(receive());
  ASSERT_TRUE(advertise) << advertise.error().text();
  EXPECT_EQ(advertise->source, *IpAddress::parse("fe80::1"));
  EXPECT_EQ(advertise->destination, kLinkLocal);
  EXPECT_EQ(decode_v6(View(advertise->payload).subspan(8))->type, V6Type::advertise);
}

TEST_F(DhcpServer, AdvertisesTheRouterToWhoAsks) {
  send(write_packet6(packet6(kProtocolIcmp6, {133, 0, 0, 0, 0, 0, 0, 0})));
  const auto answer = read_packet6(receive());
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->payload[0], 134);
  EXPECT_EQ(answer->destination, kLinkLocal);
  auto nobody = packet6(kProtocolIcmp6, {133, 0, 0, 0, 0, 0, 0, 0});
  nobody.source = IpAddress();
  send(write_packet6(nobody));
  EXPECT_EQ(read_packet6(receive())->destination, *IpAddress::parse("ff02::1"));
}

TEST_F(DhcpServer, AdvertisesTheRouterFromTimeToTime) {
  const auto first = receive_any();
  ASSERT_FALSE(first.empty());
  ASSERT_TRUE(is_unasked(first)) << "a new port hears of it at once";
  start(std::chrono::milliseconds(10));
  for (int i = 0; i < 3; ++i) {
    const auto answer = read_packet6(receive_any());
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->to, (MacAddress{{0x33, 0x33, 0, 0, 0, 1}}));
    EXPECT_EQ(answer->destination, *IpAddress::parse("ff02::1"));
    EXPECT_EQ(answer->hop_limit, 255);
    EXPECT_EQ(answer->payload[0], 134);
  }
  EXPECT_EQ(server_->counters().answered, 0U);
}

TEST_F(DhcpServer, CountsWhatItDoesNotAnswer) {
  auto broken = packet6(kProtocolIcmp6, {133, 0, 0, 0, 0, 0, 0, 0});
  broken.hop_limit = 64;
  send(write_packet6(broken));
  auto stranger = packet6(kProtocolIcmp6, {133, 0, 0, 0, 0, 0, 0, 0});
  stranger.from.bytes[5] ^= 1;
  send(write_packet6(stranger));
  auto cut = question4();
  cut.resize(100);
  send(cut);
  send(question4());  // the last to be answered, so the others were looked at
  ASSERT_FALSE(receive().empty());
  auto tagged = question4();
  tagged.insert(tagged.begin() + 12, {0x81, 0, 0, 7});
  send(tagged);  // of VLAN 7, which is no network of this port
  send(question4());
  ASSERT_FALSE(receive().empty());
  // An answer is counted after it was sent.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (server_->counters().answered < 2 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  const auto seen = server_->counters();
  EXPECT_EQ(seen.answered, 2U);
  EXPECT_EQ(seen.malformed, 2U);
  EXPECT_EQ(seen.ignored, 1U);
}

}  // namespace
}  // namespace ginnel::dhcp
