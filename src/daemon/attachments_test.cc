#include "daemon/attachments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ginnel::daemon {
namespace {

using ::testing::HasSubstr;

constexpr WallTime kNow{std::chrono::milliseconds(1'800'000'000'000)};

class Attachments : public ::testing::Test {
 protected:
  Attachments() {
    model::Change change;
    change.put(model::NetworkInterface{.id = "eni-1", .vpc = "vpc-1", .address = "10.0.1.4"});
    change.put(model::NetworkInterface{.id = "eni-2", .vpc = "vpc-1", .address = "10.0.1.5"});
    change.put(model::NetworkInterface{.id = "eni-i", .instance = "i-1", .attachment = "eni-attach-1"});
    change.put(model::NetworkInterface{
        .id = "eni-e", .requester_managed = true, .endpoint = "vpce-1", .attachment = "ela-attach-1"});
    snapshot = snapshot.with(change);
  }
  Result<model::NetworkInterface> attach(const AttachRequest& request) {
    auto interface = attached(snapshot, request, random, kNow);
    if (interface) {
      model::Change change;
      change.put(*interface);
      snapshot = snapshot.with(change);
    }
    return interface;
  }
  std::string refused(const AttachRequest& request) {
    const auto result = attached(snapshot, request, random, kNow);
    return result ? "no error" : result.error().text();
  }

  model::Snapshot snapshot;
  SeededRandom random{1};
};

TEST_F(Attachments, ToANamespaceByNameOrPath) {
  const auto named = attach({.interface_id = "eni-1", .netns = "blue"});
  ASSERT_TRUE(named) << named.error().text();
  EXPECT_EQ(
      named->port,
      (model::PortAttachment{
          .kind = "netns", .netns = "/run/netns/blue", .device = "eth0", .attached = kNow.time_since_epoch().count()}));
  EXPECT_THAT(named->attachment, ::testing::StartsWith("eni-attach-"));
  const auto path = attach({.interface_id = "eni-2", .netns = "/proc/7/ns/net", .ifname = "net1"});
  ASSERT_TRUE(path) << path.error().text();
  EXPECT_EQ(path->port.netns, "/proc/7/ns/net");
  EXPECT_EQ(path->port.device, "net1");
}

TEST_F(Attachments, ToATapAndToADevice) {
  const auto tap = attach({.interface_id = "eni-1", .tap = "tap0", .owner = 1000});
  ASSERT_TRUE(tap) << tap.error().text();
  EXPECT_EQ(tap->port.kind, "tap");
  EXPECT_EQ(tap->port.owner, 1000U);
  EXPECT_EQ(refused({.interface_id = "eni-2", .device = "tap0"}), "attach to device tap0: it carries eni-1");
  EXPECT_EQ(attach({.interface_id = "eni-2", .device = "enp3s0"})->port.kind, "device");
}

TEST_F(Attachments, OnlyOfInterfacesThatNobodyHas) {
  EXPECT_EQ(refused({.interface_id = "eni-9", .tap = "t"}), "attach eni-9: there is no such network interface");
  EXPECT_EQ(refused({.interface_id = "eni-i", .tap = "t"}), "attach eni-i: it is the interface of i-1");
  EXPECT_EQ(refused({.interface_id = "eni-e", .tap = "t"}), "attach eni-e: it is the interface of vpce-1");
  ASSERT_TRUE(attach({.interface_id = "eni-1", .netns = "blue"}));
  EXPECT_EQ(refused({.interface_id = "eni-1", .tap = "t"}),
            "attach eni-1: it is attached already: eth0 in /run/netns/blue");
  EXPECT_EQ(refused({.interface_id = "eni-2", .netns = "/run/netns/blue"}),
            "attach to eth0 in /run/netns/blue: it carries eni-1");
}

TEST_F(Attachments, OnlyToWhatCanBeAName) {
  EXPECT_THAT(refused({.interface_id = "eni-1", .tap = "a234567890123456"}), HasSubstr("at most 15 characters"));
  for (const char* name : {"a b", "a/b", "a:b", ".", "..", "t%d", "t\n"}) {
    EXPECT_THAT(refused({.interface_id = "eni-1", .tap = name}), HasSubstr("cannot be a device's name")) << name;
  }
  EXPECT_THAT(refused({.interface_id = "eni-1", .netns = "blue", .ifname = "lo"}), HasSubstr("--ifname lo"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .netns = "run/x"}), HasSubstr("begins with /"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .netns = ".."}), HasSubstr("not a namespace's name"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .netns = "/" + std::string(180, 'x')}), HasSubstr("180 characters"));
}

TEST_F(Attachments, TakeExactlyOnePlaceAndItsOwnOptions) {
  EXPECT_THAT(refused({.interface_id = "eni-1"}), HasSubstr("exactly one of"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .netns = "a", .tap = "b"}), HasSubstr("exactly one of"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .tap = "b", .ifname = "c"}), HasSubstr("--ifname goes with --netns"));
  EXPECT_THAT(refused({.interface_id = "eni-1", .device = "b", .owner = 1}), HasSubstr("--owner goes with --tap"));
}

TEST_F(Attachments, AreTakenBack) {
  EXPECT_EQ(detached(snapshot, "eni-1").error().text(), "detach eni-1: it is not attached");
  EXPECT_EQ(detached(snapshot, "eni-i").error().text(), "detach eni-i: it is the interface of i-1");
  ASSERT_TRUE(attach({.interface_id = "eni-1", .tap = "tap0"}));
  const auto back = detached(snapshot, "eni-1");
  ASSERT_TRUE(back);
  EXPECT_EQ(*snapshot.with(*back).find<model::NetworkInterface>("eni-1"),
            (model::NetworkInterface{.id = "eni-1", .vpc = "vpc-1", .address = "10.0.1.4"}));
}

TEST_F(Attachments, MakeAnInterfaceForAContainerThatGoesWithIt) {
  model::Change network;
  network.put(model::Vpc{.id = "vpc-1", .account = "111122223333", .number = 1, .cidr = "10.0.0.0/16"});
  network.put(model::Subnet{
      .id = "subnet-00000000000000001", .account = "111122223333", .vpc = "vpc-1", .cidr = "10.0.1.0/24"});
  network.put(model::SecurityGroup{.id = "sg-1", .account = "111122223333", .vpc = "vpc-1", .name = "default"});
  snapshot = snapshot.with(network);
  AttachRequest request{.container = "blue/c1/eth0", .subnet = "subnet-00000000000000001", .netns = "blue"};
  const auto change = attached_new(snapshot, {}, request, random, kNow);
  ASSERT_TRUE(change) << change.error().text();
  snapshot = snapshot.with(*change);
  const auto* made = find_of_container(snapshot, "blue/c1/eth0");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->groups, std::vector<std::string>{"sg-1"});
  EXPECT_EQ(made->port.netns, "/run/netns/blue");
  EXPECT_THAT(made->attachment, ::testing::StartsWith("eni-attach-"));
  const auto shown = describe_port(snapshot, {}, *made);
  EXPECT_EQ(shown.at("cidr").as_string(), made->address + "/24");
  EXPECT_EQ(shown.at("gateway"), "10.0.1.1");
  EXPECT_EQ(shown.at("resolver"), "10.0.0.2");
  EXPECT_FALSE(shown.contains("cidr6"));

  EXPECT_EQ(attached_new(snapshot, {}, request, random, kNow).error().text(),
            "attach blue/c1/eth0: it has the interface " + made->id);
  const auto gone = detached(snapshot, made->id);
  ASSERT_TRUE(gone);
  EXPECT_EQ(find_of_container(snapshot.with(*gone), "blue/c1/eth0"), nullptr);
  request.container = "blue/" + std::string(236, 'c') + "/eth0";
  EXPECT_THAT(attached_new(snapshot, {}, request, random, kNow).error().text(),
              HasSubstr("have 246 characters, at most 245 are possible"));
  request.container = "blue/c2/eth0";
  request.subnet = "subnet-0";
  EXPECT_THAT(attached_new(snapshot, {}, request, random, kNow).error().text(), HasSubstr("no subnet 'subnet-0'"));
}

TEST_F(Attachments, OfContainersHaveBothFamiliesWhereTheSubnetHas) {
  model::Change network;
  network.put(model::Vpc{.id = "vpc-1", .account = "111122223333", .number = 1, .cidr = "10.0.0.0/16"});
  network.put(model::Subnet{.id = "subnet-00000000000000001",
                            .account = "111122223333",
                            .vpc = "vpc-1",
                            .cidr = "10.0.1.0/24",
                            .ipv6_cidr = "2001:db8:0:1::/64"});
  network.put(model::SecurityGroup{.id = "sg-1", .account = "111122223333", .vpc = "vpc-1", .name = "default"});
  snapshot = snapshot.with(network);
  const auto change = attached_new(
      snapshot, {}, {.container = "blue/c1/eth0", .subnet = "subnet-00000000000000001", .netns = "blue"}, random, kNow);
  ASSERT_TRUE(change) << change.error().text();
  snapshot = snapshot.with(*change);
  const auto* made = find_of_container(snapshot, "blue/c1/eth0");
  EXPECT_THAT(made->address6, ::testing::StartsWith("2001:db8:0:1:"));
  const auto shown = describe_port(snapshot, {}, *made);
  EXPECT_EQ(shown.at("cidr6").as_string(), made->address6 + "/64");
  EXPECT_EQ(shown.at("gateway6"), "fe80::1");
  EXPECT_EQ(list_ports(snapshot, {})[0].at("address6").as_string(), made->address6);
}

TEST_F(Attachments, AreListedWithWhatIsWrong) {
  ASSERT_TRUE(attach({.interface_id = "eni-1", .netns = "blue"}));
  ASSERT_TRUE(attach({.interface_id = "eni-2", .tap = "tap0"}));
  const auto ports = list_ports(snapshot, {{"eni-1", "it is gone"}});
  ASSERT_EQ(ports.size(), 2U);
  EXPECT_EQ(ports[0].at("state"), "waiting");
  EXPECT_EQ(ports[0].at("why"), "it is gone");
  EXPECT_EQ(ports[1].at("state"), "attached");
  EXPECT_EQ(ports[1].at("device"), "tap0");
}

TEST(AttachRequests, AreReadStrictly) {
  const auto request = read_attach_request(R"({"interface": "eni-1", "tap": "tap0", "owner": 7})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->interface_id, "eni-1");
  EXPECT_EQ(request->owner, 7U);
  for (const char* body : {"", "[]", "{}", R"({"interface": 1})", R"({"interface": "e", "colour": "red"})",
                           R"({"interface": "e", "owner": -1})", R"({"interface": "e", "owner": "root"})"}) {
    EXPECT_FALSE(read_attach_request(body)) << body;
  }
}

}  // namespace
}  // namespace ginnel::daemon
