#include "planner/balancing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/planner.h"

namespace ginnel::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kA = "zone-a";
constexpr const char* kB = "zone-b";

// A load balancer in two zones with one listener; targets are added by address: 10.0.1.x is in zone a, 10.0.2.x in b.
class BalancingTest : public ::testing::Test {
 protected:
  BalancingTest() {
    region_.zones = {{kA, "az1"}, {kB, "az2"}, {"zone-c", "az3"}};
    change_.put(model::Vpc{.id = "vpc-1", .number = 1, .cidr = "10.0.0.0/16"});
    for (const auto& [id, cidr, zone] : {std::tuple{"subnet-a", "10.0.1.0/24", kA},
                                         {"subnet-b", "10.0.2.0/24", kB},
                                         {"subnet-c", "10.0.3.0/24", "zone-c"}}) {
      change_.put(model::Subnet{.id = id, .vpc = "vpc-1", .cidr = cidr, .zone = zone});
    }
    balancer_.id = "lb";
    balancer_.vpc = "vpc-1";
    balancer_.nodes = {{"subnet-a", kA, "eni-a"}, {"subnet-b", kB, "eni-b"}};
    group_.id = "tg";
    group_.vpc = "vpc-1";
    group_.target_type = "ip";
    change_.put(model::NetworkInterface{.id = "eni-a", .vpc = "vpc-1", .zone = kA, .address = "10.0.1.200"});
    change_.put(model::NetworkInterface{.id = "eni-b", .vpc = "vpc-1", .zone = kB, .address = "10.0.2.200"});
    change_.put(model::Listener{
        .id = "l", .load_balancer = "lb", .target_group = "tg", .number = 3, .protocol = "TCP", .port = 80});
  }

  void target(uint32_t number, const std::string& address, const std::string& health, const std::string& zone = "",
              model::TimeMs deregistered = 0) {
    model::Target row{.id = "tg|" + address, .group = "tg", .target = address, .port = 80, .zone = zone};
    row.number = number;
    row.health = health;
    row.deregistered = deregistered;
    change_.put(row);
  }

  const Balancing& read() {
    change_.put(balancer_);
    change_.put(group_);
    snapshot_ = model::Snapshot().with(change_);
    balancing_.emplace(Balancing::read(snapshot_, region_, *snapshot_.find<model::LoadBalancer>("lb")).value());
    return *balancing_;
  }

  std::vector<TargetNumber> chosen(const std::string& zone) { return read().chosen(read().listeners().at(0), zone); }
  std::vector<TargetNumber> kept() {
    std::vector<TargetNumber> out;
    for (const auto& placed : read().kept(read().listeners().at(0))) out.push_back(placed.target->number);
    std::sort(out.begin(), out.end());
    return out;
  }

  model::Region region_;
  model::LoadBalancer balancer_;
  model::TargetGroup group_;
  model::Change change_;
  model::Snapshot snapshot_;
  std::optional<Balancing> balancing_;
};

TEST_F(BalancingTest, AZoneUsesItsOwnTargets) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.2.4", "healthy");
  target(3, "10.0.3.4", "healthy");  // a zone that the load balancer does not have
  EXPECT_THAT(chosen(kA), ElementsAre(1));
  EXPECT_THAT(chosen(kB), ElementsAre(2));
}

TEST_F(BalancingTest, CrossZoneUsesAllZones) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.2.4", "healthy");
  balancer_.attributes["load_balancing.cross_zone.enabled"] = "true";
  EXPECT_THAT(chosen(kA), ElementsAre(1, 2));
  group_.attributes["load_balancing.cross_zone.enabled"] = "false";
  EXPECT_THAT(chosen(kA), ElementsAre(1));
}

TEST_F(BalancingTest, AnAddressOfAllZonesServesEach) {
  target(1, "10.0.9.4", "healthy", "all");
  EXPECT_THAT(chosen(kA), ElementsAre(1));
  EXPECT_THAT(chosen(kB), ElementsAre(1));
}

TEST_F(BalancingTest, OnlyHealthyOnesGetNewFlows) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.1.5", "unhealthy");
  target(3, "10.0.1.6", "initial");
  target(4, "10.0.1.7", "healthy", "", 5);  // drains
  EXPECT_THAT(chosen(kA), ElementsAre(1));
}

TEST_F(BalancingTest, FailsOpenWhereNoneIsHealthy) {
  target(1, "10.0.1.4", "unhealthy");
  target(2, "10.0.1.5", "initial");
  EXPECT_THAT(chosen(kA), ElementsAre(1, 2));
  EXPECT_THAT(chosen(kB), IsEmpty());
}

TEST_F(BalancingTest, FailsOpenBelowTheWantedCount) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.1.5", "unhealthy");
  group_.attributes["target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"] = "2";
  EXPECT_THAT(chosen(kA), ElementsAre(1, 2));
}

TEST_F(BalancingTest, AnUnhealthyTargetLosesItsFlowsUnlessTheGroupSaysOtherwise) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.1.5", "unhealthy");
  EXPECT_THAT(kept(), ElementsAre(1));
  group_.attributes["target_health_state.unhealthy.connection_termination.enabled"] = "false";
  EXPECT_THAT(kept(), ElementsAre(1, 2));
}

TEST_F(BalancingTest, ADrainingTargetKeepsItsFlows) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.1.5", "unhealthy", "", 5);
  EXPECT_THAT(kept(), ElementsAre(1, 2));
}

TEST_F(BalancingTest, NamesLeadToZonesWithHealthyTargets) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.2.4", "unhealthy");
  EXPECT_THAT(read().serving_zones(), ElementsAre(kA));
}

TEST_F(BalancingTest, NamesLeadToAllZonesWhereNoneServes) {
  target(1, "10.0.1.4", "unhealthy");
  EXPECT_THAT(read().serving_zones(), ElementsAre(kA, kB));
}

TEST_F(BalancingTest, AGoneInstanceIsNoTarget) {
  group_.target_type = "instance";
  change_.put(model::Instance{.id = "i-1", .vpc = "vpc-1", .interface = "eni-i1", .state = "running"});
  change_.put(model::NetworkInterface{.id = "eni-i1", .vpc = "vpc-1", .zone = kA, .address = "10.0.1.4"});
  change_.put(model::Instance{.id = "i-2", .state = "terminated"});
  target(1, "i-1", "healthy");
  target(2, "i-2", "healthy");
  EXPECT_THAT(chosen(kA), ElementsAre(1));
  EXPECT_THAT(kept(), ElementsAre(1));
}

TEST_F(BalancingTest, EveryListenerHasANumberOfItsOwnInEveryZone) {
  const auto& balancing = read();
  model::Listener next{.number = 4};
  const auto& listener = *balancing.listeners().at(0).listener;
  EXPECT_EQ(balancing.number(listener, kA) + 1, balancing.number(listener, kB));
  EXPECT_LT(balancing.number(listener, "zone-c"), balancing.number(next, kA));
}

TEST_F(BalancingTest, AProbeKeepsItsAddress) {
  target(1, "10.0.1.4", "healthy");
  target(2, "10.0.2.4", "healthy");
  read();
  const auto host = plan_host(region_, "0a1b2c3d", Cidr::parse("100.64.0.0/10").value());
  const auto plan = plan_vpc(snapshot_, region_, "vpc-1", {}, host).value();
  ASSERT_EQ(plan.probes.size(), 2U);
  HostFacts facts;
  facts.synthetic["tg|10.0.2.4"] = plan.probes[1].address;
  change_.deletes.push_back({"target", "tg|10.0.1.4"});
  std::erase_if(change_.puts, [](const model::Resource& each) {
    const auto* row = std::get_if<model::Target>(&each);
    return row && row->number == 1;
  });
  read();
  const auto next = plan_vpc(snapshot_, region_, "vpc-1", facts, host).value();
  ASSERT_EQ(next.probes.size(), 1U);
  EXPECT_EQ(next.probes[0].address, plan.probes[1].address);
}

}  // namespace
}  // namespace ginnel::plan
