// What a diff says, word by word, for small plans.
#include "dataplane/diff.h"

#include <gtest/gtest.h>

namespace ginnel::dataplane {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
Cidr cidr(const char* text) { return Cidr::parse(text).value(); }
MacAddress mac(const char* text) { return MacAddress::parse(text).value(); }

// One instance in group 7, one endpoint in group 9, the resolver.
plan::VpcPlan small_plan() {
  plan::VpcPlan out;
  out.number = 1;
  out.vpc_id = "vpc-1";
  out.cidrs = {cidr("10.0.0.0/16")};
  plan::Port port;
  port.interface_id = "eni-1";
  port.netns = "i-1";
  port.address = ip("10.0.1.5");
  port.subnet = cidr("10.0.1.0/24");
  port.mac = mac("02:00:00:00:00:05");
  port.groups = {7};
  port.synthetic = ip("100.64.0.5");
  port.resolver = ip("10.0.0.2");
  port.search_domain = "internal";
  out.ports = {port};
  plan::Rule https;
  https.protocol = plan::kTcp;
  https.from_port = https.to_port = 443;
  https.group = 7;
  plan::Rule everything;
  everything.cidr = cidr("0.0.0.0/0");
  out.policies = {{{7}, {}, {everything}}, {{9}, {https}, {}}};
  out.addresses = {{ip("10.0.1.5"), "eni-1", {7}, true}, {ip("10.0.1.9"), "eni-9", {9}, false}};
  out.links = {{ip("10.0.0.2"), 53, plan::kUdp, 1, "resolver", std::nullopt, {ip("100.64.0.1"), 53}},
               {ip("10.0.1.9"), 443, plan::kTcp, 2, "vpce-1", GroupSet{9}, {ip("100.64.0.1"), 443}}};
  return out;
}

std::string text_of(const VpcState& observed, const VpcState& wanted) {
  std::string out;
  for (const auto& operation : diff(observed, wanted)) out += to_text(operation) + "\n";
  return out;
}

TEST(Diff, FromNothingInOrderOfDependence) {
  EXPECT_EQ(text_of({}, wanted_state(small_plan()).value()),
            "put policy {7}: in [] out [any 0-65535 0.0.0.0/0]\n"
            "put policy {9}: in [tcp 443-443 group 7] out []\n"
            "put namespace i-1: resolver 10.0.0.2 search internal\n"
            "put device eni-1: eth0 in i-1: 10.0.1.5/24 mac 02:00:00:00:00:05 mtu 8500 default route\n"
            "put port eni-1: 10.0.1.5 mac 02:00:00:00:00:05 groups {7} synthetic 100.64.0.5\n"
            "put attachment eni-1: program\n"
            "put route 10.0.0.0/16: local\n"
            "put destination 10.0.1.5: groups {7} at eni-1\n"
            "put destination 10.0.1.9: groups {9}\n"
            "put member 10.0.1.5 of group 7: member\n"
            "put member 10.0.1.9 of group 9: member\n"
            "put link 10.0.0.2:53/udp: number 1 to 100.64.0.1:53 groups -\n"
            "put link 10.0.1.9:443/tcp: number 2 to 100.64.0.1:443 groups {9}\n");
}

TEST(Diff, ToNothingInReverse) {
  EXPECT_EQ(text_of(wanted_state(small_plan()).value(), {}),
            "remove link 10.0.0.2:53/udp\n"
            "remove link 10.0.1.9:443/tcp\n"
            "remove member 10.0.1.5 of group 7\n"
            "remove member 10.0.1.9 of group 9\n"
            "remove destination 10.0.1.5\n"
            "remove destination 10.0.1.9\n"
            "remove route 10.0.0.0/16\n"
            "remove attachment eni-1\n"
            "remove port eni-1\n"
            "remove device eni-1\n"
            "remove namespace i-1\n"
            "remove policy {7}\n"
            "remove policy {9}\n");
}

TEST(Diff, ChangedGroupsSwitchThePolicyInPlace) {
  auto changed = small_plan();
  changed.ports[0].groups = changed.addresses[0].groups = {7, 8};
  changed.policies[0].groups = {7, 8};
  EXPECT_EQ(text_of(wanted_state(small_plan()).value(), wanted_state(changed).value()),
            "put policy {7,8}: in [] out [any 0-65535 0.0.0.0/0]\n"
            "put port eni-1: 10.0.1.5 mac 02:00:00:00:00:05 groups {7,8} synthetic 100.64.0.5\n"
            "put destination 10.0.1.5: groups {7,8} at eni-1\n"
            "put member 10.0.1.5 of group 8: member\n"
            "remove policy {7}\n");
}

TEST(Diff, OneLinkMoreIsOneOperation) {
  auto before = small_plan();
  before.links.pop_back();
  EXPECT_EQ(text_of(wanted_state(before).value(), wanted_state(small_plan()).value()),
            "put link 10.0.1.9:443/tcp: number 2 to 100.64.0.1:443 groups {9}\n");
}

TEST(Diff, ADeviceMadeOverNeedsAllThatWasBoundToIt) {
  auto changed = small_plan();
  changed.ports[0].mtu = 1500;
  EXPECT_EQ(text_of(wanted_state(small_plan()).value(), wanted_state(changed).value()),
            "put device eni-1: eth0 in i-1: 10.0.1.5/24 mac 02:00:00:00:00:05 mtu 1500 default route\n"
            "put port eni-1: 10.0.1.5 mac 02:00:00:00:00:05 groups {7} synthetic 100.64.0.5\n"
            "put attachment eni-1: program\n"
            "put destination 10.0.1.5: groups {7} at eni-1\n");
}

TEST(Diff, WhatFailedHalfWayIsPutAgainOrRemoved) {
  auto observed = wanted_state(small_plan()).value();
  observed.of<Link>().begin()->second.reset();
  observed.of<Policy>()[{99}].reset();
  EXPECT_EQ(text_of(observed, wanted_state(small_plan()).value()),
            "put link 10.0.0.2:53/udp: number 1 to 100.64.0.1:53 groups -\n"
            "remove policy {99}\n");
}

// A provider: two targets behind a balancer, its own link, an endpoint of it in the same VPC, and a probe.
plan::VpcPlan provider_plan() {
  auto out = small_plan();
  out.links.clear();
  out.targets = {{21, "target-21", ip("10.0.1.5"), 8080}, {22, "target-22", ip("10.0.1.6"), 8080}};
  plan::Balancer balancer;
  balancer.number = 500;
  balancer.owner = "listener zone";
  balancer.node = ip("10.0.1.9");
  balancer.groups = GroupSet{9};
  balancer.targets = {22, 21};
  out.balancers = {balancer};
  plan::Link node{ip("10.0.1.9"), 443, plan::kTcp, 31, "load balancer", std::nullopt, {}};
  node.balancer = 500;
  plan::Link endpoint{ip("10.0.1.10"), 443, plan::kTcp, 30, "vpce-1", GroupSet{9}, {}};
  endpoint.balancer = 500;
  endpoint.endpoint = true;
  out.links = {endpoint, node};
  plan::Probe probe;
  probe.address = ip("100.64.8.1");
  probe.port = 8080;
  probe.target = "target-21";
  probe.target_address = ip("10.0.1.5");
  probe.node = ip("10.0.1.9");
  probe.groups = GroupSet{9};
  out.probes = {probe};
  return out;
}

VpcState without_balancing(const plan::VpcPlan& plan) {
  auto bare = plan;
  bare.targets.clear();
  bare.balancers.clear();
  bare.links.clear();
  bare.probes.clear();
  return wanted_state(bare).value();
}

TEST(Diff, TargetsThenTheBalancerThenWhatLeadsToIt) {
  const auto plan = provider_plan();
  EXPECT_EQ(text_of(without_balancing(plan), wanted_state(plan).value()),
            "put target 21: 10.0.1.5:8080\n"
            "put target 22: 10.0.1.6:8080\n"
            "put balancer 500: node 10.0.1.9 groups {9} idle 350 s targets [21,22]\n"
            "put link 10.0.1.9:443/tcp: number 31 to balancer 500 groups -\n"
            "put link 10.0.1.10:443/tcp: number 30 to balancer 500 groups {9} endpoint vpce-1\n"
            "put probe 100.64.8.1:8080/tcp: of target-21 (21) at 10.0.1.5 from 10.0.1.9 groups {9}\n");
  EXPECT_EQ(text_of(wanted_state(plan).value(), without_balancing(plan)),
            "remove probe 100.64.8.1:8080/tcp\n"
            "remove link 10.0.1.9:443/tcp\n"
            "remove link 10.0.1.10:443/tcp\n"
            "remove balancer 500\n"
            "remove target 21\n"
            "remove target 22\n");
}

TEST(Diff, ATargetLeavesTheTableBeforeItGoes) {
  auto changed = provider_plan();
  changed.targets.pop_back();
  changed.balancers[0].targets = {21};
  EXPECT_EQ(text_of(wanted_state(provider_plan()).value(), wanted_state(changed).value()),
            "put balancer 500: node 10.0.1.9 groups {9} idle 350 s targets [21]\n"
            "remove target 22\n");
}

TEST(Diff, ADrainingTargetLeavesTheTableOnly) {
  auto changed = provider_plan();
  changed.balancers[0].targets = {21};
  EXPECT_EQ(text_of(wanted_state(provider_plan()).value(), wanted_state(changed).value()),
            "put balancer 500: node 10.0.1.9 groups {9} idle 350 s targets [21]\n");
}

TEST(Diff, TheSettingsOfABalancerInWords) {
  auto changed = provider_plan();
  auto& balancer = changed.balancers[0];
  balancer.groups.reset();
  balancer.judge_endpoints = false;
  balancer.preserve_client = balancer.proxy_header = balancer.sticky = true;
  balancer.idle_timeout_s = 60;
  balancer.targets.clear();
  EXPECT_EQ(text_of(wanted_state(provider_plan()).value(), wanted_state(changed).value()),
            "put balancer 500: node 10.0.1.9 groups - endpoints not judged preserves clients PROXY sticky idle 60 s "
            "targets []\n");
}

struct BadPlan {
  const char* what;
  void (*spoil)(plan::VpcPlan&);
  const char* error;
};
void PrintTo(const BadPlan& bad, std::ostream* out) { *out << bad.what; }
plan::VpcPlan everything() {
  auto out = small_plan();
  const auto provider = provider_plan();
  out.targets = provider.targets;
  out.balancers = provider.balancers;
  out.probes = provider.probes;
  return out;
}
class Refused : public testing::TestWithParam<BadPlan> {};

TEST_P(Refused, NamesTheObject) {
  auto plan = everything();
  ASSERT_TRUE(wanted_state(plan));
  GetParam().spoil(plan);
  const auto state = wanted_state(plan);
  ASSERT_FALSE(state);
  if (GetParam().error == nullptr) {
    EXPECT_EQ(state.error().cause, "the target's id is longer than 252 bytes");
    return;
  }
  EXPECT_EQ(state.error().text(), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    WantedState, Refused,
    testing::Values(
        BadPlan{"port without policy",
                [](plan::VpcPlan& plan) {
                  plan.ports[0].groups = {3, 4};
                },
                "plan eni-1: no policy for the groups {3,4}"},
        BadPlan{"link without policy", [](plan::VpcPlan& plan) { plan.links[1].groups = GroupSet{3}; },
                "plan link 2 of vpce-1: no policy for the groups {3}"},
        BadPlan{"two addresses", [](plan::VpcPlan& plan) { plan.addresses.push_back(plan.addresses[1]); },
                "plan 10.0.1.9: two interfaces with one address"},
        BadPlan{"two links", [](plan::VpcPlan& plan) { plan.links.push_back(plan.links[1]); },
                "plan link 2 of vpce-1: two links at one address, port and protocol"},
        BadPlan{"two targets", [](plan::VpcPlan& plan) { plan.targets.push_back(plan.targets[1]); },
                "plan target 22 of target-22: two targets of one number"},
        BadPlan{"two balancers", [](plan::VpcPlan& plan) { plan.balancers.push_back(plan.balancers[0]); },
                "plan balancer 500 of listener zone: two balancers of one number"},
        BadPlan{"two probes", [](plan::VpcPlan& plan) { plan.probes.push_back(plan.probes[0]); },
                "plan probe of target-21: two probes at one address and port"},
        BadPlan{"target twice", [](plan::VpcPlan& plan) { plan.balancers[0].targets.push_back(21); },
                "plan balancer 500 of listener zone: a target twice"},
        BadPlan{"unknown target", [](plan::VpcPlan& plan) { plan.targets.pop_back(); },
                "plan balancer 500 of listener zone: there is no target 22"},
        BadPlan{"balancer without policy", [](plan::VpcPlan& plan) { plan.balancers[0].groups = GroupSet{3}; },
                "plan balancer 500 of listener zone: no policy for the groups {3}"},
        BadPlan{"probe without policy", [](plan::VpcPlan& plan) { plan.probes[0].groups = GroupSet{3}; },
                "plan probe of target-21: no policy for the groups {3}"},
        BadPlan{"long idle time", [](plan::VpcPlan& plan) { plan.balancers[0].idle_timeout_s = 65536; },
                "plan balancer 500 of listener zone: an idle timeout of 65536 s, at most 65535"},
        BadPlan{"long endpoint id",
                [](plan::VpcPlan& plan) {
                  plan.links[1].endpoint = true;
                  plan.links[1].owner = "vpce-01234567890123456789";
                },
                "plan link 2 of vpce-01234567890123456789: the endpoint's id is longer than 24 bytes"},
        BadPlan{"long probe id", [](plan::VpcPlan& plan) { plan.probes[0].target.assign(253, 'x'); }, nullptr},
        BadPlan{"two policies", [](plan::VpcPlan& plan) { plan.policies.push_back(plan.policies[1]); },
                "plan {9}: two policies of one set of groups"},
        BadPlan{"two ports", [](plan::VpcPlan& plan) { plan.ports.push_back(plan.ports[0]); },
                "plan eni-1: two ports of one interface"},
        BadPlan{"local address without port", [](plan::VpcPlan& plan) { plan.addresses[1].local = true; },
                "plan eni-9: its address is local but it has no port"},
        BadPlan{"no eth0", [](plan::VpcPlan& plan) { plan.ports[0].device = "eth1"; },
                "plan i-1: the instance has interfaces, but none is eth0"}));

}  // namespace
}  // namespace ginnel::dataplane
