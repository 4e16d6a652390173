#include "api/ec2/addresses.h"

#include <rapidcheck.h>

#include "api/ec2/region_fixture.h"

namespace ginnel::api {
namespace {

class Addresses : public RegionFixture {
 protected:
  const model::Subnet& subnet(const char* id) { return *snapshot.find<model::Subnet>(id); }
  std::string code_of(const aws::ApiResult<IpAddress>& result) { return result ? "none" : result.error().code; }
};

TEST_F(Addresses, AreTheLowestFreeAfterTheFirstFour) {
  SubnetAddresses addresses(snapshot);
  EXPECT_EQ(addresses.take(subnet(kSubnetA))->to_string(), "10.0.1.4");
  EXPECT_EQ(addresses.take(subnet(kSubnetA))->to_string(), "10.0.1.5");
  EXPECT_EQ(addresses.take(subnet(kSubnetC))->to_string(), "10.0.2.4");
}

TEST_F(Addresses, OfStoredInterfacesAreNotGivenAgain) {
  model::Change change;
  change.put(model::NetworkInterface{.id = "eni-1", .subnet = kSubnetA, .address = "10.0.1.4"});
  change.put(model::NetworkInterface{.id = "eni-2", .subnet = kSubnetA, .address = "10.0.1.6"});
  commit(change);
  SubnetAddresses addresses(snapshot);
  EXPECT_EQ(addresses.take(subnet(kSubnetA))->to_string(), "10.0.1.5");
  EXPECT_EQ(addresses.take(subnet(kSubnetA))->to_string(), "10.0.1.7");
}

TEST_F(Addresses, RunOut) {
  SubnetAddresses addresses(snapshot);
  EXPECT_EQ(addresses.free_count(subnet(kTinySubnet)), 11U);
  for (int i = 4; i <= 14; ++i) {
    EXPECT_EQ(addresses.take(subnet(kTinySubnet))->to_string(), "10.0.4." + std::to_string(i));
  }
  EXPECT_EQ(code_of(addresses.take(subnet(kTinySubnet))), "InsufficientFreeAddressesInSubnet");
  EXPECT_EQ(addresses.free_count(subnet(kTinySubnet)), 0U);
}

TEST_F(Addresses, ThatAreAskedForAreChecked) {
  SubnetAddresses addresses(snapshot);
  const auto take = [&](const char* wanted) { return addresses.take(subnet(kSubnetA), wanted, "PrivateIpAddress"); };
  EXPECT_EQ(take("10.0.1.77")->to_string(), "10.0.1.77");
  EXPECT_EQ(code_of(take("10.0.1.77")), "InvalidIPAddress.InUse");
  EXPECT_EQ(take("10.0.2.5").error().message,
            "Value (10.0.2.5) for parameter PrivateIpAddress is invalid. Address does not fall within the subnet's "
            "address range 10.0.1.0/24 (subnet-0000000000000000a).");
  for (const char* reserved : {"10.0.1.0", "10.0.1.3", "10.0.1.255"}) {
    EXPECT_THAT(take(reserved).error().message, ::testing::HasSubstr("reserved address range")) << reserved;
  }
  for (const char* bad : {"", "10.0.1", "fd00::1", "10.0.1.5/32"}) {
    EXPECT_EQ(code_of(take(bad)), "InvalidParameterValue") << bad;
  }
}

TEST_F(Addresses, GivenBackCanBeTaken) {
  model::NetworkInterface interface { .id = "eni-1", .subnet = kSubnetA, .address = "10.0.1.9" };
  model::Change change;
  change.put(interface);
  commit(change);
  SubnetAddresses addresses(snapshot);
  EXPECT_EQ(code_of(addresses.take(subnet(kSubnetA), "10.0.1.9", "x")), "InvalidIPAddress.InUse");
  addresses.give_back(interface);
  EXPECT_EQ(addresses.take(subnet(kSubnetA), "10.0.1.9", "x")->to_string(), "10.0.1.9");
}

TEST_F(Addresses, MacAddressesFollowFromVpcAndAddress) {
  const auto mac = mac_for(*snapshot.find<model::Vpc>(kSecondVpc), IpAddress::parse("10.0.1.4").value());
  EXPECT_EQ(mac, "02:02:0a:00:01:04");
}

TEST(AddressProperties, NoAddressIsGivenTwiceAndNoneIsReserved) {
  EXPECT_TRUE(rc::check("addresses of a subnet", [] {
    const int length = *rc::gen::inRange(24, 29);
    model::Subnet subnet{.id = "subnet-1", .cidr = "10.9.8.0/" + std::to_string(length)};
    const auto cidr = Cidr::parse(subnet.cidr).value();
    const model::Snapshot empty;
    SubnetAddresses addresses(empty);
    std::set<IpAddress> given;
    for (uint64_t i = 0; i < cidr.size(); ++i) {
      const auto free = addresses.free_count(subnet);
      const auto wanted = cidr.base().plus(*rc::gen::inRange<uint64_t>(0, cidr.size()));
      const bool explicitly = *rc::gen::arbitrary<bool>();
      const auto address = explicitly ? addresses.take(subnet, wanted.to_string(), "x") : addresses.take(subnet);
      if (!address) {
        RC_ASSERT(explicitly || free == 0U);
        continue;
      }
      RC_ASSERT(given.insert(*address).second);
      RC_ASSERT(*address >= cidr.base().plus(4));
      RC_ASSERT(*address < cidr.last());
      RC_ASSERT(addresses.free_count(subnet) == free - 1);
    }
  }));
}

}  // namespace
}  // namespace ginnel::api
