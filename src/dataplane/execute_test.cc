// Reconciliation against a kernel that checks dependencies and fails at random.
#include "dataplane/execute.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

namespace ginnel::dataplane {
namespace {

// Holds one VPC. An operation whose needs are not met fails, as does every one that `fails` picks; a failed one may
// have done its work, half of it, or nothing.
class FakeKernel final : public Kernel {
 public:
  VpcState state;
  std::function<unsigned()> fails = [] { return 0U; };  // 0: works; 1: nothing done; 2: half; 3: done all the same
  std::vector<std::string> violations;

  Status execute(plan::VpcNumber, const Operation& operation) override {
    const std::string missing = std::visit([&](const auto& each) { return need(each); }, operation);
    if (!missing.empty()) {
      if (!failed_) violations.push_back(to_text(operation) + " needs " + missing);
      return fail("execute", "operation", "needs " + missing);
    }
    const unsigned how = fails();
    if (how == 0 || how == 3) note_success(state, operation);
    if (how == 2) note_failure(state, operation);
    std::visit([&](const auto& each) { side_effect(each); }, operation);
    if (how == 0) return {};
    failed_ = true;
    return fail("execute", "operation", "picked to fail");
  }
  Status settle(plan::VpcNumber) override {
    failed_ = false;
    return {};
  }

 private:
  template <typename Object>
  bool whole(const typename Object::Key& key) const {
    const auto found = state.of<Object>().find(key);
    return found != state.of<Object>().end() && found->second.has_value();
  }
  std::string policy(const GroupSet& groups) const { return whole<Policy>(groups) ? "" : "its policy"; }
  std::string device(const std::string& id) const { return whole<Device>(id) ? "" : "its device"; }

  template <typename Object>
  std::string need(const Put<Object>&) const {
    return "";
  }
  std::string need(const Put<Device>& put) const { return whole<Namespace>(put.value.netns) ? "" : "its namespace"; }
  std::string need(const Put<PortEntry>& put) const {
    return device(put.key).empty() ? policy(put.value.groups) : device(put.key);
  }
  std::string need(const Put<Attachment>& put) const { return whole<PortEntry>(put.key) ? "" : "its port"; }
  std::string need(const Put<Destination>& put) const {
    return put.value.local.empty() || device(put.value.local).empty() ? policy(put.value.groups) : "its device";
  }
  std::string need(const Put<Link>& put) const { return put.value.groups ? policy(*put.value.groups) : ""; }
  std::string need(const Put<ProbeLink>& put) const { return put.value.groups ? policy(*put.value.groups) : ""; }
  std::string need(const Put<Balancer>& put) const {
    for (const auto target : put.value.targets) {
      if (!whole<Target>(target)) return "its targets";
    }
    return put.value.groups ? policy(*put.value.groups) : "";
  }

  std::string need(const Remove<Policy>& remove) const {
    for (const auto& [id, port] : state.of<PortEntry>()) {
      if (port && port->groups == remove.key) return "that no port uses it";
    }
    for (const auto& [address, destination] : state.of<Destination>()) {
      if (destination && destination->groups == remove.key) return "that no destination uses it";
    }
    for (const auto& [key, link] : state.of<Link>()) {
      if (link && link->groups == remove.key) return "that no link uses it";
    }
    for (const auto& [number, balancer] : state.of<Balancer>()) {
      if (balancer && balancer->groups == remove.key) return "that no balancer uses it";
    }
    for (const auto& [key, probe] : state.of<ProbeLink>()) {
      if (probe && probe->groups == remove.key) return "that no probe uses it";
    }
    return "";
  }
  std::string need(const Remove<Target>& remove) const {
    for (const auto& [number, balancer] : state.of<Balancer>()) {
      if (balancer && std::count(balancer->targets.begin(), balancer->targets.end(), remove.key) != 0) {
        return "that no balancer leads to it";
      }
    }
    return "";
  }
  std::string need(const Remove<Namespace>& remove) const {
    for (const auto& [id, each] : state.of<Device>()) {
      if (each && each->netns == remove.key) return "that no device is in it";
    }
    return "";
  }
  std::string need(const Remove<Device>& remove) const {
    return whole<PortEntry>(remove.key) || whole<Attachment>(remove.key) ? "that its port is gone" : "";
  }
  template <typename Object>
  std::string need(const Remove<Object>&) const {
    return "";
  }

  // A device made anew is bare.
  void side_effect(const Put<Device>& put) {
    state.of<PortEntry>().erase(put.key);
    state.of<Attachment>().erase(put.key);
    for (auto& [address, destination] : state.of<Destination>()) {
      if (destination && destination->local == put.key) destination.reset();
    }
  }
  template <typename Each>
  void side_effect(const Each&) {}

  bool failed_ = false;
};

// A small world, so that plans share objects and differ in them.
plan::VpcPlan random_plan() {
  const auto chance = [](int percent) { return *rc::gen::inRange(0, 100) < percent; };
  const auto below = [](int bound) { return static_cast<uint32_t>(*rc::gen::inRange(0, bound)); };
  plan::VpcPlan out;
  out.cidrs.push_back(Cidr(IpAddress::from_v4(0x0a000000 + (below(3) << 16)), 16));
  const auto address = [](uint32_t n) { return IpAddress::from_v4(0x0a000100 + n); };
  const auto any_groups = [&] {
    GroupSet groups{1 + below(3)};
    if (chance(30)) groups.push_back(groups[0] + 1);
    return groups;
  };
  std::set<GroupSet> used;
  for (uint32_t n = 0; n < 4; ++n) {
    if (chance(40)) continue;
    const GroupSet groups = any_groups();
    const std::string id = "eni-" + std::to_string(n);
    const bool local = chance(70);
    out.addresses.push_back({address(n), id, groups, local});
    used.insert(groups);
    if (!local) continue;
    plan::Port port;
    port.interface_id = id;
    port.netns = "i-" + std::to_string(chance(80) ? n : 9 + n);
    port.address = address(n);
    port.mtu = chance(80) ? 8500 : 1500;
    port.groups = groups;
    port.check_source = chance(80);
    port.synthetic = IpAddress::from_v4(0x64400000 + n);
    out.ports.push_back(port);
  }
  for (uint32_t n = 0; n < 4; ++n) {
    if (chance(50)) continue;
    plan::Link link{address(50 + n / 2), static_cast<uint16_t>(443 + n % 2), plan::kTcp, 1 + below(6), "vpce", {}, {}};
    if (chance(70)) used.insert(*(link.groups = any_groups()));
    if (chance(50)) {
      link.balancer = 500 + below(3);
      link.endpoint = chance(50);
    }
    out.links.push_back(link);
  }
  for (uint32_t n = 0; n < 3; ++n) {
    if (chance(60)) out.targets.push_back({n + 1, "target", address(n), static_cast<uint16_t>(8080 + below(2))});
  }
  for (uint32_t n = 0; n < 3; ++n) {
    if (chance(50)) continue;
    plan::Balancer balancer;
    balancer.number = 500 + n;
    if (chance(70)) used.insert(*(balancer.groups = any_groups()));
    balancer.sticky = chance(30);
    for (const auto& target : out.targets) {
      if (chance(70)) balancer.targets.push_back(target.number);
    }
    out.balancers.push_back(balancer);
  }
  for (uint32_t n = 0; n < 2; ++n) {
    if (chance(50)) continue;
    plan::Probe probe;
    probe.address = address(100 + n);
    probe.port = 80;
    probe.target = "target";
    if (chance(70)) used.insert(*(probe.groups = any_groups()));
    out.probes.push_back(probe);
  }
  if (chance(30)) used.insert(any_groups());
  for (const auto& groups : used) {
    plan::Rule rule;
    rule.from_port = static_cast<uint16_t>(below(2));
    rule.group = 1;
    out.policies.push_back({groups, {rule}, {}});
  }
  return out;
}

VpcState random_state() { return wanted_state(random_plan()).value(); }

TEST(Reconcile, FromAnyStateToAnyPlanInOnePassAndTheSecondIsEmpty) {
  EXPECT_TRUE(rc::check("one pass", [] {
    FakeKernel kernel;
    VpcState observed = kernel.state = random_state();
    const VpcState wanted = random_state();
    RC_ASSERT(reconcile(kernel, 1, observed, wanted).has_value());
    RC_ASSERT(kernel.violations == std::vector<std::string>{});
    RC_ASSERT(kernel.state == wanted);
    RC_ASSERT(observed == wanted);
    RC_ASSERT(diff(observed, wanted).empty());
  }));
}

TEST(Reconcile, FailuresLeaveTheRestToTheNextPassWhateverIsWantedThen) {
  EXPECT_TRUE(rc::check("failures", [] {
    FakeKernel kernel;
    VpcState observed = kernel.state = random_state();
    kernel.fails = [] { return *rc::gen::weightedElement<unsigned>({{6, 0}, {1, 1}, {1, 2}, {1, 3}}); };
    const int passes = *rc::gen::inRange(1, 4);
    for (int i = 0; i < passes; ++i) {
      PassReport report;
      const auto status = reconcile(kernel, 1, observed, random_state(), &report);
      RC_ASSERT(status.has_value() == (report.failed == 0));
    }
    kernel.fails = [] { return 0U; };
    const VpcState wanted = random_state();
    const auto last = reconcile(kernel, 1, observed, wanted);
    RC_ASSERT((last.has_value() ? "" : last.error().text()) == "");
    RC_ASSERT(kernel.violations == std::vector<std::string>{});
    RC_ASSERT(kernel.state == wanted);
    RC_ASSERT(diff(observed, wanted).empty());
  }));
}

TEST(Reconcile, TheErrorNamesTheFirstObjectAndCountsTheRest) {
  FakeKernel kernel;
  VpcState observed, wanted;
  wanted.of<Policy>()[{7}] = Policy{};
  wanted.of<Policy>()[{8}] = Policy{};
  kernel.fails = [] { return 1U; };
  const auto status = reconcile(kernel, 5, observed, wanted);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().text(), "VPC 5, policy {7}: execute operation: picked to fail (and 1 more failed)");
}

}  // namespace
}  // namespace ginnel::dataplane
