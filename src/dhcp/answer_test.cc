#include "dhcp/answer.h"

#include <gtest/gtest.h>

#include "dhcp/bytes.h"
#include "dhcp/frame.h"
#include "dhcp/frame6.h"

namespace ginnel::dhcp {
namespace {

const MacAddress kRouterMac{{2, 0xfe, 0, 0, 0, 1}}, kMac{{2, 1, 10, 0, 1, 20}};
const MacAddress kEveryone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

IpAddress address(const char* text) { return *IpAddress::parse(text); }

const IpAddress kNone = IpAddress::from_v4(0), kBroadcast = IpAddress::from_v4(0xffffffff);
const IpAddress kAddress = address("10.0.1.20"), kRouter = address("10.0.1.1");
const IpAddress kLinkLocal = address("fe80::14"), kAllServers = address("ff02::1:2"), kAllRouters = address("ff02::2");

plan::Port port() {
  plan::Port out;
  out.address = kAddress;
  out.subnet = *Cidr::parse("10.0.1.0/24");
  out.address6 = address("2001:db8:1::14");
  out.subnet6 = *Cidr::parse("2001:db8:1::/64");
  out.mac = kMac;
  return out;
}

V4Message message4(V4Type type) {
  V4Message out;
  out.mac = kMac;
  out.type = type;
  out.client = out.yours = out.server = out.relay = kNone;
  return out;
}

std::optional<Datagram> answer4(const V4Message& question, const IpAddress& to = kBroadcast, uint16_t to_port = 67) {
  const Datagram asked{kEveryone, kMac, question.client, to, 68, to_port, encode_v4(question)};
  const auto answer = answer_v4_frame(lease_of(port()), kRouterMac, write_datagram(asked));
  if (!answer || !*answer) return std::nullopt;
  return *read_datagram(**answer);
}

// Neither an answer nor an error.
bool is_passed_over(const Result<std::optional<Bytes>>& answer) { return answer.has_value() && !answer->has_value(); }

// RFC 2131, section 4.1.
TEST(AnswerV4, GoesWhereTheClientHearsIt) {
  auto question = message4(V4Type::discover);
  auto answer = answer4(question);
  EXPECT_EQ(std::pair(answer->to, answer->destination), std::pair(kMac, kAddress));
  EXPECT_EQ(std::pair(answer->from, answer->source), std::pair(kRouterMac, kRouter));
  EXPECT_EQ(std::pair(answer->source_port, answer->destination_port), std::pair(uint16_t{67}, uint16_t{68}));
  question.broadcast = true;
  answer = answer4(question);
  EXPECT_EQ(std::pair(answer->to, answer->destination), std::pair(kEveryone, kBroadcast));
  for (const auto type : {V4Type::request, V4Type::inform}) {
    auto of_address = message4(type);
    of_address.client = kAddress;
    of_address.broadcast = true;  // it has an address, so it need not be heard
    answer = answer4(of_address, kRouter);
    EXPECT_EQ(std::pair(answer->to, answer->destination), std::pair(kMac, kAddress));
  }
  auto wrong = message4(V4Type::request);
  wrong.client = address("10.0.1.21");
  answer = answer4(wrong);
  EXPECT_EQ(decode_v4(answer->payload)->type, V4Type::nak);
  EXPECT_EQ(std::pair(answer->to, answer->destination), std::pair(kEveryone, kBroadcast));
}

TEST(AnswerV4, IsForQuestionsToThisServerOnly) {
  const auto question = message4(V4Type::discover);
  EXPECT_TRUE(answer4(question, kRouter));
  EXPECT_FALSE(answer4(question, address("10.0.1.50"))) << "another interface may be a server";
  EXPECT_FALSE(answer4(question, kBroadcast, 68));
  const Datagram stranger{kEveryone, kRouterMac, kNone, kBroadcast, 68, 67, encode_v4(question)};
  EXPECT_TRUE(is_passed_over(answer_v4_frame(lease_of(port()), kRouterMac, write_datagram(stranger))));
  EXPECT_FALSE(answer_v4_frame(lease_of(port()), kRouterMac, Bytes(60)));
}

Result<std::optional<Bytes>> answer6(const Packet6& question) {
  return answer_v6_frame(*lease6_of(port(), kRouterMac), write_packet6(question));
}

Packet6 solicit6() {
  const V6Message message{V6Type::solicit, 7, {{option6::kClientId, {0, 3, 0, 1}}, {option6::kIaNa, Bytes(12)}}};
  return {kEveryone, kMac, kLinkLocal, kAllServers, kProtocolUdp, 64, udp_segment(546, 547, encode_v6(message))};
}

TEST(AnswerV6, GoesToTheLinkLocalAddressOfTheClient) {
  const auto answer = answer6(solicit6());
  ASSERT_TRUE(answer && *answer);
  const auto packet = read_packet6(**answer);
  EXPECT_EQ(std::pair(packet->to, packet->destination), std::pair(kMac, kLinkLocal));
  EXPECT_EQ(std::pair(packet->from, packet->source), std::pair(kRouterMac, address("fe80::1")));
  EXPECT_EQ(get16(packet->payload, 2), 546);
}

// RFC 8415, sections 7.2 and 18.4.
TEST(AnswerV6, IsForQuestionsToAllServersFromTheLinkOnly) {
  for (const char* to : {"2001:db8:1::50", "fe80::1", "ff02::2"}) {
    auto question = solicit6();
    question.destination = address(to);
    EXPECT_TRUE(is_passed_over(answer6(question))) << to;
  }
  for (const char* from : {"::", "2001:db8:1::14", "fe80::1", "ff02::1"}) {
    auto question = solicit6();
    question.source = address(from);
    EXPECT_TRUE(is_passed_over(answer6(question))) << from;
  }
  auto question = solicit6();
  question.payload[3] ^= 1;
  EXPECT_TRUE(is_passed_over(answer6(question))) << "another port";
  question = solicit6();
  question.from.bytes[5] ^= 1;
  EXPECT_TRUE(is_passed_over(answer6(question))) << "another MAC";
  const V6Message cut{V6Type::solicit, 7, {{option6::kClientId, {0, 3, 0, 1}}, {option6::kIaNa, Bytes(11)}}};
  question = solicit6();
  question.payload = udp_segment(546, 547, encode_v6(cut));
  EXPECT_FALSE(answer6(question)) << "a broken association";
}

TEST(AnswerV6, AdvertisesTheRouter) {
  Packet6 question{kEveryone, kMac, kLinkLocal, kAllRouters, kProtocolIcmp6, 255, {133, 0, 0, 0, 0, 0, 0, 0}};
  auto answer = answer6(question);
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ(read_packet6(**answer)->destination, kLinkLocal);
  EXPECT_EQ(read_packet6(**answer)->hop_limit, 255);
  question.source = IpAddress();
  answer = answer6(question);
  EXPECT_EQ(read_packet6(**answer)->destination, address("ff02::1"));
  question.destination = kAllServers;
  EXPECT_TRUE(is_passed_over(answer6(question)));
  question.destination = kAllRouters;
  question.payload = {133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 10, 0, 1, 20};
  EXPECT_FALSE(answer6(question)) << "nobody's MAC";
  question.source = kLinkLocal;
  question.hop_limit = 254;
  EXPECT_FALSE(answer6(question)) << "from behind a router";
}

}  // namespace
}  // namespace ginnel::dhcp
