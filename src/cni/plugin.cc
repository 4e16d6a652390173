#include "cni/plugin.h"

#include <fmt/format.h>

#include <algorithm>

#include "cni/inside.h"
#include "http/unix_client.h"

namespace ginnel::cni {
namespace {

namespace json = boost::json;

std::string member(const json::object& object, const char* name) {
  const auto* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? json::value_to<std::string>(*found) : std::string();
}

// A 4xx of the daemon is a refusal, whatever else goes wrong may pass.
Outcome<json::object> call(const Request& request, const std::string& target, const json::object& body) {
  const std::string socket = request.configuration.state_dir + "/control.sock";
  const auto response = http::unix_call(socket, "POST", target, json::serialize(body));
  if (!response) return failed(Code::try_again_later, "no daemon answers on " + socket, response.error().cause);
  boost::system::error_code error;
  auto value = json::parse(response->body, error);
  if (error || !value.is_object()) return failed(Code::io_failure, "the daemon's answer is not a JSON object");
  if (response->status == 200) return std::move(value.get_object());
  const Code code = response->status < 500 ? Code::refused : Code::try_again_later;
  return failed(code, member(value.get_object(), "error"), fmt::format("POST {}: {}", target, response->status));
}

Outcome<std::string> add(const Request& request) {
  json::array groups;
  for (const auto& group : request.configuration.groups) groups.emplace_back(group);
  const auto port = call(request, "/v1/attach",
                         {{"container", request.key()},
                          {"subnet", request.configuration.subnet},
                          {"groups", std::move(groups)},
                          {"netns", request.netns},
                          {"ifname", request.ifname}});
  if (!port) return tl::unexpected(port.error());
  return json::serialize(result_of(request, *port)) + "\n";
}

// What is not there any more is as good as deleted.
Outcome<std::string> del(const Request& request) {
  const auto gone = call(request, "/v1/detach", {{"container", request.key()}});
  if (!gone) return tl::unexpected(gone.error());
  return std::string();
}

// The address of the result that ADD gave for this interface: "10.0.1.4/24".
std::string previous_address(const json::value& previous) {
  const auto* object = previous.if_object();
  const auto* ips = object == nullptr ? nullptr : object->if_contains("ips");
  if (ips == nullptr || !ips->is_array() || ips->get_array().empty()) return {};
  const auto* first = ips->get_array().front().if_object();
  return first == nullptr ? std::string() : member(*first, "address");
}

Outcome<std::string> check(const Request& request) {
  const auto port = call(request, "/v1/attach/look", {{"container", request.key()}});
  if (!port) return tl::unexpected(port.error());
  const auto wrong = [](std::string what) { return failed(Code::not_as_it_was, std::move(what)); };
  if (const std::string why = member(*port, "why"); !why.empty()) return wrong(why);
  if (member(*port, "netns") != request.netns) {
    return wrong(fmt::format("the interface is in {}, not in {}", member(*port, "netns"), request.netns));
  }
  const std::string address = member(*port, "cidr"), before = previous_address(request.configuration.previous);
  if (address != before) return wrong(fmt::format("the address is {}, it was {}", address, before));
  const auto found = addresses_inside(request.netns, request.ifname);
  if (!found) return wrong(found.error().text());
  if (std::find(found->begin(), found->end(), address) == found->end()) {
    return wrong(fmt::format("{} has not the address {} in {}", request.ifname, address, request.netns));
  }
  return std::string();
}

std::string versions(const std::string& version) {
  json::array all;
  for (const auto& each : supported_versions()) all.emplace_back(each);
  return json::serialize(json::object{{"cniVersion", version}, {"supportedVersions", std::move(all)}}) + "\n";
}

Outcome<std::string> perform(const Environment& environment, const std::string& input) {
  const auto request = read_request(environment, input);
  if (!request) return tl::unexpected(request.error());
  switch (request->command) {
    case Command::add:
      return add(*request);
    case Command::del:
      return del(*request);
    case Command::check:
      return check(*request);
    case Command::version:
      break;
  }
  return versions(version_of(input));
}

}  // namespace

json::object result_of(const Request& request, const json::object& port) {
  const std::string& version = request.configuration.version;
  json::object address{{"address", member(port, "cidr")}, {"gateway", member(port, "gateway")}, {"interface", 0}};
  if (version != kNewestVersion) address["version"] = "4";  // the older results name the family
  json::array routes;
  if (member(port, "device") == "eth0") {
    routes.push_back(json::object{{"dst", "0.0.0.0/0"}, {"gw", member(port, "gateway")}});
  }
  return {{"cniVersion", version},
          {"interfaces", json::array{json::object{
                             {"name", request.ifname}, {"mac", member(port, "mac")}, {"sandbox", request.netns}}}},
          {"ips", json::array{std::move(address)}},
          {"routes", std::move(routes)},
          {"dns", json::object{{"nameservers", json::array{member(port, "resolver")}},
                               {"domain", member(port, "domain")},
                               {"search", json::array{member(port, "domain")}}}}};
}

Answer run(const Environment& environment, const std::string& input) {
  const auto outcome = perform(environment, input);
  if (outcome) return {*outcome, 0};
  const Failure& failure = outcome.error();
  json::object error{
      {"cniVersion", version_of(input)}, {"code", static_cast<unsigned>(failure.code)}, {"msg", failure.message}};
  if (!failure.details.empty()) error["details"] = failure.details;
  return {json::serialize(error) + "\n", 1};
}

}  // namespace ginnel::cni
