#include "dhcp/lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dhcp/bytes.h"
#include "dhcp/rate.h"

namespace ginnel::dhcp {
namespace {

const IpAddress kNone = IpAddress::from_v4(0);
const IpAddress kAddress = *IpAddress::parse("10.0.1.20"), kRouter = *IpAddress::parse("10.0.1.1");
const IpAddress kResolver = *IpAddress::parse("10.0.0.2");

Lease lease() {
  plan::Port port;
  port.address = kAddress;
  port.subnet = *Cidr::parse("10.0.1.0/24");
  port.mac = *MacAddress::parse("02:01:0a:00:01:14");
  port.resolver = kResolver;
  port.search_domain = "ap-northeast-1.compute.internal";
  return lease_of(port);
}

V4Message question(V4Type type) {
  V4Message out;
  out.transaction = 7;
  out.mac = lease().mac;
  out.client = out.yours = out.server = out.relay = kNone;
  out.type = type;
  return out;
}

std::string text_of(const V4Message& message, uint8_t code) {
  const auto found = message.options.find(code);
  return found == message.options.end() ? "(none)" : std::string(found->second.begin(), found->second.end());
}

TEST(Lease, IsOfferedWithWhatAPortNeeds) {
  const auto offer = answer_v4(lease(), question(V4Type::discover));
  ASSERT_TRUE(offer);
  EXPECT_TRUE(offer->is_reply);
  EXPECT_EQ(offer->type, V4Type::offer);
  EXPECT_EQ(offer->transaction, 7U);
  EXPECT_EQ(offer->yours, kAddress);
  EXPECT_EQ(offer->address(option::kServerId), kRouter);
  EXPECT_EQ(offer->address(option::kRouter), kRouter);
  EXPECT_EQ(offer->address(option::kDns), kResolver);
  EXPECT_EQ(offer->address(option::kMask), *IpAddress::parse("255.255.255.0"));
  EXPECT_EQ(offer->address(option::kBroadcast), *IpAddress::parse("10.0.1.255"));
  EXPECT_EQ(text_of(*offer, option::kDomain), "ap-northeast-1.compute.internal");
  EXPECT_EQ(text_of(*offer, option::kHostName), "ip-10-0-1-20");
  EXPECT_EQ(offer->options.at(option::kMtu), (Bytes{8500 >> 8, 8500 & 0xff}));
  EXPECT_EQ(get32(offer->options.at(option::kLeaseTime), 0), 3600U);
  EXPECT_EQ(get32(offer->options.at(option::kRenewal), 0), 1800U);
  EXPECT_FALSE(offer->options.contains(option::kClasslessRoutes));
}

TEST(Lease, TellsOnlyWhatIsAskedFor) {
  auto asked = question(V4Type::discover);
  asked.options[option::kParameters] = {option::kMask, option::kClasslessRoutes};
  const auto offer = answer_v4(lease(), asked);
  ASSERT_TRUE(offer);
  EXPECT_TRUE(offer->options.contains(option::kMask));
  EXPECT_FALSE(offer->options.contains(option::kDns));
  EXPECT_EQ(offer->options.at(option::kClasslessRoutes), (Bytes{0, 10, 0, 1, 1})) << "the default route, RFC 3442";
}

TEST(Lease, IsAcknowledgedInEachStateOfAClient) {
  auto selecting = question(V4Type::request);
  selecting.put(option::kServerId, kRouter);
  selecting.put(option::kRequestedAddress, kAddress);
  auto init_reboot = question(V4Type::request);
  init_reboot.put(option::kRequestedAddress, kAddress);
  auto renewing = question(V4Type::request);
  renewing.client = kAddress;
  for (const auto& request : {selecting, init_reboot, renewing}) {
    const auto ack = answer_v4(lease(), request);
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->type, V4Type::ack);
    EXPECT_EQ(ack->yours, kAddress);
    EXPECT_EQ(ack->client, request.client);
  }
}

// RFC 6842; older clients look for it, too.
TEST(Lease, NamesTheClientAsItNamedItself) {
  auto asked = question(V4Type::discover);
  asked.options[option::kClientId] = {255, 1, 2, 3};
  EXPECT_EQ(answer_v4(lease(), asked)->options.at(option::kClientId), (Bytes{255, 1, 2, 3}));
  EXPECT_FALSE(answer_v4(lease(), question(V4Type::discover))->options.contains(option::kClientId));
}

TEST(Lease, OfAnotherAddressIsRefused) {
  auto request = question(V4Type::request);
  request.put(option::kRequestedAddress, *IpAddress::parse("10.0.1.21"));
  const auto nak = answer_v4(lease(), request);
  ASSERT_TRUE(nak);
  EXPECT_EQ(nak->type, V4Type::nak);
  EXPECT_EQ(nak->yours, IpAddress());
  EXPECT_TRUE(nak->broadcast);
  EXPECT_FALSE(nak->options.contains(option::kLeaseTime));
}

TEST(Lease, InformTellsTheRestAlone) {
  auto inform = question(V4Type::inform);
  EXPECT_FALSE(answer_v4(lease(), inform)) << "of nobody's address";
  inform.client = kAddress;
  const auto ack = answer_v4(lease(), inform);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->type, V4Type::ack);
  EXPECT_FALSE(ack->options.contains(option::kLeaseTime));
  EXPECT_EQ(ack->address(option::kDns), kResolver);
}

TEST(Lease, IsNoAnswerToWhatIsForOthers) {
  auto stranger = question(V4Type::discover);
  stranger.mac.bytes[5] ^= 1;
  EXPECT_FALSE(answer_v4(lease(), stranger)) << "another client's MAC";
  auto relayed = question(V4Type::discover);
  relayed.relay = kRouter;
  EXPECT_FALSE(answer_v4(lease(), relayed)) << "a relay's";
  auto chosen = question(V4Type::request);
  chosen.put(option::kServerId, kResolver);
  chosen.put(option::kRequestedAddress, kAddress);
  EXPECT_FALSE(answer_v4(lease(), chosen)) << "another server was chosen";
  EXPECT_FALSE(answer_v4(lease(), question(V4Type::request))) << "for no address";
  auto two = question(V4Type::request);
  two.put(option::kRequestedAddress, kAddress);
  two.client = kResolver;
  EXPECT_FALSE(answer_v4(lease(), two)) << "it has one address and asks for another";
  for (const auto type : {V4Type::decline, V4Type::release, V4Type::offer, V4Type::ack, V4Type::nak}) {
    EXPECT_FALSE(answer_v4(lease(), question(type)));
  }
  auto reply = question(V4Type::discover);
  reply.is_reply = true;
  EXPECT_FALSE(answer_v4(lease(), reply));
}

TEST(Rate, AllowsABurstAndThenSoManyASecond) {
  Rate rate(10, 20);
  const auto start = Rate::Time(std::chrono::hours(1));
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += rate.take(start) ? 1 : 0;
  EXPECT_EQ(taken, 20);
  EXPECT_FALSE(rate.take(start + std::chrono::milliseconds(99)));
  EXPECT_TRUE(rate.take(start + std::chrono::milliseconds(101)));
  EXPECT_FALSE(rate.take(start + std::chrono::milliseconds(102)));
}

}  // namespace
}  // namespace ginnel::dhcp
