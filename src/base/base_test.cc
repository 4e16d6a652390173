#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "base/clock.h"
#include "base/ip.h"
#include "base/persistent_map.h"
#include "base/random.h"

namespace ginnel {
namespace {

TEST(Error, ReadsAsOperationObjectCause) {
  const auto error = fail_errno("open", "/a/file", ENOENT).value();
  EXPECT_EQ(error.text(), "open /a/file: No such file or directory");
  EXPECT_EQ(error.code, ENOENT);
}

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(IpAddress::parse("10.0.0.2")->to_string(), "10.0.0.2");
  EXPECT_TRUE(IpAddress::parse("10.0.0.2")->is_v4());
  EXPECT_EQ(IpAddress::parse("fd00:ec2::253")->to_string(), "fd00:ec2::253");
  EXPECT_FALSE(IpAddress::parse("fd00:ec2::253")->is_v4());
  EXPECT_EQ(IpAddress::from_v4(0x0a000001).plus(5).to_string(), "10.0.0.6");
  EXPECT_EQ(Cidr::parse("2001:db8::/56")->last().plus(1).to_string(), "2001:db8:0:100::");
  EXPECT_EQ(Cidr::parse("2001:db8:ffff:ff00::/56")->last().plus(1).to_string(), "2001:db9::");
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const auto* text : {"", "10.0.0", "10.0.0.256", "10.0.0.1/24", "::g", "1.2.3.4 "}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(Cidr, ClearsHostBitsAndKnowsItsRange) {
  const auto cidr = *Cidr::parse("10.1.2.3/16");
  EXPECT_EQ(cidr.to_string(), "10.1.0.0/16");
  EXPECT_EQ(cidr.last().to_string(), "10.1.255.255");
  EXPECT_EQ(cidr.size(), 65536U);
  EXPECT_EQ(cidr.length_128(), 112U);
  EXPECT_TRUE(cidr.contains(*IpAddress::parse("10.1.9.9")));
  EXPECT_FALSE(cidr.contains(*IpAddress::parse("10.2.0.0")));
  EXPECT_TRUE(cidr.overlaps(*Cidr::parse("10.0.0.0/8")));
  EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(*IpAddress::parse("255.1.1.1")));
  EXPECT_FALSE(Cidr::parse("0.0.0.0/0")->contains(*IpAddress::parse("::1")));
}

TEST(Cidr, RefusesBadPrefixes) {
  for (const auto* text : {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/1x", "x/8"}) {
    EXPECT_FALSE(Cidr::parse(text)) << text;
  }
  EXPECT_FALSE(Cidr::parse_strict("10.0.0.1/16"));
  EXPECT_TRUE(Cidr::parse_strict("10.0.0.0/16"));
}

TEST(MacAddress, RoundTrips) {
  EXPECT_EQ(MacAddress::parse("02:fe:00:0a:00:01")->to_string(), "02:fe:00:0a:00:01");
  EXPECT_FALSE(MacAddress::parse("02:fe:00:0a:00"));
  EXPECT_FALSE(MacAddress::parse("02-fe-00-0a-00-01"));
}

TEST(Clock, WritesTimesAsEc2Does) {
  EXPECT_EQ(to_iso8601(WallTime(std::chrono::milliseconds(1767225600007))), "2026-01-01T00:00:00.007Z");
}

TEST(Random, MakesIdsOfTheLongForm) {
  SeededRandom random(1);
  const auto id = make_resource_id("vpc", random);
  EXPECT_EQ(id.size(), 21U);
  EXPECT_EQ(id.substr(0, 5), "vpc-0");
  EXPECT_EQ(make_uuid(random).size(), 36U);
}

TEST(PersistentMap, AgreesWithAnOrderedMapAndOldCopiesStay) {
  EXPECT_TRUE(rc::check("set, erase, find, order", [](const std::vector<std::pair<bool, uint8_t>>& steps) {
    PersistentMap<int, int> map;
    std::map<int, int> model;
    int value = 0;
    for (const auto& [erase, key] : steps) {
      const auto before = map;
      const auto model_before = model;
      if (erase) {
        map = map.erase(int{key});
        model.erase(key);
      } else {
        map = map.set(key, ++value);
        model[key] = value;
      }
      RC_ASSERT(before.size() == model_before.size());
      RC_ASSERT(std::equal(before.begin(), before.end(), model_before.begin(), model_before.end()));
    }
    RC_ASSERT(map.size() == model.size());
    RC_ASSERT(std::equal(map.begin(), map.end(), model.begin(), model.end()));
    for (int key = -1; key <= 256; ++key) {
      RC_ASSERT(map.contains(key) == (model.count(key) == 1));
      const auto at = map.lower_bound(key);
      const auto want = model.lower_bound(key);
      RC_ASSERT((at == map.end()) == (want == model.end()));
      if (want != model.end()) RC_ASSERT(at->first == want->first);
    }
  }));
}

TEST(PersistentMap, StaysFlat) {
  PersistentMap<int, int> map;
  for (int i = 0; i < 100000; ++i) map = map.set(i, i);
  EXPECT_EQ(map.size(), 100000U);
  EXPECT_EQ(*map.find(99999), 99999);
}

}  // namespace
}  // namespace ginnel
