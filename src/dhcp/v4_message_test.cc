#include "dhcp/v4_message.h"

#include <gtest/gtest.h>

#include "dhcp/bytes.h"
#include "dhcp/frame.h"

namespace ginnel::dhcp {
namespace {

// Of busybox udhcpc: a discover for a host that asks for its old address.
V4Message discover() {
  V4Message out;
  out.transaction = 0x12345678;
  out.seconds = 3;
  out.broadcast = true;
  out.client = out.yours = out.server = out.relay = IpAddress::from_v4(0);
  out.mac = *MacAddress::parse("02:01:0a:00:01:14");
  out.put(option::kRequestedAddress, *IpAddress::parse("10.0.1.20"));
  out.options[option::kParameters] = {1, 3, 6, 12, 15, 26, 28, 42};
  out.options[option::kClientId] = {1, 2, 1, 10, 0, 1, 20};
  return out;
}

TEST(V4Message, IsReadAsItWasWritten) {
  const auto bytes = encode_v4(discover());
  EXPECT_EQ(bytes.size(), 300U);
  const auto read = decode_v4(bytes);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, discover());
}

TEST(V4Message, HasTheFieldsWhereTheRfcHasThem) {
  const auto bytes = encode_v4(discover());
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 12), (Bytes{1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78, 0, 3, 0x80, 0}));
  EXPECT_EQ(Bytes(bytes.begin() + 28, bytes.begin() + 34), (Bytes{2, 1, 10, 0, 1, 20}));
  EXPECT_EQ(Bytes(bytes.begin() + 236, bytes.begin() + 243), (Bytes{99, 130, 83, 99, 53, 1, 1}));
}

TEST(V4Message, PutsLongOptionsTogetherAgain) {
  auto message = discover();
  message.options[option::kMessage] = Bytes(600, 'x');
  const auto read = decode_v4(encode_v4(message));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, message);
}

TEST(V4Message, IsRefusedWhereItIsBroken) {
  const auto good = encode_v4(discover());
  for (size_t length = 0; length < 262; ++length) {
    EXPECT_FALSE(decode_v4(View(good).first(length))) << length << " bytes of it";
  }
  const auto with = [&](size_t at, uint8_t value) {
    auto bytes = good;
    bytes[at] = value;
    return decode_v4(bytes).has_value();
  };
  EXPECT_FALSE(with(0, 3)) << "neither request nor reply";
  EXPECT_FALSE(with(1, 6)) << "another kind of network";
  EXPECT_FALSE(with(2, 16)) << "another length of addresses";
  EXPECT_FALSE(with(236, 0)) << "no cookie";
  EXPECT_FALSE(with(240, 54)) << "no message type";
  EXPECT_FALSE(with(242, 0)) << "type 0";
  EXPECT_FALSE(with(242, 9)) << "type 9";
  auto overloaded = discover();
  overloaded.options[option::kOverload] = {1};
  EXPECT_FALSE(decode_v4(encode_v4(overloaded)));
  for (const auto code : {option::kServerId, option::kRequestedAddress}) {
    auto odd = discover();
    odd.options[code] = {10, 0, 1};
    EXPECT_FALSE(decode_v4(encode_v4(odd))) << "an address of three bytes";
  }
}

Datagram datagram() {
  return {*MacAddress::parse("ff:ff:ff:ff:ff:ff"),
          *MacAddress::parse("02:01:0a:00:01:14"),
          IpAddress::from_v4(0),
          IpAddress::from_v4(0xffffffff),
          68,
          67,
          {1, 2, 3}};
}

TEST(Frame, IsReadAsItWasWritten) {
  const auto frame = write_datagram(datagram());
  EXPECT_EQ(frame.size(), 14U + 20 + 8 + 3);
  EXPECT_EQ(internet_checksum(View(frame).subspan(14, 20)), 0);
  const auto read = read_datagram(frame);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, datagram());
}

TEST(Frame, MayHaveBytesBehind) {
  auto frame = write_datagram(datagram());
  frame.resize(60);  // the least that Ethernet carries
  ASSERT_TRUE(read_datagram(frame));
  EXPECT_EQ(*read_datagram(frame), datagram());
}

TEST(Frame, IsRefusedWhereItIsBrokenOrSomethingElse) {
  const auto good = write_datagram(datagram());
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(read_datagram(View(good).first(length))) << length << " bytes of it";
  }
  for (size_t at = 12; at < 34; ++at) {  // the EtherType and every byte of the IP header
    auto frame = good;
    frame[at] ^= 0x10;
    EXPECT_FALSE(read_datagram(frame)) << "byte " << at;
  }
  auto frame = good;
  frame[14 + 20 + 5] = 7;  // UDP's length
  EXPECT_FALSE(read_datagram(frame));
  frame[14 + 20 + 5] = 200;
  EXPECT_FALSE(read_datagram(frame));
}

}  // namespace
}  // namespace ginnel::dhcp
