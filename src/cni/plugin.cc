#include "cni/plugin.h"

#include <fmt/format.h>

#include "cni/inside.h"
#include "cni/result.h"
#include "http/unix_client.h"

namespace ginnel::cni {
namespace {

namespace json = boost::json;

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

Outcome<std::string> check(const Request& request) {
  const auto port = call(request, "/v1/attach/look", {{"container", request.key()}});
  if (!port) return tl::unexpected(port.error());
  const auto wrong = [](std::string what) { return failed(Code::not_as_it_was, std::move(what)); };
  if (const std::string why = member(*port, "why"); !why.empty()) return wrong(why);
  if (member(*port, "netns") != request.netns) {
    return wrong(fmt::format("the interface is in {}, not in {}", member(*port, "netns"), request.netns));
  }
  const auto found = look_inside(request.netns, request.ifname);
  if (!found) return wrong(found.error().text());
  if (std::string what = difference(request, *port, *found); !what.empty()) return wrong(std::move(what));
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
