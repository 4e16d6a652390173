#include "random_region.h"

#include <algorithm>
#include <map>

namespace ginnel::property {
namespace {

constexpr const char* kZone = "ap-northeast-1a";
constexpr const char* kAccount = "111122223333";
constexpr int kGroups = 20;  // of a VPC
constexpr int kForeignGroups = 3, kPrefixLists = 4;

std::string group_id(const std::string& vpc, int n) { return "sg-" + vpc + "-" + std::to_string(n); }

std::string subnet_id(const std::string& vpc, int n) { return "subnet-" + vpc + "-" + std::to_string(n); }

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

std::string prefix_list_id(int n) { return "pl-" + std::to_string(n); }

std::vector<model::PrefixListEntry> random_entries(Random& random, bool ipv6) {
  std::vector<model::PrefixListEntry> out;
  const int count = random.between(0, 4);
  for (int i = 0; i < count; ++i) {
    const Host& near = random.pick(kHosts);
    out.push_back({random_block(random, ipv6 ? near.address6 : near.address), ""});
  }
  return out;
}

// What rules of the VPC's groups name. The API refuses groups of another VPC; a rule that had one would allow nothing.
Peers peers_of(const std::string& vpc) {
  Peers out;
  for (const Host& each : kHosts) {
    if (each.vpc == vpc) out.addresses.insert(out.addresses.end(), {each.address, each.address6});
  }
  for (const auto& each : {kService, kEndpoint, kNode}) {
    out.addresses.insert(out.addresses.end(), {each.ipv4, each.ipv6});
  }
  for (int n = 0; n < kGroups; ++n) out.groups.push_back(group_id(vpc, n));
  for (int n = 0; n < kForeignGroups; ++n) out.groups.push_back(group_id(vpc == "vpc-1" ? "vpc-2" : "vpc-1", n));
  for (int n = 0; n < kPrefixLists; ++n) out.prefix_lists.push_back(prefix_list_id(n));
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
    if (random_.chance(2)) add_rules_of_load_balancing();
    return model::Snapshot().with(change_);
  }

 private:
  void add_vpc(const std::string& vpc, uint32_t number) {
    change_.put(model::Vpc{.id = vpc,
                           .account = kAccount,
                           .number = number,
                           .cidr = "10.0.0.0/16",
                           .ipv6_blocks = {{"vpc-cidr-assoc-" + vpc, "2001:db8:1::/56"}}});
    for (const int n : {1, 2}) {
      change_.put(model::Subnet{.id = subnet_id(vpc, n),
                                .vpc = vpc,
                                .cidr = "10.0." + std::to_string(n) + ".0/24",
                                .zone = kZone,
                                .ipv6_cidr = n == 1 ? "2001:db8:1::/64" : "2001:db8:1:2::/64"});
    }
    for (int n = 0; n < kGroups; ++n) {
      change_.put(model::SecurityGroup{
          .id = group_id(vpc, n), .account = kAccount, .vpc = vpc, .number = number * 100 + static_cast<uint32_t>(n)});
    }
  }

  model::NetworkInterface interface_of(const std::string& id, const std::string& vpc, const std::string& address,
                                       const std::string& address6) {
    groups_[id] = random_groups(random_, vpc);
    return {.id = id,
            .account = kAccount,
            .vpc = vpc,
            .subnet = subnet_id(vpc, address.starts_with("10.0.2.") ? 2 : 1),
            .zone = kZone,
            .address = address,
            .address6 = address6,
            .mac = "02:00:00:00:00:01",
            .groups = groups_[id]};
  }

  void add_instance(const Host& host) {
    auto interface = interface_of(host.interface, host.vpc, host.address, host.address6);
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
    auto node = interface_of("eni-node", "vpc-2", kNode.ipv4, kNode.ipv6);
    node.load_balancer = "arn:lb";
    model::LoadBalancer balancer{
        .id = "arn:lb", .account = kAccount, .vpc = "vpc-2", .name = "lb", .dns_hash = "0123456789abcdef"};
    balancer.nodes = {{node.subnet, kZone, node.id}};
    balancer.ip_address_type = "dualstack";
    balancer.groups = random_.chance(5) ? std::vector<std::string>() : node.groups;
    if (balancer.groups.empty()) node.groups = balancer.groups;
    balancer.judge_private_link = !random_.chance(4);
    model::TargetGroup group{.id = "arn:tg", .account = kAccount, .vpc = "vpc-2", .target_type = "ip"};
    group.port = kTargetPort;
    const bool ipv6 = random_.chance(3);
    if (ipv6) group.ip_address_type = "ipv6";
    group.attributes["preserve_client_ip.enabled"] = random_.chance(2) ? "true" : "false";
    change_.put(group);
    change_.put(model::Target{.id = "arn:tg|t",
                              .group = group.id,
                              .target = ipv6 ? kTarget.ipv6 : kTarget.ipv4,
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

  void add_endpoint(const std::string& id, uint32_t number, const std::string& service_name,
                    const Addresses& addresses) {
    auto interface = interface_of("eni-" + id, "vpc-1", addresses.ipv4, addresses.ipv6);
    interface.endpoint = id;
    model::VpcEndpoint endpoint{.id = id, .account = kAccount, .vpc = "vpc-1", .number = number};
    endpoint.service_name = service_name;
    endpoint.state = "available";
    endpoint.subnets = {interface.subnet};
    endpoint.ip_address_type = "dualstack";
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
    add_endpoint("vpce-1", 5, "com.amazonaws.ap-northeast-1.ec2", kService);
    add_endpoint("vpce-2", 6, "com.amazonaws.vpce.ap-northeast-1.vpce-svc-1", kEndpoint);
  }

  // Of one family each; rules of both VPCs name them.
  void add_prefix_lists() {
    for (int n = 0; n < kPrefixLists; ++n) {
      model::PrefixList list{.id = prefix_list_id(n), .account = kAccount, .max_entries = 8};
      if (n % 2 == 1) list.address_family = "IPv6";
      list.entries = random_entries(random_, n % 2 == 1);
      change_.put(std::move(list));
    }
  }

  // Regions with a few rules and with hundreds.
  void add_rules(const std::string& vpc) {
    const Peers peers = peers_of(vpc);
    const int most = random_.chance(12) ? 110 : random_.pick(std::vector<int>{2, 6, 12});
    for (int n = 0; n < kGroups; ++n) {
      const int count = random_.between(0, most);
      for (int i = 0; i < count; ++i) add_rule(group_id(vpc, n), random_rule(random_, peers));
      // As EC2 makes groups: everything out.
      if (random_.chance(3)) add_rule(group_id(vpc, n), {.egress = true, .cidr_ipv4 = "0.0.0.0/0"});
      if (random_.chance(3)) add_rule(group_id(vpc, n), {.egress = true, .cidr_ipv6 = "::/0"});
    }
  }

  // Clients get as far as the target, whose rules name the node's group, its address, or its neighbours'.
  void add_rules_of_load_balancing() {
    const auto first_group = [&](const std::string& id) { return groups_.at(id).front(); };
    for (const std::string& client : {std::string("eni-a"), std::string("eni-p")}) {
      add_rule(first_group(client), {.egress = true, .cidr_ipv4 = "0.0.0.0/0"});
      add_rule(first_group(client), {.egress = true, .cidr_ipv6 = "::/0"});
    }
    add_rule(first_group("eni-vpce-2"), {.cidr_ipv4 = "0.0.0.0/0"});
    add_rule(first_group("eni-vpce-2"), {.cidr_ipv6 = "::/0"});
    add_rule(first_group("eni-node"), {.cidr_ipv4 = "0.0.0.0/0"});
    add_rule(first_group("eni-node"), {.cidr_ipv6 = "::/0"});
    if (random_.chance(3)) {
      add_rule(first_group("eni-node"), {.egress = true, .referenced_group = first_group("eni-t")});
    } else {
      add_rule(first_group("eni-node"), {.egress = true, .cidr_ipv4 = "0.0.0.0/0"});
      add_rule(first_group("eni-node"), {.egress = true, .cidr_ipv6 = "::/0"});
    }
    model::SecurityGroupRule rule{.protocol = "tcp", .from_port = kTargetPort, .to_port = kTargetPort};
    if (random_.chance(3)) {
      rule.referenced_group = first_group("eni-node");
      add_rule(first_group("eni-t"), rule);
      return;
    }
    rule.cidr_ipv4 = random_block(random_, kNode.ipv4);
    add_rule(first_group("eni-t"), rule);
    rule.cidr_ipv4.clear();
    rule.cidr_ipv6 = random_block(random_, kNode.ipv6);
    add_rule(first_group("eni-t"), rule);
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
  std::map<std::string, std::vector<std::string>> groups_;  // by interface
  int next_rule_ = 0;
};

// A rule less in ten, and a few new ones.
void change_rules(Random& random, const model::Snapshot& snapshot, model::Change& change) {
  for (const auto* rule : snapshot.table<model::SecurityGroupRule>().all()) {
    if (random.chance(10)) change.erase(*rule);
  }
  const int count = random.between(0, 4);
  for (int i = 0; i < count; ++i) {
    const std::string vpc = random.chance(2) ? "vpc-1" : "vpc-2";
    model::SecurityGroupRule rule = random_rule(random, peers_of(vpc));
    rule.id = "sgr-new-" + std::to_string(random.below(1 << 30));
    rule.account = kAccount;
    rule.group = group_id(vpc, random.below(kGroups));
    change.put(std::move(rule));
  }
}

// An interface leaves groups and joins others; with a node's, its load balancer does.
void change_groups(Random& random, const model::Snapshot& snapshot, model::Change& change) {
  const auto interfaces = snapshot.table<model::NetworkInterface>().all();
  model::NetworkInterface interface =
      *interfaces[static_cast<size_t>(random.below(static_cast<int>(interfaces.size())))];
  if (interface.groups.empty()) return;  // of a load balancer that began without groups, which stays so
  interface.groups = random_groups(random, interface.vpc);
  if (!interface.endpoint.empty()) {
    model::VpcEndpoint endpoint = *snapshot.find<model::VpcEndpoint>(interface.endpoint);
    endpoint.groups = interface.groups;
    change.put(std::move(endpoint));
  }
  if (!interface.load_balancer.empty()) {
    model::LoadBalancer balancer = *snapshot.find<model::LoadBalancer>(interface.load_balancer);
    balancer.groups = interface.groups;
    change.put(std::move(balancer));
  }
  change.put(std::move(interface));
}

void change_prefix_list(Random& random, const model::Snapshot& snapshot, model::Change& change) {
  model::PrefixList list = *snapshot.find<model::PrefixList>(prefix_list_id(random.below(kPrefixLists)));
  list.entries = random_entries(random, list.address_family == "IPv6");
  change.put(std::move(list));
}

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

model::Snapshot changed(Random& random, const model::Snapshot& snapshot) {
  model::Change change;
  change_rules(random, snapshot, change);
  if (random.chance(2)) change_groups(random, snapshot, change);
  if (random.chance(4)) change_prefix_list(random, snapshot, change);
  return snapshot.with(change);
}

model::Snapshot without_rules(const model::Snapshot& snapshot) {
  model::Change change;
  for (const auto* rule : snapshot.table<model::SecurityGroupRule>().all()) change.erase(*rule);
  return snapshot.with(change);
}

}  // namespace ginnel::property
