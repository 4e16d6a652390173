#include "model/snapshot.h"

#include <gtest/gtest.h>

#include "model/codec.h"

namespace ginnel::model {
namespace {

Snapshot with_network() {
  Change change;
  change.put(Vpc{.id = "vpc-1", .account = "111122223333", .number = 1, .cidr = "10.0.0.0/16"});
  change.put(Subnet{.id = "subnet-1", .account = "111122223333", .vpc = "vpc-1", .cidr = "10.0.1.0/24"});
  change.put(SecurityGroup{.id = "sg-1", .account = "111122223333", .vpc = "vpc-1", .name = "web"});
  change.put(NetworkInterface{.id = "eni-1", .vpc = "vpc-1", .subnet = "subnet-1", .groups = {"sg-1"}});
  return Snapshot().with(change);
}

TEST(Snapshot, KnowsWhoRefersToAResource) {
  const auto snapshot = with_network();
  ASSERT_EQ(snapshot.table<NetworkInterface>().referring_to("subnet-1").size(), 1U);
  EXPECT_EQ(snapshot.table<NetworkInterface>().referring_to("sg-1")[0]->id, "eni-1");
  EXPECT_TRUE(snapshot.table<Subnet>().any_referring_to("vpc-1"));
  EXPECT_FALSE(snapshot.table<Subnet>().any_referring_to("vpc-"));
}

TEST(Snapshot, AChangeLeavesTheOldSnapshotAlone) {
  const auto before = with_network();
  Change change;
  change.erase(*before.find<NetworkInterface>("eni-1"));
  const auto after = before.with(change);
  EXPECT_NE(before.find<NetworkInterface>("eni-1"), nullptr);
  EXPECT_EQ(after.find<NetworkInterface>("eni-1"), nullptr);
  EXPECT_FALSE(after.table<NetworkInterface>().any_referring_to("sg-1"));
}

TEST(Snapshot, ReplacingAResourceMovesItsReferences) {
  const auto before = with_network();
  auto interface = *before.find<NetworkInterface>("eni-1");
  interface.groups = {"sg-2"};
  Change change;
  change.put(interface);
  const auto after = before.with(change);
  EXPECT_FALSE(after.table<NetworkInterface>().any_referring_to("sg-1"));
  EXPECT_TRUE(after.table<NetworkInterface>().any_referring_to("sg-2"));
}

TEST(Snapshot, TouchedVpcsAreThoseOfTheOldAndTheNewState) {
  const auto before = with_network();
  Change change;
  change.put(SecurityGroupRule{.id = "sgr-1", .group = "sg-1", .cidr_ipv4 = "0.0.0.0/0"});
  change.put(Tags{.id = "vpc-9", .tags = {{"a", "b"}}});
  EXPECT_EQ(touched_vpcs(before, before.with(change), change), std::vector<std::string>{"vpc-1"});
}

// What a provider changes shapes the names and links of those who connect to it.
TEST(Snapshot, AProvidersChangeTouchesItsConsumers) {
  Change region;
  region.put(LoadBalancer{.id = "lb", .vpc = "vpc-p"});
  region.put(TargetGroup{.id = "tg", .vpc = "vpc-p"});
  region.put(Listener{.id = "l", .load_balancer = "lb", .target_group = "tg"});
  region.put(Target{.id = "tg|10.0.0.4:80", .group = "tg", .target = "10.0.0.4"});
  region.put(EndpointService{.id = "vpce-svc-1", .load_balancers = {"lb"}});
  VpcEndpoint endpoint{.id = "vpce-1", .vpc = "vpc-c"};
  endpoint.service = "vpce-svc-1";
  endpoint.load_balancer = "lb";
  region.put(endpoint);
  const auto before = Snapshot().with(region);

  const std::vector<std::string> both = {"vpc-c", "vpc-p"}, consumer = {"vpc-c"};
  const auto touched = [&](const Change& change) { return touched_vpcs(before, before.with(change), change); };
  Change change;
  change.put(Target{.id = "tg|10.0.0.4:80", .group = "tg", .health = "healthy"});
  EXPECT_EQ(touched(change), both);
  change = {};
  change.erase(Listener{.id = "l"});
  EXPECT_EQ(touched(change), both);
  change = {};
  change.put(LoadBalancer{.id = "lb", .vpc = "vpc-p", .state = "active"});
  EXPECT_EQ(touched(change), both);
  change = {};
  change.put(EndpointService{.id = "vpce-svc-1", .private_dns_name = "db.example.com"});
  EXPECT_EQ(touched(change), consumer);
}

TEST(Snapshot, FindsAnAccountByItsKey) {
  Change change;
  change.put(Account{.id = "111122223333", .keys = {{"AKIA1", "s1"}, {"AKIA2", "s2"}}});
  const auto snapshot = Snapshot().with(change);
  const AccessKey* key = nullptr;
  ASSERT_NE(snapshot.account_of_key("AKIA2", &key), nullptr);
  EXPECT_EQ(key->secret, "s2");
  EXPECT_EQ(snapshot.account_of_key("AKIA3", &key), nullptr);
}

TEST(Documents, EveryKindRoundTrips) {
  VpcEndpoint endpoint{.id = "vpce-1", .number = 7, .subnets = {"a", "b"}, .private_dns = false};
  const std::vector<Resource> resources = {Account{.id = "1", .keys = {{"k", "s"}}, .created = 5},
                                           Vpc{.id = "vpc-1", .dns_hostnames = true},
                                           SecurityGroupRule{.id = "sgr-1", .from_port = -1, .to_port = 443},
                                           endpoint,
                                           Tags{.id = "vpc-1", .tags = {{"Name", "a \"quoted\" name"}}},
                                           LoadBalancer{.id = "arn:a/b", .nodes = {{"subnet-1", "a", "eni-1"}}},
                                           TargetGroup{.id = "arn:g", .health_check = {.interval_s = 5}},
                                           Target{.id = "arn:g|10.0.0.4:80", .port = 80, .number = 3},
                                           OutboxMessage{.id = "m", .message = "{}"},
                                           Counter{.id = "vpc", .next = 9}};
  for (const auto& resource : resources) {
    const auto back = read_document(store_key(resource), store_value(resource));
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, resource);
  }
}

TEST(Documents, MissingMembersKeepTheirDefaults) {
  const auto vpc = decode<Vpc>(R"({"id":"vpc-1","unknown":1})");
  ASSERT_TRUE(vpc);
  EXPECT_TRUE(vpc->dns_support);
}

TEST(Documents, BrokenOnesNameWhatIsWrong) {
  EXPECT_EQ(read_document("vpc/vpc-1", R"({"id":"vpc-1","number":"x"})").error().text(),
            "read document vpc/vpc-1: read member number: it is not a number in range");
  EXPECT_FALSE(read_document("vpc/vpc-1", "{"));
  EXPECT_FALSE(read_document("vpc/vpc-1", R"({"id":"vpc-2"})"));
  EXPECT_FALSE(read_document("nothing/1", "{}"));
}

}  // namespace
}  // namespace ginnel::model
