#include "planner/balancing.h"

#include <algorithm>
#include <optional>

#include "model/attributes.h"

namespace ginnel::plan {
namespace {

constexpr BalancerNumber kZonesPerListener = 256;

bool in_force(const model::Instance& instance) { return instance.state == "pending" || instance.state == "running"; }

// The zone of the subnet that has the address; empty where none has.
Result<std::string> zone_of(const model::Snapshot& snapshot, const std::string& vpc, const IpAddress& address) {
  for (const auto* subnet : snapshot.table<model::Subnet>().referring_to(vpc)) {
    const auto& text = address.is_v4() ? subnet->cidr : subnet->ipv6_cidr;
    if (text.empty()) continue;
    GINNEL_TRY(const auto cidr, Cidr::parse(text));
    if (cidr.contains(address)) return subnet->zone;
  }
  return std::string();
}

// No value where the target has no address now, such as a terminated instance.
Result<std::optional<PlacedTarget>> place(const model::Snapshot& snapshot, const model::TargetGroup& group,
                                          const model::Target& target) {
  PlacedTarget out{&target, {}, target.zone};
  if (group.target_type == "instance") {
    const auto* instance = snapshot.find<model::Instance>(target.target);
    if (!instance || !in_force(*instance)) return std::nullopt;
    const auto* interface = snapshot.find<model::NetworkInterface>(instance->interface);
    if (!interface || interface->vpc != group.vpc) return std::nullopt;
    const auto& text = group.ip_address_type == "ipv6" ? interface->address6 : interface->address;
    if (text.empty()) return std::nullopt;
    GINNEL_TRY(out.address, IpAddress::parse(text));
    out.zone = interface->zone;
    return out;
  }
  GINNEL_TRY(out.address, IpAddress::parse(target.target));
  if (out.zone == "all") {
    out.zone.clear();
  } else if (out.zone.empty()) {
    GINNEL_TRY(out.zone, zone_of(snapshot, group.vpc, out.address));
  }
  return out;
}

bool is_healthy(const PlacedTarget& placed) { return placed.target->health == "healthy"; }

size_t count_healthy(const std::vector<PlacedTarget>& targets) {
  return static_cast<size_t>(std::count_if(targets.begin(), targets.end(), is_healthy));
}

}  // namespace

Result<Balancing> Balancing::read(const model::Snapshot& snapshot, const model::Region& region,
                                  const model::LoadBalancer& balancer) {
  Balancing out(region, balancer);
  std::set<std::string> zones = {""};
  for (const auto& node : balancer.nodes) zones.insert(node.zone);
  for (const auto* listener : snapshot.table<model::Listener>().referring_to(balancer.id)) {
    const auto* group = snapshot.find<model::TargetGroup>(listener->target_group);
    if (!group) return fail("plan", listener->id, "its target group " + listener->target_group + " is not there");
    Listener view{listener, group, {}, {}, model::cross_zone(*group, balancer)};
    for (const auto* target : snapshot.table<model::Target>().referring_to(group->id)) {
      auto placed = place(snapshot, *group, *target);
      if (!placed) return fail("plan", target->id, placed.error().text());
      if (!*placed || !zones.contains((*placed)->zone)) continue;
      (target->deregistered == 0 ? view.targets : view.draining).push_back(**placed);
    }
    out.listeners_.push_back(std::move(view));
  }
  return out;
}

std::vector<PlacedTarget> Balancing::candidates(const Listener& listener, const std::string& zone) const {
  if (listener.cross_zone) return listener.targets;
  std::vector<PlacedTarget> out;
  std::copy_if(listener.targets.begin(), listener.targets.end(), std::back_inserter(out),
               [&](const PlacedTarget& placed) { return placed.zone.empty() || placed.zone == zone; });
  return out;
}

std::vector<TargetNumber> Balancing::chosen(const Listener& listener, const std::string& zone) const {
  const auto all = candidates(listener, zone);
  const size_t healthy = count_healthy(all);
  const bool open = healthy == 0 || !model::fail_open_floor(*listener.group).met_by(healthy, all.size());
  std::vector<TargetNumber> out;
  for (const auto& placed : all) {
    if (open || is_healthy(placed)) out.push_back(placed.target->number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<PlacedTarget> Balancing::kept(const Listener& listener) const {
  std::set<TargetNumber> used;
  for (const auto& node : balancer_.nodes) {
    const auto numbers = chosen(listener, node.zone);
    used.insert(numbers.begin(), numbers.end());
  }
  const bool cut = model::terminates_unhealthy(*listener.group);
  std::vector<PlacedTarget> out = listener.draining;
  std::copy_if(listener.targets.begin(), listener.targets.end(), std::back_inserter(out),
               [&](const PlacedTarget& placed) {
                 return used.contains(placed.target->number) || !cut || placed.target->health != "unhealthy";
               });
  return out;
}

bool Balancing::zone_fails(const Listener& listener, const std::string& zone) const {
  const auto all = candidates(listener, zone);
  return !model::dns_failover_floor(*listener.group).met_by(count_healthy(all), all.size());
}

std::set<std::string> Balancing::serving_zones() const {
  std::set<std::string> all, serving;
  for (const auto& node : balancer_.nodes) {
    all.insert(node.zone);
    const bool fails = std::any_of(listeners_.begin(), listeners_.end(),
                                   [&](const Listener& listener) { return zone_fails(listener, node.zone); });
    if (!fails) serving.insert(node.zone);
  }
  return serving.empty() ? all : serving;
}

BalancerNumber Balancing::number(const model::Listener& listener, const std::string& zone) const {
  return balancer_number(region_, listener, zone);
}

BalancerNumber balancer_number(const model::Region& region, const model::Listener& listener, const std::string& zone) {
  const auto found = std::find_if(region.zones.begin(), region.zones.end(),
                                  [&](const model::Zone& each) { return each.name == zone; });
  return listener.number * kZonesPerListener + static_cast<BalancerNumber>(found - region.zones.begin());
}

}  // namespace ginnel::plan
