#include "random_region.h"

#include <algorithm>

namespace ginnel::property {
namespace {

constexpr const char* kZone = "ap-northeast-1a";
constexpr const char* kAccount = "111122223333";
constexpr int kGroups = 20;  // of a VPC

std::string group_id(const std::string& vpc, int n) { return "sg-" + vpc + "-" + std::to_string(n); }

// Mostly a few; sometimes as many as there may be.
std::vector<std::string> random_groups(Random& random, const std::string& vpc) {
  const int count = random.chance(6) ? 16 : random.between(1, 3);
  std::vector<std::string> out;
  for (int n = 0; n < kGroups; ++n) out.push_back(group_id(vpc, n));
  for (int i = 0; i < count; ++i)
    std::swap(out[static_cast<size_t>(i)], out[static_cast<size_t>(random.between(i, kGroups - 1))]);
  out.resize(static_cast<size_t>(count));
  return out;
}

class Builder {
 public:
  Builder(Random& random, std::string prefix) : random_(random), prefix_(std::move(prefix)) {}

  model::Snapshot build() {
    add_vpc("vpc-1", 1);
    add_vpc("vpc-2", 2);
    for (const Host& each : kHosts) add_instance(each);
    add_load_balancer();
    add_endpoints();
    add_prefix_lists();
    add_rules("vpc-1");
    add_rules("vpc-2");
    return model::Snapshot().with(change_);
  }

 private:
  void add_vpc(const std::string& vpc, uint32_t number) {
    change_.put(model::Vpc{.id = vpc, .account = kAccount, .number = number, .cidr = "10.0.0.0/16"});
    change_.put(model::Subnet{.id = "subnet-" + vpc, .vpc = vpc, .cidr = "10.0.0.0/16", .zone = kZone});
    for (int n = 0; n < kGroups; ++n) {
      change_.put(model::SecurityGroup{
          .id = group_id(vpc, n), .account = kAccount, .vpc = vpc, .number = number * 100 + static_cast<uint32_t>(n)});
    }
  }

  model::NetworkInterface interface_of(const std::string& id, const std::string& vpc, const std::string& address) {
    return {.id = id,
            .account = kAccount,
            .vpc = vpc,
            .subnet = "subnet-" + vpc,
            .zone = kZone,
            .address = address,
            .mac = "02:00:00:00:00:01",
            .groups = random_groups(random_, vpc)};
  }

  void add_instance(const Host& host) {
    auto interface = interface_of(host.interface, host.vpc, host.address);
    interface.mac = host.mac;
    interface.instance = prefix_ + "-" + host.name;
    change_.put(model::Instance{.id = interface.instance,
                                .account = kAccount,
                                .vpc = host.vpc,
                                .subnet = interface.subnet,
                                .interface = interface.id,
                                .state = "running"});
    change_.put(interface);
  }

  void add_load_balancer() {
    auto node = interface_of("eni-node", "vpc-2", kNodeAddress);
    node.load_balancer = "arn:lb";
    model::LoadBalancer balancer{
        .id = "arn:lb", .account = kAccount, .vpc = "vpc-2", .name = "lb", .dns_hash = "0123456789abcdef"};
    balancer.nodes = {{node.subnet, kZone, node.id}};
    balancer.groups = random_.chance(5) ? std::vector<std::string>() : node.groups;
    if (balancer.groups.empty()) node.groups = balancer.groups;
    balancer.judge_private_link = !random_.chance(4);
    model::TargetGroup group{.id = "arn:tg", .account = kAccount, .vpc = "vpc-2", .target_type = "ip"};
    group.port = kTargetPort;
    group.attributes["preserve_client_ip.enabled"] = random_.chance(2) ? "true" : "false";
    change_.put(group);
    change_.put(model::Target{.id = "arn:tg|t",
                              .group = group.id,
                              .target = kTargetAddress,
                              .port = kTargetPort,
                              .number = 11,
                              .health = "healthy"});
    model::Listener listener{.id = "arn:l", .account = kAccount, .load_balancer = "arn:lb", .target_group = group.id};
    listener.number = 7;
    listener.port = kListenerPort;
    change_.put(listener);
    change_.put(balancer);
    change_.put(node);
    change_.put(model::EndpointService{
        .id = "vpce-svc-1", .account = kAccount, .load_balancers = {"arn:lb"}, .zones = {kZone}});
  }

  void add_endpoint(const std::string& id, uint32_t number, const std::string& service_name, const char* address) {
    auto interface = interface_of("eni-" + id, "vpc-1", address);
    interface.endpoint = id;
    model::VpcEndpoint endpoint{.id = id, .account = kAccount, .vpc = "vpc-1", .number = number};
    endpoint.service_name = service_name;
    endpoint.state = "available";
    endpoint.subnets = {interface.subnet};
    endpoint.groups = interface.groups;
    endpoint.interfaces = {interface.id};
    endpoint.private_dns = false;
    endpoint.dns_hash = "h4sh0000";
    if (id == "vpce-2") {
      endpoint.service = "vpce-svc-1";
      endpoint.load_balancer = "arn:lb";
    }
    change_.put(interface);
    change_.put(endpoint);
  }

  void add_endpoints() {
    add_endpoint("vpce-1", 5, "com.amazonaws.ap-northeast-1.ec2", kServiceAddress);
    add_endpoint("vpce-2", 6, "com.amazonaws.vpce.ap-northeast-1.vpce-svc-1", kEndpointAddress);
  }

  // Of one family each; rules of both VPCs name them.
  void add_prefix_lists() {
    for (int n = 0; n < 4; ++n) {
      model::PrefixList list{.id = "pl-" + std::to_string(n), .account = kAccount, .max_entries = 8};
      if (n % 2 == 1) list.address_family = "IPv6";
      const int count = random_.between(0, 4);
      for (int i = 0; i < count; ++i) {
        const Host& near = random_.pick(kHosts);
        list.entries.push_back({random_block(random_, n % 2 == 1 ? near.address6 : near.address), ""});
      }
      prefix_lists_.push_back(list.id);
      change_.put(std::move(list));
    }
  }

  // Regions with a few rules and with hundreds.
  void add_rules(const std::string& vpc) {
    Peers peers;
    for (const Host& each : kHosts) {
      if (each.vpc == vpc) peers.addresses.insert(peers.addresses.end(), {each.address, each.address6});
    }
    peers.addresses.insert(peers.addresses.end(), {kServiceAddress, kEndpointAddress, kNodeAddress});
    for (int n = 0; n < kGroups; ++n) peers.groups.push_back(group_id(vpc, n));
    peers.prefix_lists = prefix_lists_;
    const int most = random_.chance(12) ? 110 : random_.pick(std::vector<int>{2, 6, 12});
    for (int n = 0; n < kGroups; ++n) {
      const int count = random_.between(0, most);
      for (int i = 0; i < count; ++i) add_rule(group_id(vpc, n), random_rule(random_, peers));
      // As EC2 makes groups: everything out.
      if (random_.chance(3)) add_rule(group_id(vpc, n), {.egress = true, .cidr_ipv4 = "0.0.0.0/0"});
      if (random_.chance(3)) add_rule(group_id(vpc, n), {.egress = true, .cidr_ipv6 = "::/0"});
    }
  }

  void add_rule(const std::string& group, model::SecurityGroupRule rule) {
    rule.id = "sgr-" + std::to_string(next_rule_++);
    rule.account = kAccount;
    rule.group = group;
    change_.put(std::move(rule));
  }

  Random& random_;
  const std::string prefix_;
  model::Change change_;
  int next_rule_ = 0;
  std::vector<std::string> prefix_lists_;
};

}  // namespace

const Host& host(const std::string& name) {
  return *std::find_if(kHosts.begin(), kHosts.end(), [&](const Host& each) { return each.name == name; });
}

model::Region region() {
  model::Region out;
  out.name = "ap-northeast-1";
  out.zones = {{kZone, "apne1-az1"}};
  model::Service service;
  service.code = "ec2";
  service.name = "com.amazonaws.ap-northeast-1.ec2";
  service.id = model::service_id(service.name);
  service.zones = {kZone};
  out.services.push_back(service);
  return out;
}

model::Snapshot random_region(Random& random, const std::string& prefix) { return Builder(random, prefix).build(); }

model::Snapshot without_rules(const model::Snapshot& snapshot) {
  model::Change change;
  for (const auto* rule : snapshot.table<model::SecurityGroupRule>().all()) change.erase(*rule);
  return snapshot.with(change);
}

}  // namespace ginnel::property
