#include "planner/planner.h"

#include <algorithm>
#include <map>
#include <set>

#include "model/services.h"
#include "planner/balancing.h"
#include "planner/endpoint_names.h"
#include "planner/load_balancers.h"
#include "planner/rules.h"
#include "planner/synthetic_pool.h"

namespace ginnel::plan {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr uint64_t kResolverOffset = 2;

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// Of either family, IPv4 first; an interface has one at least.
Result<std::vector<IpAddress>> addresses_of(const model::NetworkInterface& interface) {
  std::vector<IpAddress> out;
  for (const auto& text : {interface.address, interface.address6}) {
    if (text.empty()) continue;
    GINNEL_TRY(const auto address, IpAddress::parse(text));
    out.push_back(address);
  }
  if (out.empty()) return fail("plan", interface.id, "it has no address");
  return out;
}

// Makes one plan; used once.
class VpcPlanner {
 public:
  VpcPlanner(const model::Snapshot& snapshot, const model::Region& region, const model::Vpc& vpc,
             const HostFacts& facts, const HostPlan& host)
      : snapshot_(snapshot), region_(region), vpc_(vpc), host_(host), big_tcp_(facts.big_tcp), pool_(host, facts) {}

  Result<VpcPlan> make() {
    plan_.number = vpc_.number;
    plan_.vpc_id = vpc_.id;
    plan_.revision = snapshot_.revision;
    plan_.dns_support = vpc_.dns_support;
    GINNEL_TRY(cidr_, Cidr::parse(vpc_.cidr));
    plan_.cidrs = {cidr_};
    for (const auto& block : vpc_.ipv6_blocks) {
      GINNEL_TRY(const Cidr cidr, Cidr::parse(block.cidr));
      plan_.cidrs.push_back(cidr);
    }
    for (const auto* interface : snapshot_.table<model::NetworkInterface>().referring_to(vpc_.id)) {
      GINNEL_CHECKED(add_interface(*interface));
    }
    for (const auto* endpoint : snapshot_.table<model::VpcEndpoint>().referring_to(vpc_.id)) {
      if (in_force(*endpoint)) GINNEL_CHECKED(add_endpoint(*endpoint));
    }
    for (const auto* balancer : snapshot_.table<model::LoadBalancer>().referring_to(vpc_.id)) {
      GINNEL_CHECKED(add_load_balancer(*balancer));
    }
    if (vpc_.dns_support) GINNEL_CHECKED(add_resolver());
    add_names(private_names_, plan_.private_names);
    add_names(public_names_, plan_.public_names);
    sort_unique(plan_.cidrs);
    sort_unique(plan_.ports);
    sort_unique(plan_.policies);
    sort_unique(plan_.addresses);
    sort_unique(plan_.links);
    sort_unique(plan_.targets);
    sort_unique(plan_.balancers);
    sort_unique(plan_.probes);
    sort_unique(plan_.public_names);
    return std::move(plan_);
  }

 private:
  static bool in_force(const model::VpcEndpoint& endpoint) {
    return endpoint.state == "pending" || endpoint.state == "available";
  }
  static bool in_force(const model::Instance& instance) {
    return instance.state == "pending" || instance.state == "running";
  }

  // An interface whose owner is on its way out contributes nothing; one without an owner is an address to talk to.
  Status add_interface(const model::NetworkInterface& interface) {
    const model::Instance* instance = snapshot_.find<model::Instance>(interface.instance);
    if (!interface.instance.empty() && (!instance || !in_force(*instance))) return {};
    if (!interface.endpoint.empty()) {
      const auto* endpoint = snapshot_.find<model::VpcEndpoint>(interface.endpoint);
      if (!endpoint || !in_force(*endpoint)) return {};
    }
    GINNEL_TRY(const auto groups, add_policy(interface));
    GINNEL_TRY(const auto addresses, addresses_of(interface));
    const bool local = instance || !interface.port.kind.empty();
    for (const auto& address : addresses) plan_.addresses.push_back({address, interface.id, groups, local});
    return local ? add_port(interface, groups) : Status();
  }

  // The numbers of the interface's groups; their policy is in the plan afterwards.
  Result<std::vector<GroupNumber>> add_policy(const model::NetworkInterface& interface) {
    std::vector<const model::SecurityGroup*> groups;
    std::vector<GroupNumber> numbers;
    for (const auto& id : interface.groups) {
      const auto* group = snapshot_.find<model::SecurityGroup>(id);
      if (!group) return fail("plan", interface.id, "its security group " + id + " is not there");
      groups.push_back(group);
      numbers.push_back(group->number);
    }
    sort_unique(numbers);
    if (planned_groups_.insert(numbers).second) {
      GINNEL_TRY(auto policy, compile_policy(snapshot_, groups));
      plan_.policies.push_back(std::move(policy));
    }
    return numbers;
  }

  // What carries it: a namespace of its own, an instance's; or what the operator attached it to.
  Status set_carrier(const model::NetworkInterface& interface, Port& port) const {
    if (!interface.instance.empty()) {
      port.netns = interface.instance;
      port.big_tcp = big_tcp_;
      return {};
    }
    GINNEL_TRY(port.kind, port_kind(interface.port.kind));
    port.netns = interface.port.netns;
    port.netns_inode = interface.port.netns_inode;
    port.device = interface.port.device;
    port.owner = interface.port.owner;
    return {};
  }

  Status add_port(const model::NetworkInterface& interface, const std::vector<GroupNumber>& groups) {
    const auto* subnet = snapshot_.find<model::Subnet>(interface.subnet);
    if (!subnet) return fail("plan", interface.id, "its subnet " + interface.subnet + " is not there");
    Port port;
    port.interface_id = interface.id;
    GINNEL_CHECKED(set_carrier(interface, port));
    GINNEL_TRY(port.address, IpAddress::parse(interface.address));
    GINNEL_TRY(port.subnet, Cidr::parse(subnet->cidr));
    if (!interface.address6.empty()) {
      GINNEL_TRY(port.address6, IpAddress::parse(interface.address6));
      GINNEL_TRY(port.subnet6, Cidr::parse(subnet->ipv6_cidr));
    }
    GINNEL_TRY(port.mac, MacAddress::parse(interface.mac));
    port.groups = groups;
    port.check_source = interface.source_dest_check;
    GINNEL_TRY(port.synthetic, pool_.assign(interface.id));
    port.resolver = cidr_.base().plus(kResolverOffset);
    port.search_domain = region_.name + ".compute.internal";
    plan_.ports.push_back(std::move(port));
    return {};
  }

  Status add_endpoint(const model::VpcEndpoint& endpoint) {
    const auto service = model::find_service(snapshot_, region_, endpoint.service_name);
    if (!service) return {};
    const auto* balancer = snapshot_.find<model::LoadBalancer>(endpoint.load_balancer);
    if (!endpoint.service.empty() && !balancer) return {};
    const Balancing* balancing = nullptr;
    if (balancer) {
      GINNEL_TRY(balancing, balancing_of(*balancer));
    }
    const auto zones = balancing ? balancing->serving_zones() : std::set<std::string>();
    EndpointNames names(endpoint);
    for (const auto& id : endpoint.interfaces) {
      const auto* interface = snapshot_.find<model::NetworkInterface>(id);
      if (!interface) return fail("plan", endpoint.id, "its network interface " + id + " is not there");
      GINNEL_TRY(const auto addresses, addresses_of(*interface));
      GINNEL_TRY(const auto groups, add_policy(*interface));
      names.add(interface->zone, addresses, !balancing || zones.contains(interface->zone));
      for (const auto& address : addresses) {
        if (balancing) {
          add_endpoint_links(*balancing, endpoint, address, interface->zone, groups, plan_);
        } else {
          add_link(address, service->port, kTcp, endpoint.number, endpoint.id, groups, service->system_port);
        }
      }
    }
    const bool is_private = endpoint.private_dns && vpc_.dns_support && vpc_.dns_hostnames;
    names.name(region_, *service, public_names_, is_private ? &private_names_ : nullptr);
    return {};
  }

  // Read once a plan: many endpoints may stand before one load balancer, and it may have thousands of targets.
  Result<const Balancing*> balancing_of(const model::LoadBalancer& balancer) {
    auto found = balancings_.find(balancer.id);
    if (found == balancings_.end()) {
      GINNEL_TRY(auto read, Balancing::read(snapshot_, region_, balancer));
      found = balancings_.emplace(balancer.id, std::move(read)).first;
    }
    return &found->second;
  }

  Status add_load_balancer(const model::LoadBalancer& balancer) {
    std::optional<std::vector<GroupNumber>> groups;
    if (!balancer.groups.empty()) {
      const auto* interface =
          balancer.nodes.empty() ? nullptr : snapshot_.find<model::NetworkInterface>(balancer.nodes.front().interface);
      if (!interface) return fail("plan", balancer.id, "it has no network interface");
      GINNEL_TRY(groups, add_policy(*interface));
    }
    GINNEL_TRY(const auto* balancing, balancing_of(balancer));
    return plan::add_load_balancer(snapshot_, region_, balancer, *balancing, groups, pool_, plan_);
  }

  Status add_resolver() {
    GINNEL_TRY(const auto well_known, IpAddress::parse(kResolverAddress));
    GINNEL_TRY(const auto well_known6, IpAddress::parse(kResolverAddress6));
    std::vector<IpAddress> addresses = {cidr_.base().plus(kResolverOffset), well_known};
    if (!vpc_.ipv6_blocks.empty()) addresses.push_back(well_known6);
    for (const auto& address : addresses) {
      for (const uint8_t protocol : {kTcp, kUdp}) {
        add_link(address, kDnsPort, protocol, kResolverLinks | vpc_.number, "resolver", std::nullopt, kDnsPort);
      }
    }
    return {};
  }

  void add_link(const IpAddress& address, uint16_t port, uint8_t protocol, LinkNumber number, const std::string& owner,
                std::optional<std::vector<GroupNumber>> groups, uint16_t system_port) {
    plan_.links.push_back(
        {address, port, protocol, number, owner, std::move(groups), {host_.system_address, system_port}});
  }

  static void add_names(const NameMap& names, std::vector<Name>& out) {
    for (const auto& [name, addresses] : names) out.push_back({name, {addresses.begin(), addresses.end()}});
  }

  const model::Snapshot& snapshot_;
  const model::Region& region_;
  const model::Vpc& vpc_;
  const HostPlan& host_;
  bool big_tcp_;
  SyntheticPool pool_;
  Cidr cidr_;
  VpcPlan plan_;
  std::set<std::vector<GroupNumber>> planned_groups_;
  NameMap private_names_, public_names_;
  std::map<std::string, Balancing> balancings_;  // by the load balancer's id
};

}  // namespace

Result<PortKind> port_kind(std::string_view kind) {
  if (kind == "netns") return PortKind::pair;
  if (kind == "tap") return PortKind::tap;
  if (kind == "device") return PortKind::device;
  return fail("plan", "port", "nothing is called '" + std::string(kind) + "' that could carry one");
}

HostPlan plan_host(const model::Region& region, std::string_view tag, const Cidr& synthetic_range) {
  HostPlan plan;
  plan.region = region.name;
  plan.tag = tag;
  plan.synthetic_range = synthetic_range;
  plan.system_address = synthetic_range.base().plus(1);
  plan.dns_suffix = region.dns_suffix;
  std::set<std::string> names;
  for (const auto& service : region.services) {
    names.insert(service.private_dns_names.begin(), service.private_dns_names.end());
  }
  for (const auto& name : names) plan.public_names.push_back({name, {region.public_address}});
  return plan;
}

Result<VpcPlan> plan_vpc(const model::Snapshot& snapshot, const model::Region& region, const std::string& vpc_id,
                         const HostFacts& facts, const HostPlan& host) {
  const auto* vpc = snapshot.find<model::Vpc>(vpc_id);
  if (!vpc) return fail("plan", vpc_id, "there is no such VPC");
  return VpcPlanner(snapshot, region, *vpc, facts, host).make();
}

}  // namespace ginnel::plan
