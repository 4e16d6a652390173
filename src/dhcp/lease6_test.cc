#include "dhcp/lease6.h"

#include <gtest/gtest.h>

#include "dhcp/bytes.h"
#include "dhcp/frame6.h"

namespace ginnel::dhcp {
namespace {

const MacAddress kRouterMac{{2, 0xfe, 0, 0, 0, 1}};
const Bytes kServerId = {0, 3, 0, 1, 2, 0xfe, 0, 0, 0, 1}, kClientId = {0, 3, 0, 1, 2, 1, 10, 0, 1, 20};
const IpAddress kAddress = *IpAddress::parse("2001:db8:1::14"), kOther = *IpAddress::parse("2001:db8:1::15");

Lease6 lease() {
  plan::Port port;
  port.address6 = kAddress;
  port.subnet6 = *Cidr::parse("2001:db8:1::/64");
  port.mac = *MacAddress::parse("02:01:0a:00:01:14");
  port.search_domain = "r.internal";
  return *lease6_of(port, kRouterMac);
}

Bytes association(const std::vector<IpAddress>& addresses) {
  Bytes out = {0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0};
  for (const auto& address : addresses) {
    Bytes value(address.bytes().begin(), address.bytes().end());
    value.resize(24);
    append(out, encode_options({{option6::kIaAddress, value}}));
  }
  return out;
}

V6Message question(V6Type type, bool server, const std::vector<IpAddress>& addresses = {}) {
  V6Message out{type, 0x123456, {{option6::kClientId, kClientId}, {option6::kIaNa, association(addresses)}}};
  if (server) out.put(option6::kServerId, kServerId);
  return out;
}

std::optional<V6Message> answered(const V6Message& asked) {
  const auto associations = associations_of(asked);
  return associations ? answer_v6(lease(), asked, *associations) : std::nullopt;
}

// The addresses of the reply's only association, with their valid lifetimes.
std::vector<std::pair<IpAddress, uint32_t>> given(const V6Message& reply) {
  std::vector<std::pair<IpAddress, uint32_t>> out;
  const auto* value = reply.find(option6::kIaNa);
  if (value == nullptr) return out;
  EXPECT_EQ(get32(*value, 0), 9U);
  const auto inner = decode_options(View(*value).subspan(12));
  for (const auto& option : *inner) {
    IpAddress::Bytes bytes{};
    std::copy_n(option.value.begin(), 16, bytes.begin());
    out.emplace_back(IpAddress(bytes), get32(option.value, 20));
  }
  return out;
}

TEST(Lease6, IsOfferedAndGiven) {
  const auto offer = answered(question(V6Type::solicit, false));
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->type, V6Type::advertise);
  EXPECT_EQ(offer->transaction, 0x123456U);
  EXPECT_EQ(*offer->find(option6::kClientId), kClientId);
  EXPECT_EQ(*offer->find(option6::kServerId), kServerId);
  EXPECT_EQ(given(*offer), (std::vector<std::pair<IpAddress, uint32_t>>{{kAddress, 450}}));
  EXPECT_EQ(*offer->find(option6::kDomains), (Bytes{1, 'r', 8, 'i', 'n', 't', 'e', 'r', 'n', 'a', 'l', 0}));
  for (const auto type : {V6Type::request, V6Type::renew}) {
    const auto reply = answered(question(type, true, {kAddress}));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->type, V6Type::reply);
    EXPECT_EQ(given(*reply).size(), 1U);
  }
  auto rapid = question(V6Type::solicit, false);
  rapid.put(option6::kRapidCommit, {});
  EXPECT_EQ(answered(rapid)->type, V6Type::reply);
}

TEST(Lease6, OfAnotherAddressIsOver) {
  const auto reply = answered(question(V6Type::rebind, false, {kOther}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(given(*reply), (std::vector<std::pair<IpAddress, uint32_t>>{{kAddress, 450}, {kOther, 0}}));
}

// Its status and how many addresses it has.
std::pair<int, size_t> association_in(const V6Message& reply, size_t number) {
  const auto all = associations_of(reply);
  size_t place = 0;
  for (const auto& option : reply.options) {
    if (option.code != option6::kIaNa || place++ != number) continue;
    const auto inner = decode_options(View(option.value).subspan(12));
    const V6Message holder{V6Type::reply, 0, *inner};
    const auto* status = holder.find(option6::kStatus);
    return {status == nullptr ? -1 : get16(*status, 0), (*all)[number].addresses.size()};
  }
  return {-1, 0};
}

// One address for one association (RFC 8415 section 18.3: status codes 2, 3 and 4).
TEST(Lease6, GoesIntoOneAssociation) {
  auto two = question(V6Type::solicit, false);
  two.put(option6::kIaNa, association({kAddress}));
  const auto offer = answered(two);
  EXPECT_EQ(association_in(*offer, 0), std::pair(2, size_t{0}));
  EXPECT_EQ(association_in(*offer, 1), std::pair(-1, size_t{1}));
  two = question(V6Type::renew, true, {kAddress});
  two.put(option6::kIaNa, association({kOther}));
  const auto renewed = answered(two);
  EXPECT_EQ(association_in(*renewed, 0), std::pair(-1, size_t{1}));
  EXPECT_EQ(association_in(*renewed, 1), std::pair(3, size_t{0}));
  const auto foreign = question(V6Type::request, true, {*IpAddress::parse("2001:db8:2::14")});
  EXPECT_EQ(association_in(*answered(foreign), 0), std::pair(4, size_t{0}));
}

TEST(Lease6, IsConfirmedOrNot) {
  EXPECT_EQ(*answered(question(V6Type::confirm, false, {kAddress}))->find(option6::kStatus), (Bytes{0, 0}));
  EXPECT_EQ(*answered(question(V6Type::confirm, false, {kOther}))->find(option6::kStatus), (Bytes{0, 4}));
  EXPECT_FALSE(answered(question(V6Type::confirm, false)));
}

TEST(Lease6, InformationHasNoAddress) {
  V6Message asked{V6Type::information, 1, {}};
  const auto reply = answered(asked);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->find(option6::kIaNa), nullptr);
  EXPECT_EQ(reply->find(option6::kDns)->size(), 16U);
  for (const auto code : {option6::kIaNa, option6::kIaTa, option6::kIaPd}) {
    auto with = asked;
    with.put(code, Bytes(12));
    EXPECT_FALSE(answered(with)) << "section 16.12: it has an association";
  }
}

TEST(Lease6, IsNoAnswerToWhatIsForOthers) {
  auto other = question(V6Type::request, false);
  other.put(option6::kServerId, {0, 3, 0, 1, 2, 0xfe, 0, 0, 0, 2});
  EXPECT_FALSE(answered(other));
  EXPECT_FALSE(answered(question(V6Type::solicit, true)));
  EXPECT_FALSE(answered(question(V6Type::request, false)));
  EXPECT_FALSE(answered(V6Message{V6Type::solicit, 1, {}})) << "without a client's id";
  EXPECT_FALSE(answered(question(V6Type::reply, true)));
  for (const size_t length : {size_t{2}, size_t{131}}) {
    auto odd = question(V6Type::solicit, false);
    odd.options[0].value.resize(length);
    EXPECT_FALSE(answered(odd)) << "no DUID has " << length << " bytes";
  }
  V6Message cut = question(V6Type::solicit, false);
  cut.options[1].value.resize(11);
  EXPECT_FALSE(answered(cut));
}

TEST(V6Message, IsReadAsItWasWritten) {
  const auto message = question(V6Type::request, true, {kAddress, kOther});
  const auto bytes = encode_v6(message);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 8), (Bytes{3, 0x12, 0x34, 0x56, 0, 1, 0, 10}));
  ASSERT_TRUE(decode_v6(bytes));
  EXPECT_EQ(*decode_v6(bytes), message);
  EXPECT_EQ(associations_of(message)->front().addresses, (std::vector<IpAddress>{kAddress, kOther}));
  EXPECT_FALSE(decode_v6(View(bytes).first(bytes.size() - 1)));
  EXPECT_FALSE(decode_v6(Bytes{12, 0, 0, 0})) << "a relay's";
  EXPECT_FALSE(decode_v6(Bytes{0, 0, 0, 0}));
}

TEST(Advertisement, SaysManagedOnLinkAndTheMtu) {
  const auto bytes = advertisement(lease());
  ASSERT_EQ(bytes.size(), 16U + 8 + 8 + 32);
  EXPECT_EQ(Bytes(bytes.begin(), bytes.begin() + 6), (Bytes{134, 0, 0, 0, 64, 0xc0}));
  EXPECT_EQ(get32(bytes, 28), 8500U);
  EXPECT_EQ(Bytes(bytes.begin() + 32, bytes.begin() + 36), (Bytes{3, 4, 64, 0x80}));
  EXPECT_TRUE(is_solicitation(Bytes{133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 10, 0, 1, 20}, false));
  EXPECT_FALSE(is_solicitation(Bytes{133, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1, 10, 0, 1, 20}, false));
  EXPECT_FALSE(is_solicitation(Bytes{133, 0, 0, 0, 0, 0, 0}, false));
  EXPECT_FALSE(is_solicitation(Bytes{133, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 1, 10, 0, 1, 20}, true)) << "nobody has no MAC";
  EXPECT_TRUE(is_solicitation(Bytes{133, 0, 0, 0, 0, 0, 0, 0, 14, 1, 2, 1, 10, 0, 1, 20}, true));
  EXPECT_FALSE(is_solicitation(Bytes{134, 0, 0, 0, 0, 0, 0, 0}, false));
}

TEST(Frame6, IsReadAsItWasWritten) {
  Packet6 packet{kRouterMac, lease().mac, kAddress, kOther, kProtocolUdp, 64, udp_segment(546, 547, Bytes{1, 2, 3})};
  auto read = read_packet6(write_packet6(packet));
  ASSERT_TRUE(read) << read.error().text();
  read->payload[6] = read->payload[7] = 0;
  EXPECT_EQ(*read, packet);
  packet.protocol = kProtocolIcmp6;
  packet.payload = {133, 0, 0, 0, 0, 0, 0, 0};
  auto frame = write_packet6(packet);
  EXPECT_TRUE(read_packet6(frame));
  for (size_t length = 0; length < frame.size(); ++length) EXPECT_FALSE(read_packet6(View(frame).first(length)));
  frame.back() ^= 1;
  EXPECT_FALSE(read_packet6(frame)) << "its checksum";
}

}  // namespace
}  // namespace ginnel::dhcp
