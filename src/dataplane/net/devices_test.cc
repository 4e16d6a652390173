// Namespaces and device pairs on the real kernel.
#include "dataplane/devices.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "dataplane/names.h"
#include "dataplane/net/own_network.h"
#include "dataplane/net/sockets.h"
#include "dataplane/system_port.h"

namespace ginnel::dataplane {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

class DevicesTest : public OwnNetwork {
 protected:
  void SetUp() override {
    OwnNetwork::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    mounts_ = HostMounts::find();
    namespaces_ = std::make_unique<Namespaces>(mounts_, tag_);
    auto netlink = Netlink::open();
    ASSERT_TRUE(netlink);
    netlink_ = std::make_unique<Netlink>(std::move(*netlink));
    devices_ = std::make_unique<Devices>(*netlink_, *namespaces_, tag_);
  }

  Device device() const {
    Device out;
    out.netns = instance("a");
    out.name = "eth0";
    out.address = ip("10.0.1.5");
    out.subnet = Cidr(ip("10.0.1.0"), 24);
    out.mac = MacAddress::parse("02:00:00:00:00:05").value();
    out.mtu = 8500;
    return out;
  }

  HostMounts mounts_;
  std::unique_ptr<Namespaces> namespaces_;
  std::unique_ptr<Netlink> netlink_;
  std::unique_ptr<Devices> devices_;
};

TEST_F(DevicesTest, ANamespaceIsWhatIpNetnsKnows) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", "internal"}));
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", "internal"}));
  EXPECT_EQ(run({"ip", "netns", "exec", instance("a"), "grep", "-qx", "nameserver 10.0.0.2", "/etc/resolv.conf"}), 0);
  EXPECT_EQ(run({"ip", "netns", "exec", instance("a"), "grep", "-qx", "search internal", "/etc/resolv.conf"}), 0);
  EXPECT_EQ(run({"ip", "netns", "exec", instance("a"), "grep", "-qx", "1", "/proc/sys/net/ipv6/conf/all/disable_ipv6"}),
            0);
  const auto found = namespaces_->list();
  ASSERT_GOOD(found);
  EXPECT_EQ(*found, (std::vector<NamedNamespace>{{instance("a"), {"10.0.0.2", "internal"}, true}}));
  ASSERT_GOOD(namespaces_->remove(instance("a")));
  ASSERT_GOOD(namespaces_->remove(instance("a")));
  EXPECT_EQ(namespaces_->open(instance("a")).error().code, ENOENT);
  EXPECT_EQ(leftovers(tag_), "");
}

TEST_F(DevicesTest, ANamespaceOfSomebodyElseIsNeverTouched) {
  const Namespaces other(mounts_, "0ther" + tag_);
  ASSERT_GOOD(other.ensure(instance("a"), {"10.9.9.9", ""}));
  const auto refused = namespaces_->ensure(instance("a"), {"10.0.0.2", ""});
  EXPECT_EQ(why(refused), "make network namespace " + instance("a") +
                              ": one of this name exists that does not carry the tag " + tag_);
  ASSERT_GOOD(namespaces_->remove(instance("a")));
  EXPECT_TRUE(other.open(instance("a")));
  EXPECT_NE(content("/etc/netns/" + instance("a") + "/resolv.conf").find("10.9.9.9"), std::string::npos);
  ASSERT_GOOD(other.remove(instance("a")));
}

TEST_F(DevicesTest, BadNamesAreRefused) {
  EXPECT_FALSE(namespaces_->ensure("../x", {"10.0.0.2", ""}));
  EXPECT_FALSE(namespaces_->ensure("", {"10.0.0.2", ""}));
}

TEST_F(DevicesTest, WhatIsMadeIsReadBack) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", ""}));
  const auto index = devices_->put("eni-1", device());
  ASSERT_GOOD(index);
  auto found = devices_->read();
  ASSERT_GOOD(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->at("eni-1").ifindex, *index);
  EXPECT_EQ(found->at("eni-1").device, device());

  auto other = device();
  other.address = ip("10.0.1.6");
  other.mtu = 1500;
  ASSERT_GOOD(devices_->put("eni-1", other));
  EXPECT_EQ(devices_->read().value().at("eni-1").device, other);

  ASSERT_GOOD(devices_->remove("eni-1"));
  ASSERT_GOOD(devices_->remove("eni-1"));
  EXPECT_TRUE(devices_->read().value().empty());
}

TEST_F(DevicesTest, AnErrorNamesTheNamespaceAndLeavesNothing) {
  const auto failed = devices_->put("eni-1", device());
  EXPECT_EQ(why(failed), "open network namespace " + instance("a") + ": No such file or directory");
  EXPECT_EQ(leftovers(tag_), "");
}

TEST_F(DevicesTest, ADeviceThatSomebodyTookDownIsNotWhole) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", ""}));
  ASSERT_GOOD(devices_->put("eni-1", device()));
  ASSERT_EQ(run({"ip", "-n", instance("a"), "link", "set", "eth0", "down"}), 0);
  EXPECT_EQ(devices_->read().value().at("eni-1").device, std::nullopt);
}

// A namespace that the test makes as another program would, by its path.
class ForeignNamespace {
 public:
  explicit ForeignNamespace(std::string name) : name_(std::move(name)) {
    made_ = run({"ip", "netns", "add", name_}) == 0;
  }
  ~ForeignNamespace() { remove(); }
  ForeignNamespace(const ForeignNamespace&) = delete;
  ForeignNamespace& operator=(const ForeignNamespace&) = delete;
  void remove() {
    if (made_) run({"ip", "netns", "del", name_});
    made_ = false;
  }
  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] std::string path() const { return "/run/netns/" + name_; }

 private:
  std::string name_;
  bool made_ = false;
};

Device of_both_families(Device device) {
  device.address6 = ip("fd00:1::5");
  device.subnet6 = Cidr(ip("fd00:1::"), 64);
  return device;
}

TEST_F(DevicesTest, BothFamiliesAreConfiguredInside) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", ""}));
  const auto both = of_both_families(device());
  ASSERT_GOOD(devices_->put("eni-1", both));
  const auto found = devices_->read().value().at("eni-1");
  EXPECT_EQ(found.device, device()) << "which IPv6 address was given, only the port's row tells";
  EXPECT_EQ(found.addresses6, (std::vector<InterfaceAddress>{{found.addresses6.at(0).index, ip("fd00:1::5"), 64}}));
  // At once and for good: no tentative address, no router but ours.
  EXPECT_EQ(
      run({"sh", "-c",
           "ip -n " + instance("a") + " -6 route get 2001:db8::1 | grep -q 'via fe80::1 dev eth0.*src fd00:1::5'"}),
      0);
  EXPECT_EQ(run({"ip", "netns", "exec", instance("a"), "grep", "-qx", "0", "/proc/sys/net/ipv6/conf/eth0/accept_ra"}),
            0);
  EXPECT_EQ(run({"sh", "-c", "! ip -n " + instance("a") + " -6 address show dev eth0 | grep -q tentative"}), 0);
  // Its own address leads by way of lo.
  EXPECT_EQ(run({"sh", "-c", "ip -n " + instance("a") + " -6 address show dev lo | grep -q ::1/128"}), 0);
}

TEST_F(DevicesTest, AnIpv6AddressThatIsTakenAwayGoes) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", ""}));
  ASSERT_GOOD(devices_->put("eni-1", of_both_families(device())));
  ASSERT_GOOD(devices_->put("eni-1", device()));
  EXPECT_TRUE(devices_->read().value().at("eni-1").addresses6.empty());
  EXPECT_EQ(run({"sh", "-c", "! ip -n " + instance("a") + " -6 address show dev eth0 | grep -q inet6"}), 0);
}

TEST_F(DevicesTest, AnIpv6AddressWithoutItsRouteIsNotWhole) {
  ASSERT_GOOD(namespaces_->ensure(instance("a"), {"10.0.0.2", ""}));
  const auto both = of_both_families(device());
  ASSERT_GOOD(devices_->put("eni-1", both));
  ASSERT_EQ(run({"ip", "-n", instance("a"), "-6", "route", "del", "default"}), 0);
  EXPECT_TRUE(devices_->read().value().at("eni-1").addresses6.empty());
}

TEST_F(DevicesTest, SomebodyElsesNamespaceGetsOnlyTheDevice) {
  ForeignNamespace other("other-" + tag_);
  ASSERT_TRUE(other.made());
  auto inside = device();
  inside.netns = other.path();
  inside.netns_inode = inode_of(namespaces_->open_path(other.path(), 0).value().get()).value();
  ASSERT_GOOD(devices_->put("eni-1", inside));
  EXPECT_EQ(devices_->read().value().at("eni-1").device, inside);
  EXPECT_TRUE(namespaces_->list().value().empty());
  ASSERT_GOOD(devices_->remove("eni-1"));
  EXPECT_EQ(run({"ip", "-n", "other-" + tag_, "link", "show", "lo"}), 0) << "the namespace stays";
  EXPECT_NE(run({"ip", "-n", "other-" + tag_, "link", "show", "eth0"}), 0);
}

TEST_F(DevicesTest, AnotherNamespaceInThePlaceIsNotTaken) {
  ForeignNamespace other("other-" + tag_);
  ASSERT_TRUE(other.made());
  auto inside = device();
  inside.netns = other.path();
  inside.netns_inode = 1;
  EXPECT_EQ(why(devices_->put("eni-1", inside)),
            "open network namespace " + other.path() + ": another one stands there than the one that was attached");
  EXPECT_TRUE(devices_->read().value().empty());
}

TEST_F(DevicesTest, ATapIsMadeKeptAndTakenAway) {
  Device tap;
  tap.kind = plan::PortKind::tap;
  tap.name = "tap-" + tag_.substr(0, 6);
  tap.mtu = 8500;
  tap.owner = 65534;
  tap.default_route = false;
  const auto index = devices_->put("eni-1", tap);
  ASSERT_GOOD(index);
  EXPECT_EQ(devices_->read().value().at("eni-1").device, tap);
  EXPECT_EQ(devices_->put("eni-1", tap).value(), *index) << "somebody may hold it open";
  EXPECT_EQ(why(devices_->put("eni-2", tap)),
            "make tap " + tap.name + ": a device of this name stands here; attach it as it is with --device");
  ASSERT_GOOD(devices_->remove("eni-1"));
  EXPECT_TRUE(devices_->read().value().empty());
}

TEST_F(DevicesTest, ADeviceIsTakenAsItIsAndLeftAsItWas) {
  ASSERT_EQ(run({"ip", "link", "add", "nic0", "type", "veth", "peer", "name", "nic1"}), 0);
  Device nic;
  nic.kind = plan::PortKind::device;
  nic.name = "nic0";
  nic.default_route = false;
  EXPECT_EQ(why(devices_->put("eni-1", nic)), "attach device nic0: it is down");
  ASSERT_EQ(run({"ip", "link", "set", "nic0", "up"}), 0);
  const auto index = devices_->put("eni-1", nic);
  ASSERT_GOOD(index);
  EXPECT_EQ(devices_->read({{*index, "eni-1"}}).value().at("eni-1").device, nic);
  ASSERT_GOOD(devices_->remove("eni-1"));
  EXPECT_EQ(find_link(*netlink_, "nic0").value()->index, *index);
  EXPECT_EQ(find_link(*netlink_, "nic0").value()->alias, "");
  ASSERT_EQ(run({"ip", "address", "add", "192.0.2.1/24", "dev", "nic0"}), 0);
  EXPECT_EQ(why(devices_->put("eni-1", nic)), "attach device nic0: the host uses it: it has the address 192.0.2.1");
  ASSERT_EQ(run({"ip", "link", "del", "nic0"}), 0);
  nic.name = "nic9";
  EXPECT_EQ(why(devices_->put("eni-1", nic)), "attach device nic9: there is none in the daemon's network namespace");
  nic.name = "lo";
  EXPECT_EQ(why(devices_->put("eni-1", nic)), "attach device lo: it does not carry Ethernet frames");
}

TEST_F(DevicesTest, TheSystemPortHoldsTheAddressAndOneRoute) {
  const auto range = Cidr::parse("100.64.0.0/10").value();
  const auto router = MacAddress::parse("02:fe:00:00:00:01").value();
  for (int i = 0; i < 2; ++i) {
    const auto port = ensure_system_port(*netlink_, tag_, range, ip("100.64.0.1"), router, 8500);
    ASSERT_GOOD(port);
    EXPECT_NE(port->ifindex, 0U);
    const auto routes = list_routes(*netlink_);
    ASSERT_GOOD(routes);
    ASSERT_EQ(routes->size(), 1U);
    EXPECT_EQ(routes->front().destination, range);
    EXPECT_EQ(routes->front().index, port->ifindex);
    EXPECT_EQ(routes->front().gateway, range.last());
  }
  EXPECT_EQ(why(ensure_system_port(*netlink_, "0ther", range, ip("100.64.0.1"), router, 8500)),
            "make device ginnel0: one stands here and belongs to \"ginnel " + tag_ +
                " system\"; a network namespace holds one region");
}

TEST(Names, AreUniquePerTagAndFitLinux) {
  EXPECT_EQ(host_device_name("0123abcd", "eni-1").size(), 15U);
  EXPECT_NE(host_device_name("0123abcd", "eni-1"), host_device_name("0123abcd", "eni-2"));
  EXPECT_TRUE(is_device_name_of("0123abcd", host_device_name("0123abcd", "eni-1")));
  EXPECT_FALSE(is_device_name_of("0123abce", host_device_name("0123abcd", "eni-1")));
  EXPECT_LE(system_peer_name("0123abcd").size(), 15U);
  EXPECT_EQ(object_of_alias("0123abcd", alias_of("0123abcd", "eni-1")), "eni-1");
  EXPECT_EQ(object_of_alias("0123abce", alias_of("0123abcd", "eni-1")), std::nullopt);
  EXPECT_EQ(object_of_alias("0123abcd", ""), std::nullopt);
  const HostAlias far{"eni-1", "/run/netns/x", 4026532000};
  EXPECT_EQ(host_alias("0123abcd", host_alias_of("0123abcd", far)), far);
  EXPECT_EQ(host_alias("0123abcd", host_alias_of("0123abcd", {"eni-1", "", 0})), (HostAlias{"eni-1", "", 0}));
  EXPECT_EQ(object_of_alias("0123abcd", host_alias_of("0123abcd", far)), "eni-1");
}

}  // namespace
}  // namespace ginnel::dataplane
