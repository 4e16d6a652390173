// Properties of plans over random regions.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <set>

#include "planner/planner.h"
#include "planner/print.h"

namespace ginnel::plan {
namespace {

const std::vector<std::string> kStates = {"pending", "available", "deleting", "rejected"};
const std::vector<std::string> kInstanceStates = {"pending", "running", "shutting-down"};
const std::vector<std::string> kProtocols = {"tcp", "udp", "icmp", "-1", "47"};

model::Region region_with_services() {
  model::Region region;
  region.name = "ap-northeast-1";
  for (const char* code : {"ec2", "ssm"}) {
    model::Service service;
    service.code = code;
    service.name = code;
    service.private_dns_names = {std::string(code) + ".amazonaws.com"};
    region.services.push_back(service);
  }
  return region;
}

HostPlan host() { return plan_host(region_with_services(), "0a1b2c3d", Cidr::parse("100.64.0.0/10").value()); }

std::string address(int n) { return "10.0.1." + std::to_string(n); }
std::string address6(int n) { return "2001:db8::" + std::to_string(n); }

// A load balancer with a listener and targets, some of them twice, gone, draining, or beyond its zone.
void add_random_balancer(const std::string& letter, uint32_t number, const std::string& vpc,
                         std::vector<model::Resource>& out) {
  const std::string id = "lb-" + letter;
  model::LoadBalancer balancer{.id = id, .vpc = vpc, .name = id, .dns_hash = "h"};
  balancer.nodes = {{"subnet-" + letter, "ap-northeast-1a", "eni-lb-" + letter}};
  balancer.judge_private_link = *rc::gen::arbitrary<bool>();
  out.push_back(model::NetworkInterface{.id = "eni-lb-" + letter,
                                        .vpc = vpc,
                                        .subnet = "subnet-" + letter,
                                        .zone = "ap-northeast-1a",
                                        .address = address(200),
                                        .address6 = *rc::gen::element<std::string>("", address6(200)),
                                        .mac = "02:00:00:00:00:01",
                                        .load_balancer = id});
  model::TargetGroup group{.id = "tg-" + letter, .vpc = vpc, .target_type = "ip"};
  group.protocol = *rc::gen::element<std::string>("TCP", "UDP", "TCP_UDP");
  const int count = *rc::gen::inRange(0, 6);
  for (int n = 0; n < count; ++n) {
    model::Target target{.id = group.id + "|" + std::to_string(n), .group = group.id};
    target.target = *rc::gen::element<std::string>(address(10 + n), address6(10 + n));
    target.port = 80;
    target.number = number * 1000 + static_cast<uint32_t>(n);
    target.health = *rc::gen::element<std::string>("initial", "healthy", "unhealthy");
    target.zone = *rc::gen::element<std::string>("", "all", "ap-northeast-1c");
    target.deregistered = *rc::gen::inRange(0, 2);
    out.push_back(target);
  }
  const int listeners = *rc::gen::inRange(0, 3);
  for (int n = 0; n < listeners; ++n) {
    model::Listener listener{.id = "l-" + letter + std::to_string(n), .load_balancer = id, .target_group = group.id};
    listener.number = number * 10 + static_cast<uint32_t>(n);
    listener.protocol = group.protocol;
    listener.port = 80 + n;
    out.push_back(listener);
  }
  out.push_back(balancer);
  out.push_back(group);
}

// The resources of one VPC, in which every id carries the VPC's own letter.
std::vector<model::Resource> random_vpc(const std::string& letter, uint32_t number) {
  std::vector<model::Resource> out;
  const std::string vpc = "vpc-" + letter;
  model::Vpc row{.id = vpc, .number = number, .cidr = "10.0.0.0/16"};
  row.dns_support = *rc::gen::arbitrary<bool>();
  row.dns_hostnames = *rc::gen::arbitrary<bool>();
  out.push_back(row);
  out.push_back(model::Subnet{.id = "subnet-" + letter,
                              .vpc = vpc,
                              .cidr = "10.0.1.0/24",
                              .zone = "ap-northeast-1a",
                              .ipv6_cidr = "2001:db8::/64"});
  const int group_count = *rc::gen::inRange(1, 5);
  const auto group = [&](int n) { return "sg-" + letter + std::to_string(n); };
  for (int n = 0; n < group_count; ++n) {
    out.push_back(model::SecurityGroup{.id = group(n), .vpc = vpc, .number = number * 100 + n});
  }
  const int rule_count = *rc::gen::inRange(0, 8);
  for (int n = 0; n < rule_count; ++n) {
    model::SecurityGroupRule rule{.id = "sgr-" + letter + std::to_string(n)};
    rule.group = group(*rc::gen::inRange(0, group_count));
    rule.egress = *rc::gen::arbitrary<bool>();
    rule.protocol = *rc::gen::elementOf(kProtocols);
    rule.from_port = rule.to_port = *rc::gen::inRange(-1, 255);
    // One past the last names a group that is not there.
    if (*rc::gen::arbitrary<bool>()) {
      rule.referenced_group = group(*rc::gen::inRange(0, group_count + 1));
    } else {
      rule.cidr_ipv4 = "10.0.0.0/" + std::to_string(*rc::gen::inRange(0, 33));
    }
    out.push_back(rule);
  }
  const int interface_count = *rc::gen::inRange(0, 10);
  for (int n = 0; n < interface_count; ++n) {
    model::NetworkInterface interface { .id = "eni-" + letter + std::to_string(n), .vpc = vpc };
    interface.subnet = "subnet-" + letter;
    interface.zone = "ap-northeast-1a";
    interface.address = address(10 + n);
    if (*rc::gen::arbitrary<bool>()) interface.address6 = address6(10 + n);
    interface.mac = "02:00:00:00:00:01";
    for (int g = 0; g < group_count; ++g) {
      if (*rc::gen::arbitrary<bool>()) interface.groups.push_back(group(g));
    }
    const std::string owner = letter + std::to_string(n);
    const int kind = *rc::gen::inRange(0, 3);
    if (kind == 0) {
      interface.instance = "i-" + owner;
      out.push_back(model::Instance{.id = interface.instance,
                                    .vpc = vpc,
                                    .subnet = interface.subnet,
                                    .interface = interface.id,
                                    .state = *rc::gen::elementOf(kInstanceStates)});
    } else if (kind == 1) {
      interface.endpoint = "vpce-" + owner;
      model::VpcEndpoint endpoint{.id = interface.endpoint, .vpc = vpc, .number = number * 1000 + n};
      endpoint.service_name = *rc::gen::element<std::string>("ec2", "ssm", "unknown");
      endpoint.state = *rc::gen::elementOf(kStates);
      endpoint.private_dns = *rc::gen::arbitrary<bool>();
      endpoint.interfaces = {interface.id};
      endpoint.dns_hash = "h";
      endpoint.dns_record_ip_type = *rc::gen::element<std::string>("ipv4", "ipv6", "dualstack", "service-defined");
      out.push_back(endpoint);
    }
    out.push_back(interface);
  }
  if (*rc::gen::arbitrary<bool>()) add_random_balancer(letter, number, vpc, out);
  return out;
}

model::Snapshot build(const std::vector<model::Resource>& resources) {
  model::Change change;
  change.puts = resources;
  return model::Snapshot().with(change);
}

VpcPlan plan_a(const model::Snapshot& snapshot, const HostFacts& facts = {}) {
  auto plan = plan_vpc(snapshot, region_with_services(), "vpc-a", facts, host());
  RC_ASSERT(plan.has_value());
  return *plan;
}

TEST(PlanProperties, TheOrderInWhichResourcesAppearDoesNotMatter) {
  EXPECT_TRUE(rc::check("insertion order", [] {
    auto resources = random_vpc("a", 1);
    const auto plan = plan_a(build(resources));
    RC_ASSERT(plan == plan_a(build(resources)));
    std::reverse(resources.begin(), resources.end());
    RC_ASSERT(plan == plan_a(build(resources)));
    const auto seed = *rc::gen::arbitrary<uint32_t>();
    std::mt19937 engine(seed);
    std::shuffle(resources.begin(), resources.end(), engine);
    RC_ASSERT(print(plan) == print(plan_a(build(resources))));
  }));
}

TEST(PlanProperties, AnotherVpcLeavesNoTrace) {
  EXPECT_TRUE(rc::check("isolation", [] {
    auto resources = random_vpc("a", 1);
    const auto plan = plan_a(build(resources));
    const auto others = random_vpc("b", 2);
    resources.insert(resources.end(), others.begin(), others.end());
    RC_ASSERT(plan == plan_a(build(resources)));
  }));
}

TEST(PlanProperties, EverythingIsSortedAndHeldTogether) {
  EXPECT_TRUE(rc::check("order and references", [] {
    const auto plan = plan_a(build(random_vpc("a", 1)));
    RC_ASSERT(std::is_sorted(plan.ports.begin(), plan.ports.end()));
    RC_ASSERT(std::is_sorted(plan.policies.begin(), plan.policies.end()));
    RC_ASSERT(std::is_sorted(plan.addresses.begin(), plan.addresses.end()));
    RC_ASSERT(std::is_sorted(plan.links.begin(), plan.links.end()));
    RC_ASSERT(std::is_sorted(plan.balancers.begin(), plan.balancers.end()));
    RC_ASSERT(std::is_sorted(plan.targets.begin(), plan.targets.end()));
    RC_ASSERT(std::is_sorted(plan.probes.begin(), plan.probes.end()));
    std::set<TargetNumber> targets;
    std::set<BalancerNumber> balancers;
    for (const auto& target : plan.targets) RC_ASSERT(targets.insert(target.number).second);
    for (const auto& balancer : plan.balancers) {
      RC_ASSERT(balancers.insert(balancer.number).second);
      for (const auto number : balancer.targets) RC_ASSERT(targets.contains(number));
    }
    for (const auto& link : plan.links) RC_ASSERT(link.balancer == 0 || balancers.contains(link.balancer));
    RC_ASSERT(std::is_sorted(plan.private_names.begin(), plan.private_names.end()));
    RC_ASSERT(std::is_sorted(plan.public_names.begin(), plan.public_names.end()));
    std::set<std::vector<GroupNumber>> policies;
    for (const auto& policy : plan.policies) RC_ASSERT(policies.insert(policy.groups).second);
    std::set<IpAddress> local;
    for (const auto& address : plan.addresses) {
      RC_ASSERT(policies.count(address.groups) == 1U);
      if (address.local) local.insert(address.address);
    }
    std::set<IpAddress> ports, synthetic;
    for (const auto& port : plan.ports) {
      ports.insert(port.address);
      if (port.address6) ports.insert(*port.address6);
      RC_ASSERT(port.address6.has_value() == port.subnet6.has_value());
      RC_ASSERT(synthetic.insert(port.synthetic).second);
      RC_ASSERT(host().synthetic_range.contains(port.synthetic));
    }
    RC_ASSERT(local == ports);
    for (const auto& link : plan.links) {
      if (link.groups) RC_ASSERT(policies.count(*link.groups) == 1U);
    }
  }));
}

TEST(PlanProperties, SyntheticAddressesStayOnceTheyAreKnown) {
  EXPECT_TRUE(rc::check("synthetic addresses", [] {
    const auto snapshot = build(random_vpc("a", 1));
    HostFacts facts;
    facts.synthetic["eni-elsewhere"] = host().synthetic_range.base().plus(*rc::gen::inRange(16, 40));
    for (const auto& port : plan_a(snapshot, facts).ports) {
      if (*rc::gen::arbitrary<bool>()) facts.synthetic[port.interface_id] = port.synthetic;
    }
    std::set<IpAddress> used = {facts.synthetic["eni-elsewhere"]};
    for (const auto& port : plan_a(snapshot, facts).ports) {
      const auto known = facts.synthetic.find(port.interface_id);
      if (known != facts.synthetic.end()) RC_ASSERT(known->second == port.synthetic);
      RC_ASSERT(used.insert(port.synthetic).second);
    }
  }));
}

}  // namespace
}  // namespace ginnel::plan
