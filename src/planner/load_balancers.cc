#include "planner/load_balancers.h"

#include <algorithm>

#include "model/attributes.h"
#include "model/services.h"

namespace ginnel::plan {
namespace {

uint16_t to_port(int32_t port) { return static_cast<uint16_t>(port); }

Probe::Protocol probe_protocol(const std::string& protocol) {
  if (protocol == "HTTP") return Probe::Protocol::http;
  return protocol == "HTTPS" ? Probe::Protocol::https : Probe::Protocol::tcp;
}

class LoadBalancerPlanner {
 public:
  LoadBalancerPlanner(const model::Snapshot& snapshot, const model::Region& region, const model::LoadBalancer& balancer,
                      const Balancing& balancing, const std::optional<std::vector<GroupNumber>>& groups,
                      SyntheticPool& pool, VpcPlan& plan)
      : snapshot_(snapshot),
        region_(region),
        balancer_(balancer),
        balancing_(balancing),
        groups_(groups),
        pool_(pool),
        plan_(plan) {}

  Status add() {
    GINNEL_CHECKED(read_nodes());
    for (const auto& listener : balancing_.listeners()) {
      for (const auto& [zone, node] : nodes_) {
        add_links(*listener.listener, node.address, balancing_.number(*listener.listener, zone));
        if (node.address6) add_links(*listener.listener, *node.address6, balancing_.number(*listener.listener, zone));
        add_balancer(listener, zone, node);
      }
      for (const auto& placed : balancing_.kept(listener)) add_target(placed);
      for (const auto& placed : listener.targets) GINNEL_CHECKED(add_probe(*listener.group, placed));
    }
    add_names(balancing_.serving_zones());
    return {};
  }

 private:
  struct Node {
    IpAddress address;
    std::optional<IpAddress> address6;
  };

  Status read_nodes() {
    for (const auto& node : balancer_.nodes) {
      const auto* interface = snapshot_.find<model::NetworkInterface>(node.interface);
      if (!interface) return fail("plan", balancer_.id, "its network interface " + node.interface + " is not there");
      GINNEL_TRY(nodes_[node.zone].address, IpAddress::parse(interface->address));
      if (interface->address6.empty()) continue;
      GINNEL_TRY(nodes_[node.zone].address6, IpAddress::parse(interface->address6));
    }
    return {};
  }

  void add_links(const model::Listener& listener, const IpAddress& node, BalancerNumber number) {
    for (const auto protocol : protocols_of(listener.protocol)) {
      Link link;
      link.address = node;
      link.port = to_port(listener.port);
      link.protocol = protocol;
      link.number = kListenerLinks | listener.number;
      link.owner = balancer_.id;
      link.balancer = number;
      plan_.links.push_back(std::move(link));
    }
  }

  void add_balancer(const Balancing::Listener& listener, const std::string& zone, const Node& node) {
    const auto& group = *listener.group;
    Balancer out;
    out.number = balancing_.number(*listener.listener, zone);
    out.owner = listener.listener->id + " " + zone;
    out.node = node.address;
    out.node6 = node.address6;
    out.groups = groups_;
    out.judge_endpoints = balancer_.judge_private_link;
    out.preserve_client = model::preserves_client_ip(group);
    out.proxy_header = model::sends_proxy_header(group);
    out.sticky = model::is_sticky(group);
    out.idle_timeout_s = model::idle_timeout_s(*listener.listener);
    out.targets = balancing_.chosen(listener, zone);
    plan_.balancers.push_back(std::move(out));
  }

  void add_target(const PlacedTarget& placed) {
    plan_.targets.push_back({placed.target->number, placed.target->id, placed.address, to_port(placed.target->port)});
  }

  // From the node of the target's own zone; a target of all zones is probed from the first.
  Status add_probe(const model::TargetGroup& group, const PlacedTarget& placed) {
    const auto& check = group.health_check;
    Probe probe;
    GINNEL_TRY(probe.address, pool_.assign(placed.target->id));
    probe.port = check.port == "traffic-port" ? to_port(placed.target->port) : to_port(std::stoi(check.port));
    probe.target = placed.target->id;
    probe.target_address = placed.address;
    const auto own = nodes_.find(placed.zone);
    const Node& node = own == nodes_.end() ? nodes_.begin()->second : own->second;
    if (!placed.address.is_v4() && !node.address6) return {};  // the load balancer cannot reach it
    probe.node = placed.address.is_v4() ? node.address : *node.address6;
    probe.groups = groups_;
    probe.protocol = probe_protocol(check.protocol);
    probe.path = check.path;
    probe.matcher = check.matcher;
    probe.interval_s = static_cast<uint32_t>(check.interval_s);
    probe.timeout_s = static_cast<uint32_t>(check.timeout_s);
    probe.healthy_threshold = static_cast<uint32_t>(check.healthy_threshold);
    probe.unhealthy_threshold = static_cast<uint32_t>(check.unhealthy_threshold);
    probe.proxy_header = model::sends_proxy_header(group);
    probe.health = placed.target->health;
    plan_.probes.push_back(std::move(probe));
    return {};
  }

  void add_names(const std::set<std::string>& serving) {
    Name regional{model::load_balancer_name(region_, balancer_), {}};
    for (const auto& [zone, node] : nodes_) {
      Name zonal{model::load_balancer_name(region_, balancer_, zone), {node.address}};
      if (node.address6) zonal.addresses.push_back(*node.address6);
      std::sort(zonal.addresses.begin(), zonal.addresses.end());
      if (serving.contains(zone)) {
        regional.addresses.insert(regional.addresses.end(), zonal.addresses.begin(), zonal.addresses.end());
      }
      plan_.public_names.push_back(std::move(zonal));
    }
    std::sort(regional.addresses.begin(), regional.addresses.end());
    plan_.public_names.push_back(std::move(regional));
  }

  const model::Snapshot& snapshot_;
  const model::Region& region_;
  const model::LoadBalancer& balancer_;
  const Balancing& balancing_;
  const std::optional<std::vector<GroupNumber>>& groups_;
  SyntheticPool& pool_;
  VpcPlan& plan_;
  std::map<std::string, Node> nodes_;  // by zone
};

}  // namespace

std::vector<uint8_t> protocols_of(const std::string& protocol) {
  if (protocol == "TCP_UDP") return {kTcp, kUdp};
  return {protocol == "UDP" ? kUdp : kTcp};
}

Status add_load_balancer(const model::Snapshot& snapshot, const model::Region& region,
                         const model::LoadBalancer& balancer, const Balancing& balancing,
                         const std::optional<std::vector<GroupNumber>>& groups, SyntheticPool& pool, VpcPlan& plan) {
  return LoadBalancerPlanner(snapshot, region, balancer, balancing, groups, pool, plan).add();
}

void add_endpoint_links(const Balancing& balancing, const model::VpcEndpoint& endpoint, const IpAddress& address,
                        const std::string& zone, const std::vector<GroupNumber>& groups, VpcPlan& plan) {
  for (const auto& view : balancing.listeners()) {
    for (const auto protocol : protocols_of(view.listener->protocol)) {
      Link link;
      link.address = address;
      link.port = to_port(view.listener->port);
      link.protocol = protocol;
      link.number = endpoint.number;
      link.owner = endpoint.id;
      link.groups = groups;
      link.balancer = balancing.number(*view.listener, zone);
      link.endpoint = true;
      plan.links.push_back(std::move(link));
    }
  }
}

}  // namespace ginnel::plan
