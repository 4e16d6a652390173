#include "dataplane/abi_values.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ginnel::dataplane {
namespace {

IpAddress any_address() {
  if (*rc::gen::arbitrary<bool>()) return IpAddress::from_v4(*rc::gen::arbitrary<uint32_t>());
  IpAddress::Bytes bytes{};
  for (auto& byte : bytes) byte = *rc::gen::arbitrary<uint8_t>();
  bytes[0] = 0xfd;
  return IpAddress(bytes);
}

Cidr any_cidr() {
  const IpAddress base = any_address();
  return Cidr(base, static_cast<unsigned>(*rc::gen::inRange(0, base.is_v4() ? 33 : 129)));
}

TEST(AbiValues, RulesAndKeysComeBackAsTheyWere) {
  EXPECT_TRUE(rc::check("round trip", [] {
    plan::Rule rule;
    rule.protocol = *rc::gen::arbitrary<uint8_t>();
    rule.from_port = *rc::gen::arbitrary<uint16_t>();
    rule.to_port = *rc::gen::arbitrary<uint16_t>();
    if (*rc::gen::arbitrary<bool>()) {
      rule.group = *rc::gen::inRange<uint32_t>(1, 0xffffffff);
    } else {
      rule.cidr = any_cidr();
    }
    RC_ASSERT(from_abi(to_abi(rule)) == rule);
    const LinkKey link{any_address(), *rc::gen::arbitrary<uint16_t>(), *rc::gen::arbitrary<uint8_t>()};
    RC_ASSERT(from_abi(to_abi(7, link)) == link);
    const Cidr cidr = any_cidr();
    RC_ASSERT(cidr_of(to_abi(7, cidr)) == cidr);
    const MemberKey member{*rc::gen::arbitrary<uint32_t>(), any_address()};
    RC_ASSERT(from_abi(to_abi(member)) == member);
  }));
}

TEST(AbiValues, PrefixesCountTheirBitsAmong128) {
  plan::Rule rule;
  rule.cidr = Cidr::parse("10.0.0.0/16").value();
  EXPECT_EQ(to_abi(rule).prefix, 112);
  EXPECT_EQ(to_abi(3, *rule.cidr).prefix, 144U);
}

}  // namespace
}  // namespace ginnel::dataplane
