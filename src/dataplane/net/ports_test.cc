// Ports of all kinds on the real kernel: IPv6 beside IPv4, somebody else's namespace, a tap, a device.
#include <gtest/gtest.h>
#include <net/if.h>

#include "dataplane/attach.h"
#include "dataplane/links.h"
#include "dataplane/net/small_region.h"
#include "dataplane/netns.h"

namespace ginnel::dataplane {
namespace {

class PortsTest : public RegionTest {
 protected:
  void TearDown() override {
    if (!tag_.empty()) run({"sh", "-c", "ip netns del other-" + tag_ + " 2>/dev/null"});
    run({"sh", "-c", "ip link del nic0 2>/dev/null"});
    RegionTest::TearDown();
  }

  // The second instance of two friends, with another kind of port.
  plan::VpcPlan friends_with(plan::PortKind kind, const std::string& device) const {
    auto vpc = two_friends(tag_);
    vpc.ports[1].kind = kind;
    vpc.ports[1].netns = "";
    vpc.ports[1].device = device;
    return vpc;
  }

  std::string other_path() const { return "/run/netns/other-" + tag_; }
  uint64_t other_inode() const {
    const Namespaces namespaces(mounts_, tag_);
    return inode_of(namespaces.open_path(other_path(), 0).value().get()).value();
  }
  bool inside_has_big_tcp(const std::string& name) const {
    bool out = false;
    EXPECT_GOOD(in_namespace(Namespaces(mounts_, tag_).open(instance(name)).value().get(), [&]() -> Status {
      GINNEL_TRY(Netlink netlink, Netlink::open());
      GINNEL_TRY(const auto link, find_link(netlink, "eth0"));
      out = link && has_big_tcp(*link);
      return {};
    }));
    return out;
  }
  void expect_unchanged_after_restart(const plan::VpcPlan& vpc) {
    open();
    const auto again = dataplane_->apply(vpc);
    ASSERT_GOOD(again);
    EXPECT_EQ(again->operations, 0U);
  }

  // The second of two is in a namespace that stands already.
  [[nodiscard]] plan::VpcPlan friends_of_another_namespace() const {
    auto vpc = two_friends(tag_);
    vpc.ports[1].netns = other_path();
    vpc.ports[1].netns_inode = other_inode();
    return vpc;
  }

  HostMounts mounts_ = HostMounts::find();
};

TEST_P(PortsTest, IPv6PortsAreReadBack) {
  auto vpc = two_friends(tag_);
  vpc.cidrs.push_back(Cidr(ip("fd00:1::"), 56));
  for (auto& port : vpc.ports) {
    port.address6 = ip("fd00:1::" + std::to_string(port.mac.bytes[5]));
    port.subnet6 = Cidr(ip("fd00:1::"), 64);
    vpc.addresses.push_back({*port.address6, port.interface_id, port.groups, true});
  }
  ASSERT_GOOD(dataplane_->apply(vpc));
  expect_unchanged_after_restart(vpc);
  // An address that the instance gave itself is its own affair.
  ASSERT_EQ(run({"ip", "-n", instance("a"), "address", "add", "fd00:1::99/64", "dev", "eth0", "nodad"}), 0);
  expect_unchanged_after_restart(vpc);
  // Without the family again.
  const auto plain = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(plain));
  expect_unchanged_after_restart(plain);
}

TEST_P(PortsTest, BigTcpIsTurnedOnAndOffUnderAConnection) {
  auto netlink = Netlink::open();
  ASSERT_GOOD(netlink);
  const auto loopback = find_link(*netlink, "lo");
  ASSERT_GOOD(loopback);
  if (!*loopback || !(*loopback)->gso_ipv4_max_size) GTEST_SKIP() << "this kernel has no BIG TCP over IPv4";
  auto vpc = two_friends(tag_);
  ASSERT_GOOD(dataplane_->apply(vpc));
  const auto listener = listen_tcp(instance("b"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(listener);
  const auto client = connect_tcp(instance("a"), ip("10.0.1.6"), 80);
  ASSERT_GOOD(client);
  const auto server = accept_tcp(listener->get());
  ASSERT_GOOD(server);
  for (const bool on : {true, false}) {
    for (auto& port : vpc.ports) port.big_tcp = on;
    ASSERT_GOOD(dataplane_->apply(vpc));
    EXPECT_EQ(inside_has_big_tcp("a"), on);
    EXPECT_EQ(inside_has_big_tcp("b"), on);
    EXPECT_EQ(exchange(client->get(), server->get(), std::string(30000, 'x')), "");
    expect_unchanged_after_restart(vpc);
  }
}

TEST_P(PortsTest, SomebodyElsesNamespaceTalks) {
  ASSERT_EQ(run({"ip", "netns", "add", "other-" + tag_}), 0);
  auto vpc = friends_of_another_namespace();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
  EXPECT_GOOD(ping("other-" + tag_, ip("10.0.1.5")));
  expect_unchanged_after_restart(vpc);
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
}

TEST_P(PortsTest, ANamespaceThatIsGoneLeavesTheOthersAlone) {
  ASSERT_EQ(run({"ip", "netns", "add", "other-" + tag_}), 0);
  auto vpc = friends_of_another_namespace();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_TRUE(dataplane_->problems().empty());
  ASSERT_EQ(run({"ip", "netns", "del", "other-" + tag_}), 0);
  open();
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(dataplane_->problems().at(vpc.ports[1].interface_id),
            "open network namespace " + other_path() + ": No such file or directory");
  add_instance(vpc, 7, instance("c"), {107});
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.7")));
  const uint64_t before = dropped("no_destination");
  const auto nowhere = begin_connect(instance("a"), ip("10.0.1.6"), 80);
  EXPECT_TRUE(wait_until([&] { return dropped("no_destination") > before; }));
  vpc.ports.erase(vpc.ports.begin() + 1);
  vpc.addresses.erase(vpc.addresses.begin() + 1);
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_TRUE(dataplane_->problems().empty());
}

TEST_P(PortsTest, ATapCarriesThePortAndSurvivesARestart) {
  const std::string name = "tap" + tag_.substr(0, 6);
  const auto vpc = friends_with(plan::PortKind::tap, name);
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_EQ(run({"ip", "link", "show", name}), 0);
  expect_unchanged_after_restart(vpc);
  auto without = two_friends(tag_);
  without.ports.pop_back();
  without.addresses.pop_back();
  ASSERT_GOOD(dataplane_->apply(without));
  EXPECT_NE(run({"ip", "link", "show", name}), 0);
}

TEST_P(PortsTest, ADeviceCarriesThePortAndIsLeftAsItWas) {
  ASSERT_EQ(run({"ip", "netns", "add", "other-" + tag_}), 0);
  const auto vpc = friends_with(plan::PortKind::device, "nic0");
  ASSERT_EQ(run({"ip", "link", "add", "nic0", "mtu", "1500", "type", "veth", "peer", "name", "nic1", "address",
                 vpc.ports[1].mac.to_string(), "netns", "other-" + tag_}),
            0);
  ASSERT_EQ(run({"ip", "link", "set", "nic0", "up"}), 0);
  for (const auto& words : {std::vector<std::string>{"address", "add", "10.0.1.6/24", "dev", "nic1"},
                            {"link", "set", "nic1", "up"},
                            {"route", "add", "default", "via", "10.0.1.1", "onlink", "dev", "nic1"}}) {
    std::vector<std::string> command{"ip", "-n", "other-" + tag_};
    command.insert(command.end(), words.begin(), words.end());
    ASSERT_EQ(run(command), 0);
  }
  ASSERT_GOOD(dataplane_->apply(vpc));
  EXPECT_TRUE(dataplane_->problems().empty());
  EXPECT_GOOD(ping(instance("a"), ip("10.0.1.6")));
  EXPECT_GOOD(ping("other-" + tag_, ip("10.0.1.5")));
  expect_unchanged_after_restart(vpc);
  EXPECT_GOOD(ping("other-" + tag_, ip("10.0.1.5")));

  // Another port cannot have it as well.
  auto twice = vpc;
  twice.ports[0].kind = plan::PortKind::device;
  twice.ports[0].device = "nic0";
  ASSERT_GOOD(dataplane_->apply(twice));
  EXPECT_EQ(dataplane_->problems().at(vpc.ports[0].interface_id), "attach device nic0: it carries another port");

  ASSERT_GOOD(dataplane_->remove(1));
  EXPECT_EQ(run({"sh", "-c", "ip -d link show nic0 | grep -q 'mtu 1500'"}), 0);
  EXPECT_EQ(make_attacher(GetParam(), 1).value()->attached(if_nametoindex("nic0")).value(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Attachments, PortsTest, testing::Values(AttachMode::tcx, AttachMode::clsact),
                         [](const auto& each) { return each.param == AttachMode::tcx ? "tcx" : "clsact"; });

}  // namespace
}  // namespace ginnel::dataplane
