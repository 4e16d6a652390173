#include "daemon/attachments.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>

#include "api/ec2/network_interfaces.h"
#include "dataplane/devices.h"

namespace ginnel::daemon {
namespace {

namespace json = boost::json;

constexpr const char* kNetnsDirectory = "/run/netns/";
constexpr const char* kFirstDevice = "eth0";
constexpr size_t kLongestPath = 180;                   // dataplane::kLongestNetnsPath
constexpr std::string_view kContainer = "Container ";  // NETWORK/ID/DEVICE follows, in a description
constexpr size_t kLongestContainer = 255 - kContainer.size();

// As the kernel has it (dev_valid_name).
Status check_device_name(std::string_view option, const std::string& name) {
  const std::string operation = fmt::format("use {}", option);
  if (name.empty()) return fail(operation, "''", "it is empty");
  if (name.size() >= IFNAMSIZ) {
    return fail(operation, name,
                fmt::format("a device's name has at most {} characters, this one {}", IFNAMSIZ - 1, name.size()));
  }
  const bool characters = std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c <= ' ' || c > '~' || c == '/' || c == ':' || c == '%';
  });
  if (!characters || name == "." || name == "..") return fail(operation, name, "it cannot be a device's name");
  return {};
}

Result<std::string> netns_path(const std::string& netns) {
  if (netns.empty()) return fail("use --netns", "''", "it is empty");
  const bool is_path = netns.find('/') != std::string::npos;
  if (is_path && netns.front() != '/') return fail("use --netns", netns, "a path begins with /");
  if (!is_path && netns.front() == '.') return fail("use --netns", netns, "it is not a namespace's name");
  std::string path = is_path ? netns : kNetnsDirectory + netns;
  if (path.size() > kLongestPath || std::any_of(path.begin(), path.end(), [](unsigned char c) { return c <= ' '; })) {
    return fail("use --netns", netns,
                fmt::format("the path {} has more than {} characters, or a space", path, kLongestPath));
  }
  return path;
}

// What carries the port, as the request says it.
Result<model::PortAttachment> read_port(const AttachRequest& request) {
  const int given = static_cast<int>(!request.netns.empty()) + static_cast<int>(!request.tap.empty()) +
                    static_cast<int>(!request.device.empty());
  if (given != 1) {
    return fail("attach", request.interface_id, "exactly one of --netns, --tap and --device is needed");
  }
  if (request.netns.empty() && !request.ifname.empty()) {
    return fail("attach", request.interface_id, "--ifname goes with --netns");
  }
  if (request.tap.empty() && request.owner != 0) {
    return fail("attach", request.interface_id, "--owner goes with --tap");
  }
  model::PortAttachment out;
  if (!request.netns.empty()) {
    out.kind = "netns";
    out.device = request.ifname.empty() ? kFirstDevice : request.ifname;
    GINNEL_TRY(out.netns, netns_path(request.netns));
    GINNEL_CHECKED(check_device_name("--ifname", out.device));
    if (out.device == "lo") return fail("use --ifname", out.device, "every namespace has one");
    return out;
  }
  out.kind = request.tap.empty() ? "device" : "tap";
  out.device = request.tap.empty() ? request.device : request.tap;
  out.owner = request.owner;
  GINNEL_CHECKED(check_device_name("--" + out.kind, out.device));
  return out;
}

Result<const model::NetworkInterface*> find_interface(const model::Snapshot& snapshot, const std::string& operation,
                                                      const std::string& id) {
  const auto* interface = snapshot.find<model::NetworkInterface>(id);
  if (!interface) return fail(operation, id, "there is no such network interface");
  if (!interface->instance.empty()) return fail(operation, id, "it is the interface of " + interface->instance);
  if (interface->requester_managed) {
    return fail(
        operation, id,
        "it is the interface of " + (interface->endpoint.empty() ? interface->load_balancer : interface->endpoint));
  }
  return interface;
}

std::string place_of(const model::PortAttachment& port) {
  if (port.kind == "netns") return fmt::format("{} in {}", port.device, port.netns);
  return fmt::format("{} {}", port.kind, port.device);
}

// Two interfaces on one device, or on one name of a namespace, would be in each
// other's way.
Status check_free(const model::Snapshot& snapshot, const model::PortAttachment& port) {
  for (const auto* other : snapshot.table<model::NetworkInterface>().all()) {
    if (other->port.kind.empty() || other->port.device != port.device || other->port.netns != port.netns) continue;
    return fail("attach to", place_of(port), "it carries " + other->id);
  }
  return {};
}

// With what carries it, and a new attachment.
Result<model::NetworkInterface> placed(const model::Snapshot& snapshot, model::NetworkInterface interface,
                                       const AttachRequest& request, RandomSource& random, WallTime now) {
  GINNEL_TRY(interface.port, read_port(request));
  GINNEL_CHECKED(check_free(snapshot, interface.port));
  interface.port.attached = now.time_since_epoch().count();
  interface.attachment = make_resource_id("eni-attach", random);
  return interface;
}

json::value or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }

Result<std::vector<std::string>> read_texts(const json::value& value, std::string_view name) {
  std::vector<std::string> out;
  const auto* array = value.if_array();
  if (!array) return fail("read", "attach request", std::string(name) + " is not a list");
  for (const auto& each : *array) {
    if (!each.is_string())
      return fail("read", "attach request", std::string(name) + " has something else than strings");
    out.push_back(json::value_to<std::string>(each));
  }
  return out;
}

}  // namespace

Result<AttachRequest> read_attach_request(const std::string& body) {
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  if (error || !value.is_object()) return fail("read", "attach request", "it is not a JSON object");
  AttachRequest out;
  for (const auto& [name, member] : value.get_object()) {
    if (name == "owner") {
      out.owner = member.to_number<uint32_t>(error);
      if (error) return fail("read", "attach request", "owner is not the number of a user");
      continue;
    }
    if (name == "groups") {
      GINNEL_TRY(out.groups, read_texts(member, name));
      continue;
    }
    std::string* text = name == "interface"   ? &out.interface_id
                        : name == "container" ? &out.container
                        : name == "subnet"    ? &out.subnet
                        : name == "netns"     ? &out.netns
                        : name == "tap"       ? &out.tap
                        : name == "device"    ? &out.device
                        : name == "ifname"    ? &out.ifname
                                              : nullptr;
    if (!text) return fail("read", "attach request", "unknown member '" + std::string(name) + "'");
    if (!member.is_string()) return fail("read", "attach request", std::string(name) + " is not a string");
    *text = json::value_to<std::string>(member);
  }
  if (out.interface_id.empty() == out.container.empty()) {
    return fail("read", "attach request", "it has not one of the members 'interface' and 'container'");
  }
  return out;
}

Result<model::NetworkInterface> attached(const model::Snapshot& snapshot, const AttachRequest& request,
                                         RandomSource& random, WallTime now) {
  GINNEL_TRY(const auto* found, find_interface(snapshot, "attach", request.interface_id));
  if (!found->port.kind.empty()) {
    return fail("attach", found->id, "it is attached already: " + place_of(found->port));
  }
  return placed(snapshot, *found, request, random, now);
}

Result<model::Change> attached_new(const model::Snapshot& snapshot, const model::Region& region,
                                   const AttachRequest& request, RandomSource& random, WallTime now) {
  if (const auto* standing = find_of_container(snapshot, request.container)) {
    return fail("attach", request.container, "it has the interface " + standing->id);
  }
  if (request.container.size() > kLongestContainer) {
    return fail("attach", request.container,
                fmt::format("the names of network, container and device have {} characters, at most {} are possible",
                            request.container.size(), kLongestContainer));
  }
  const auto* subnet = snapshot.find<model::Subnet>(request.subnet);
  if (!subnet) return fail("attach", request.container, "there is no subnet '" + request.subnet + "'");
  ec2::CreateNetworkInterfaceRequest wanted;
  wanted.subnet_id = subnet->id;
  wanted.groups = request.groups;
  wanted.description = std::string(kContainer) + request.container;
  if (!subnet->ipv6_cidr.empty()) wanted.ipv6_address_count = 1;
  auto made = api::create_network_interface({snapshot, region, subnet->account, "", now, random}, wanted);
  if (!made) return fail("attach", request.container, made.error().code + ": " + made.error().message);
  const model::Snapshot after = snapshot.with(made->change);
  const auto* interface = after.find<model::NetworkInterface>(*made->response.network_interface->network_interface_id);
  GINNEL_TRY(auto whole, placed(after, *interface, request, random, now));
  whole.port.container = request.container;
  made->change.put(std::move(whole));
  return std::move(made->change);
}

Result<model::Change> detached(const model::Snapshot& snapshot, const std::string& interface_id) {
  GINNEL_TRY(const auto* found, find_interface(snapshot, "detach", interface_id));
  if (found->port.kind.empty()) return fail("detach", interface_id, "it is not attached");
  model::Change change;
  if (!found->port.container.empty()) {
    change.erase(*found);
    if (const auto* tags = snapshot.find<model::Tags>(interface_id)) change.erase(*tags);
    return change;
  }
  model::NetworkInterface interface = *found;
  interface.port = {};
  interface.attachment.clear();
  change.put(std::move(interface));
  return change;
}

const model::NetworkInterface* find_of_container(const model::Snapshot& snapshot, const std::string& container) {
  for (const auto* interface : snapshot.table<model::NetworkInterface>().all()) {
    if (interface->port.container == container) return interface;
  }
  return nullptr;
}

json::object describe_port(const model::Snapshot& snapshot, const model::Region& region,
                           const model::NetworkInterface& interface) {
  json::object out{{"interface", interface.id},
                   {"address", interface.address},
                   {"mac", interface.mac},
                   {"kind", interface.port.kind},
                   {"device", interface.port.device},
                   {"netns", interface.port.netns},
                   {"address6", or_null(interface.address6)},
                   {"attachment", interface.attachment}};
  const auto* subnet = snapshot.find<model::Subnet>(interface.subnet);
  const auto* vpc = snapshot.find<model::Vpc>(interface.vpc);
  const auto block = subnet ? Cidr::parse(subnet->cidr) : Result<Cidr>(fail("", "", ""));
  const auto whole = vpc ? Cidr::parse(vpc->cidr) : Result<Cidr>(fail("", "", ""));
  if (!block || !whole) return out;
  out["cidr"] = fmt::format("{}/{}", interface.address, block->length());
  out["gateway"] = block->base().plus(1).to_string();
  out["resolver"] = whole->base().plus(2).to_string();
  out["domain"] = region.name + ".compute.internal";
  const auto block6 = Cidr::parse(subnet->ipv6_cidr);
  if (interface.address6.empty() || !block6) return out;
  out["cidr6"] = fmt::format("{}/{}", interface.address6, block6->length());
  out["gateway6"] = dataplane::router6().to_string();
  return out;
}

json::array list_ports(const model::Snapshot& snapshot, const std::map<std::string, std::string>& problems) {
  json::array out;
  for (const auto* interface : snapshot.table<model::NetworkInterface>().all()) {
    if (interface->port.kind.empty()) continue;
    const auto problem = problems.find(interface->id);
    out.push_back(json::object{
        {"interface", interface->id},
        {"vpc", interface->vpc},
        {"subnet", interface->subnet},
        {"address", interface->address},
        {"address6", or_null(interface->address6)},
        {"mac", interface->mac},
        {"kind", interface->port.kind},
        {"device", interface->port.device},
        {"netns", interface->port.netns},
        {"container", interface->port.container},
        {"state", problem == problems.end() ? "attached" : "waiting"},
        {"why", problem == problems.end() ? "" : problem->second},
    });
  }
  return out;
}

}  // namespace ginnel::daemon
