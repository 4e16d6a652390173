#include "dns/directory.h"

namespace ginnel::dns {
namespace {

Result<Zones> private_zones_of(const std::vector<plan::Name>& names) {
  Zones zones;
  for (const auto& name : names) {
    GINNEL_TRY(zones, zones.with(name));
  }
  return zones;
}

}  // namespace

Found State::find(const VpcView& view, const Name& name) const {
  const TreeKey key(name);
  Found found = view.private_zones.find(name, key);
  return found.what == Found::What::elsewhere ? public_zones.find(name, key) : found;
}

Directory::Directory() : state_(std::make_shared<const State>()) {}

std::shared_ptr<const State> Directory::state() const {
  const std::lock_guard lock(reading_);
  return state_;
}

void Directory::publish(State next) {
  auto state = std::make_shared<const State>(std::move(next));
  const std::lock_guard lock(reading_);
  state_.swap(state);
}

// The zone of the endpoints' names is shared; with it every public name is placed anew.
Status Directory::set_host(const plan::HostPlan& host) {
  const std::lock_guard lock(writing_);
  Zones zones;
  if (!host.region.empty() && !host.dns_suffix.empty()) {
    GINNEL_TRY(zones, zones.with_shared_zone(host.region + ".vpce." + host.dns_suffix));
  }
  for (const auto& name : host.public_names) {
    GINNEL_TRY(zones, zones.with(name));
  }
  for (const auto& [number, published] : published_) {
    for (const auto& name : published.public_names) {
      GINNEL_TRY(zones, zones.with(name));
    }
  }
  publish({state()->sources, std::move(zones)});
  return {};
}

Status Directory::set_vpc(const plan::VpcPlan& vpc) {
  const std::lock_guard lock(writing_);
  const auto old = published_.find(vpc.number);
  State next = *state();
  Published published;
  published.private_names = vpc.private_names;
  published.public_names = vpc.public_names;
  published.dns_support = vpc.dns_support;
  for (const auto& port : vpc.ports) published.sources.push_back(port.synthetic);

  const bool same_view = old != published_.end() && old->second.private_names == published.private_names &&
                         old->second.dns_support == published.dns_support;
  if (same_view) {
    published.view = old->second.view;
  } else {
    GINNEL_TRY(auto zones, private_zones_of(vpc.private_names));
    published.view = std::make_shared<const VpcView>(VpcView{vpc.number, vpc.dns_support, std::move(zones)});
  }
  if (old != published_.end()) {
    for (const auto& source : old->second.sources) next.sources = next.sources.erase(source);
    for (const auto& name : old->second.public_names) {
      GINNEL_TRY(next.public_zones, next.public_zones.without(name));
    }
  }
  for (const auto& name : published.public_names) {
    GINNEL_TRY(next.public_zones, next.public_zones.with(name));
  }
  for (const auto& source : published.sources) next.sources = next.sources.set(source, published.view);
  published_[vpc.number] = std::move(published);
  publish(std::move(next));
  return {};
}

void Directory::remove_vpc(plan::VpcNumber number) {
  const std::lock_guard lock(writing_);
  const auto old = published_.find(number);
  if (old == published_.end()) return;
  State next = *state();
  for (const auto& source : old->second.sources) next.sources = next.sources.erase(source);
  for (const auto& name : old->second.public_names) {
    // The name was parsed when it was published.
    if (auto zones = next.public_zones.without(name)) next.public_zones = std::move(*zones);
  }
  published_.erase(old);
  publish(std::move(next));
}

}  // namespace ginnel::dns
