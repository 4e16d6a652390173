#include "daemon/names.h"

#include <fmt/format.h>

#include <string>

#include "planner/load_balancers.h"
#include "planner/planner.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

json::object entry(uint32_t number, std::string_view name) { return {{"number", number}, {"name", name}}; }

json::array links_of(const model::Snapshot& snapshot) {
  json::array out;
  for (const auto* endpoint : snapshot.table<model::VpcEndpoint>().all()) {
    out.push_back(entry(endpoint->number, endpoint->id));
  }
  for (const auto* vpc : snapshot.table<model::Vpc>().all()) {
    out.push_back(entry(plan::kResolverLinks | vpc->number, "resolver"));
  }
  for (const auto* listener : snapshot.table<model::Listener>().all()) {
    const auto* balancer = snapshot.find<model::LoadBalancer>(listener->load_balancer);
    if (!balancer) continue;
    out.push_back(entry(plan::kListenerLinks | listener->number, fmt::format("{}:{}", balancer->name, listener->port)));
  }
  return out;
}

}  // namespace

std::vector<IpAddress> addresses_of(const model::NetworkInterface& interface) {
  std::vector<IpAddress> out;
  for (const auto& text : {interface.address, interface.address6}) {
    if (const auto address = IpAddress::parse(text)) out.push_back(*address);
  }
  return out;
}

json::object names_of(const model::Snapshot& snapshot) {
  json::array vpcs, interfaces;
  for (const auto* vpc : snapshot.table<model::Vpc>().all()) vpcs.push_back(entry(vpc->number, vpc->id));
  for (const auto* interface : snapshot.table<model::NetworkInterface>().all()) {
    const auto* vpc = snapshot.find<model::Vpc>(interface->vpc);
    if (!vpc) continue;
    json::array addresses;
    for (const auto& address : addresses_of(*interface)) addresses.emplace_back(address.to_string());
    interfaces.push_back(
        json::object{{"name", interface->id}, {"vpc", vpc->number}, {"addresses", std::move(addresses)}});
  }
  return {{"vpcs", std::move(vpcs)}, {"links", links_of(snapshot)}, {"interfaces", std::move(interfaces)}};
}

}  // namespace ginnel::daemon
