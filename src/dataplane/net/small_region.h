// A small region for tests: plans in a line each, and a data plane that can be closed and opened again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "dataplane/dataplane.h"
#include "dataplane/net/own_network.h"
#include "dataplane/net/sockets.h"
#include "dataplane/objects.h"

namespace ginnel::dataplane {

inline IpAddress ip(const std::string& text) { return IpAddress::parse(text).value(); }

[[nodiscard]] plan::HostPlan host_plan(const std::string& tag);
// Everything from everywhere; or one TCP port from one group or prefix.
[[nodiscard]] plan::Rule allow_all();
[[nodiscard]] plan::Rule allow_tcp(uint16_t port, plan::GroupNumber group);
// A VPC 10.0.0.0/16 with the resolver's link to the system address, port 5353.
[[nodiscard]] plan::VpcPlan vpc_plan(plan::VpcNumber number);
// An instance of the VPC: 10.0.1.HOST in the namespace, in the groups; its synthetic address is 100.64.VPC.HOST.
void add_instance(plan::VpcPlan& vpc, uint8_t host, const std::string& netns, std::vector<uint32_t> groups);
// Keeps plans sorted, as the planner does.
void add_policy(plan::VpcPlan& vpc, std::vector<uint32_t> groups, std::vector<plan::Rule> ingress,
                std::vector<plan::Rule> egress);
// An endpoint at 10.0.1.HOST:port in the group, to the system address, target port.
void add_endpoint(plan::VpcPlan& vpc, uint8_t host, uint16_t port, plan::LinkNumber number, uint32_t group,
                  uint16_t target_port);

// The load balancer of a provider's VPC: its node at 10.0.1.50 in group VPC * 100 + 50, which lets everything in and
// out; listener port 443 for clients of the VPC; balancer number VPC * 1000 + 500.
plan::Balancer& add_balancer(plan::VpcPlan& vpc);
// Target NUMBER at 10.0.1.HOST:port, which gets flows of the balancer.
void add_target(plan::VpcPlan& vpc, plan::TargetNumber number, uint8_t host, uint16_t port);
// An endpoint at 10.0.1.HOST:443 in the group, which leads to the balancer.
void add_endpoint_of(plan::VpcPlan& vpc, uint8_t host, plan::LinkNumber number, uint32_t group,
                     plan::BalancerNumber balancer);

// Instances a (10.0.1.5) and b (10.0.1.6) in group VPC * 100 + 7, which lets nothing in; "a2" and "b2" in VPC 2.
[[nodiscard]] plan::VpcPlan two_instances(const std::string& tag, plan::VpcNumber number = 1);
// The same, and the group lets everything in.
[[nodiscard]] plan::VpcPlan two_friends(const std::string& tag);

// Parameter: how the program is attached.
class RegionTest : public OwnNetwork, public testing::WithParamInterface<AttachMode> {
 protected:
  void SetUp() override;
  void TearDown() override;
  // Ends the old one, if any, without taking anything away, as a killed daemon does.
  void open();
  // 0 if there was none.
  [[nodiscard]] uint64_t dropped(const std::string& reason) const;

  // Flow maps that are quickly made.
  static Options few_flows() {
    Options out;
    out.flow_entries = 4096;
    return out;
  }

  Log log_ = Log::discard();
  Options options_ = few_flows();
  std::unique_ptr<Dataplane> dataplane_;
};

}  // namespace ginnel::dataplane
