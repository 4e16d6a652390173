#include "cni/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace ginnel::cni {
namespace {

namespace json = boost::json;

constexpr const char* kFirstDevice = "eth0";  // the daemon gives default routes to this one only

// One family of a port. `prefix` is empty where it has none.
struct Family {
  std::string prefix, gateway;  // "10.0.1.4/24", "10.0.1.1"
  const char* version;
  const char* everything;
};

std::vector<Family> families_of(const json::object& port) {
  std::vector<Family> out = {{member(port, "cidr"), member(port, "gateway"), "4", "0.0.0.0/0"},
                             {member(port, "cidr6"), member(port, "gateway6"), "6", "::/0"}};
  std::erase_if(out, [](const Family& each) { return each.prefix.empty(); });
  return out;
}

// The list of that name in a result, empty where there is none.
json::array list_in(const json::object& result, const char* name) {
  const auto* list = result.if_contains(name);
  return list != nullptr && list->is_array() ? list->get_array() : json::array();
}

// The objects of a list of the result that ADD gave.
std::vector<const json::object*> objects_in(const json::value& previous, const char* name) {
  std::vector<const json::object*> out;
  const auto* object = previous.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains(name);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& each : list->get_array()) out.push_back(each.if_object());
  return out;
}

// Where the interface stands in the previous result; the number is what its addresses name.
std::optional<size_t> place_in(const std::vector<const json::object*>& interfaces, const Request& request) {
  for (size_t i = 0; i < interfaces.size(); ++i) {
    const auto* each = interfaces[i];
    if (each != nullptr && member(*each, "name") == request.ifname && member(*each, "sandbox") == request.netns)
      return i;
  }
  return std::nullopt;
}

// The interface's addresses in the previous result.
std::vector<std::string> addresses_of(const json::value& previous, size_t interface) {
  std::vector<std::string> out;
  for (const auto* each : objects_in(previous, "ips")) {
    const auto* place = each == nullptr ? nullptr : each->if_contains("interface");
    if (place == nullptr || !place->is_int64() || place->get_int64() != static_cast<int64_t>(interface)) continue;
    out.push_back(member(*each, "address"));
  }
  return out;
}

template <typename T>
bool has(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The default routes that ADD made; other plugins may have taken them out of the result, or put others there.
std::string missing_route(const Request& request, const std::vector<Family>& families, const Inside& found) {
  for (const auto* each : objects_in(request.configuration.previous, "routes")) {
    if (each == nullptr) continue;
    for (const Family& family : families) {
      if (member(*each, "dst") != family.everything || member(*each, "gw") != family.gateway) continue;
      if (!has(found.gateways, family.gateway)) {
        return fmt::format("{} has no default route by {} in {}", request.ifname, family.gateway, request.netns);
      }
    }
  }
  return {};
}

}  // namespace

std::string member(const json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? json::value_to<std::string>(*found) : std::string();
}

json::object result_of(const Request& request, const json::object& port) {
  const auto& configuration = request.configuration;
  json::object out;
  if (const auto* previous = configuration.previous.if_object()) out = *previous;
  auto interfaces = list_in(out, "interfaces"), ips = list_in(out, "ips"), routes = list_in(out, "routes");
  const auto place = static_cast<int64_t>(interfaces.size());
  interfaces.push_back(
      json::object{{"name", request.ifname}, {"mac", member(port, "mac")}, {"sandbox", request.netns}});
  for (const Family& family : families_of(port)) {
    json::object address{{"address", family.prefix}, {"gateway", family.gateway}, {"interface", place}};
    if (configuration.version != kNewestVersion) address["version"] = family.version;  // older results name the family
    ips.push_back(std::move(address));
    if (member(port, "device") == kFirstDevice) {
      routes.push_back(json::object{{"dst", family.everything}, {"gw", family.gateway}});
    }
  }
  out["cniVersion"] = configuration.version;
  out["interfaces"] = std::move(interfaces);
  out["ips"] = std::move(ips);
  out["routes"] = std::move(routes);
  out["dns"] = json::object{{"nameservers", json::array{member(port, "resolver")}},
                            {"domain", member(port, "domain")},
                            {"search", json::array{member(port, "domain")}}};
  return out;
}

std::string difference(const Request& request, const json::object& port, const Inside& found) {
  const auto& previous = request.configuration.previous;
  const auto interfaces = objects_in(previous, "interfaces");
  const auto place = place_in(interfaces, request);
  if (!place) return fmt::format("'prevResult' has no interface {} in {}", request.ifname, request.netns);
  const std::string mac = member(port, "mac"), before = member(*interfaces[*place], "mac");
  if (mac != before) return fmt::format("the MAC is {}, it was {}", mac, before);
  if (found.mac != mac) return fmt::format("{} has the MAC {}, not {}", request.ifname, found.mac, mac);
  if (!found.up) return fmt::format("{} is down in {}", request.ifname, request.netns);

  const auto families = families_of(port);
  const auto addresses = addresses_of(previous, *place);
  if (addresses.empty()) return fmt::format("'prevResult' has no address of {}", request.ifname);
  for (const auto& address : addresses) {
    const auto is_it = [&](const Family& family) { return family.prefix == address; };
    if (std::none_of(families.begin(), families.end(), is_it)) {
      return fmt::format("{} has not the address {} any more", member(port, "interface"), address);
    }
    if (!has(found.addresses, address)) {
      return fmt::format("{} has not the address {} in {}", request.ifname, address, request.netns);
    }
  }
  return missing_route(request, families, found);
}

}  // namespace ginnel::cni
