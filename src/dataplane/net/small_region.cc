#include "dataplane/net/small_region.h"

#include <algorithm>

namespace ginnel::dataplane {

plan::HostPlan host_plan(const std::string& tag) {
  plan::HostPlan out;
  out.region = "test-1";
  out.tag = tag;
  out.synthetic_range = Cidr(ip("100.64.0.0"), 10);
  out.system_address = ip("100.64.0.1");
  return out;
}

plan::Rule allow_all() {
  plan::Rule out;
  out.cidr = Cidr(ip("0.0.0.0"), 0);
  return out;
}

plan::Rule allow_tcp(uint16_t port, plan::GroupNumber group) {
  plan::Rule out;
  out.protocol = plan::kTcp;
  out.from_port = out.to_port = port;
  out.group = group;
  return out;
}

plan::VpcPlan vpc_plan(plan::VpcNumber number) {
  plan::VpcPlan out;
  out.number = number;
  out.vpc_id = "vpc-" + std::to_string(number);
  out.cidrs = {Cidr(ip("10.0.0.0"), 16)};
  out.links = {{ip("10.0.0.2"), 53, plan::kTcp, number * 1000 + 1, "resolver", std::nullopt, {ip("100.64.0.1"), 5353}}};
  return out;
}

void add_policy(plan::VpcPlan& vpc, std::vector<uint32_t> groups, std::vector<plan::Rule> ingress,
                std::vector<plan::Rule> egress) {
  std::erase_if(vpc.policies, [&](const auto& each) { return each.groups == groups; });
  vpc.policies.push_back({std::move(groups), std::move(ingress), std::move(egress)});
  std::sort(vpc.policies.begin(), vpc.policies.end());
}

void add_instance(plan::VpcPlan& vpc, uint8_t host, const std::string& netns, std::vector<uint32_t> groups) {
  plan::Port port;
  port.interface_id = "eni-" + std::to_string(vpc.number) + "-" + std::to_string(host);
  port.netns = netns;
  port.address = IpAddress::from_v4(0x0a000100U + host);
  port.subnet = Cidr(ip("10.0.1.0"), 24);
  port.mac.bytes = {0x02, 0, 0, 0, static_cast<uint8_t>(vpc.number), host};
  port.groups = groups;
  port.synthetic = IpAddress::from_v4(0x64400000U + (vpc.number << 8) + host);
  port.resolver = ip("10.0.0.2");
  vpc.addresses.push_back({port.address, port.interface_id, groups, true});
  vpc.ports.push_back(port);
}

void add_endpoint(plan::VpcPlan& vpc, uint8_t host, uint16_t port, plan::LinkNumber number, uint32_t group,
                  uint16_t target_port) {
  const IpAddress address = IpAddress::from_v4(0x0a000100U + host);
  vpc.addresses.push_back({address, "eni-endpoint-" + std::to_string(number), {group}, false});
  vpc.links.push_back({address, port, plan::kTcp, number, "vpce-1", GroupSet{group}, {ip("100.64.0.1"), target_port}});
}

plan::Balancer& add_balancer(plan::VpcPlan& vpc) {
  const uint32_t group = vpc.number * 100 + 50;
  const IpAddress node = ip("10.0.1.50");
  add_policy(vpc, {group}, {allow_all()}, {allow_all()});
  vpc.addresses.push_back({node, "eni-node-" + std::to_string(vpc.number), {group}, false});
  plan::Balancer balancer;
  balancer.number = vpc.number * 1000 + 500;
  balancer.owner = "listener zone";
  balancer.node = node;
  balancer.groups = GroupSet{group};
  vpc.balancers.push_back(balancer);
  plan::Link link{node, 443, plan::kTcp, vpc.number * 1000 + 501, "load balancer", std::nullopt, {}};
  link.balancer = balancer.number;
  vpc.links.push_back(link);
  return vpc.balancers.back();
}

void add_target(plan::VpcPlan& vpc, plan::TargetNumber number, uint8_t host, uint16_t port) {
  vpc.targets.push_back({number, "target-" + std::to_string(number), IpAddress::from_v4(0x0a000100U + host), port});
  vpc.balancers.back().targets.push_back(number);
}

void add_endpoint_of(plan::VpcPlan& vpc, uint8_t host, plan::LinkNumber number, uint32_t group,
                     plan::BalancerNumber balancer) {
  const IpAddress address = IpAddress::from_v4(0x0a000100U + host);
  vpc.addresses.push_back({address, "eni-endpoint-" + std::to_string(number), {group}, false});
  plan::Link link{address, 443, plan::kTcp, number, "vpce-0123456789abcdef0", GroupSet{group}, {}};
  link.balancer = balancer;
  link.endpoint = true;
  vpc.links.push_back(link);
}

plan::VpcPlan two_instances(const std::string& tag, plan::VpcNumber number) {
  auto vpc = vpc_plan(number);
  const std::string suffix = number == 1 ? "" : std::to_string(number);
  add_policy(vpc, {number * 100 + 7}, {}, {allow_all()});
  add_instance(vpc, 5, "i-" + tag + "-a" + suffix, {number * 100 + 7});
  add_instance(vpc, 6, "i-" + tag + "-b" + suffix, {number * 100 + 7});
  return vpc;
}

plan::VpcPlan two_friends(const std::string& tag) {
  auto vpc = two_instances(tag);
  add_policy(vpc, {107}, {allow_all()}, {allow_all()});
  return vpc;
}

void RegionTest::SetUp() {
  OwnNetwork::SetUp();
  if (IsSkipped() || HasFatalFailure()) return;
  if (const auto probe = make_attacher(GetParam(), 1); !probe) {
    ASSERT_EQ(probe.error().code, EINVAL);
    GTEST_SKIP() << "a kernel without tcx";
  }
  open();
}

void RegionTest::TearDown() {
  dataplane_.reset();
  OwnNetwork::TearDown();
}

void RegionTest::open() {
  dataplane_.reset();
  options_.attach = GetParam();
  auto opened = Dataplane::open(host_plan(tag_), options_, log_);
  ASSERT_GOOD(opened);
  dataplane_ = std::move(*opened);
}

uint64_t RegionTest::dropped(const std::string& reason) const {
  const auto drops = dataplane_->drops();
  if (!drops) return 0;
  const auto found = drops->find(reason);
  return found == drops->end() ? 0 : found->second;
}

}  // namespace ginnel::dataplane
