#include "cni/request.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>

namespace ginnel::cni {
namespace {

namespace json = boost::json;

Outcome<std::string> text(const json::object& object, const char* name) {
  const auto* member = object.if_contains(name);
  if (member == nullptr) return std::string();
  if (!member->is_string()) return failed(Code::invalid_configuration, fmt::format("'{}' is not a string", name));
  return json::value_to<std::string>(*member);
}

Outcome<std::vector<std::string>> texts(const json::object& object, const char* name) {
  std::vector<std::string> out;
  const auto* member = object.if_contains(name);
  if (member == nullptr) return out;
  if (!member->is_array()) return failed(Code::invalid_configuration, fmt::format("'{}' is not a list", name));
  for (const auto& each : member->get_array()) {
    if (!each.is_string()) {
      return failed(Code::invalid_configuration, fmt::format("'{}' has something else than strings", name));
    }
    out.push_back(json::value_to<std::string>(each));
  }
  return out;
}

bool is_empty(const json::value& value) { return value.is_null() || (value.is_object() && value.get_object().empty()); }

Outcome<json::object> parse(const std::string& input) {
  boost::system::error_code error;
  auto value = json::parse(input, error);
  if (error || !value.is_object()) return failed(Code::not_decoded, "the network configuration is not a JSON object");
  return std::move(value.get_object());
}

Outcome<Configuration> read_configuration(const std::string& input) {
  const auto object = parse(input);
  if (!object) return tl::unexpected(object.error());
  Configuration out;
  for (const auto& [name, member] : {std::pair{"cniVersion", &out.version},
                                     {"name", &out.network},
                                     {"stateDir", &out.state_dir},
                                     {"subnetId", &out.subnet}}) {
    auto value = text(*object, name);
    if (!value) return tl::unexpected(value.error());
    if (!value->empty()) *member = std::move(*value);
  }
  auto groups = texts(*object, "securityGroupIds");
  if (!groups) return tl::unexpected(groups.error());
  out.groups = std::move(*groups);
  if (const auto* previous = object->if_contains("prevResult")) out.previous = *previous;
  if (!out.previous.is_null() && !out.previous.is_object()) {
    return failed(Code::invalid_configuration, "'prevResult' is not an object");
  }
  if (const auto* ipam = object->if_contains("ipam"); ipam != nullptr && !is_empty(*ipam)) {
    out.ipam = json::serialize(*ipam);
  }
  return out;
}

Outcome<Command> read_command(const Environment& environment) {
  const std::string command = environment("CNI_COMMAND").value_or("");
  if (command == "ADD") return Command::add;
  if (command == "DEL") return Command::del;
  if (command == "CHECK") return Command::check;
  if (command == "VERSION") return Command::version;
  return failed(Code::invalid_environment, fmt::format("CNI_COMMAND is '{}'", command));
}

// CNI_ARGS: "KEY=VALUE;KEY=VALUE". Addresses are the region's to give; other keys are for somebody else.
tl::expected<void, Failure> check_arguments(const std::string& arguments) {
  for (size_t begin = 0; begin < arguments.size();) {
    const size_t end = std::min(arguments.find(';', begin), arguments.size());
    const std::string pair = arguments.substr(begin, end - begin);
    if (pair.starts_with("IP=") || pair.starts_with("MAC=")) {
      return failed(Code::invalid_environment,
                    fmt::format("CNI_ARGS has '{}', but the region gives addresses and MACs", pair));
    }
    begin = end + 1;
  }
  return {};
}

bool is_interface_name(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == '/' || c == ':'; });
}

// Letters, digits, '.', '_' and '-', and a letter or digit first (section 2: CNI_CONTAINERID; 1: name).
bool is_name(const std::string& name) {
  return !name.empty() && std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; });
}

tl::expected<void, Failure> check(const Request& request) {
  const auto& configuration = request.configuration;
  if (!is_name(configuration.network)) {
    return failed(Code::invalid_configuration, fmt::format("'{}' is not the name of a network", configuration.network));
  }
  if (!is_name(request.container)) {
    return failed(Code::invalid_environment, fmt::format("CNI_CONTAINERID is '{}'", request.container));
  }
  if (!is_interface_name(request.ifname)) {
    return failed(Code::invalid_environment, fmt::format("CNI_IFNAME is '{}'", request.ifname));
  }
  if (request.command != Command::del && !request.netns.starts_with('/')) {
    return failed(Code::invalid_environment, fmt::format("CNI_NETNS is '{}', not a path", request.netns));
  }
  if (request.command == Command::add && !configuration.ipam.empty()) {
    return failed(Code::unsupported_field,
                  fmt::format("'ipam' is {}, but the region gives the addresses of a subnet", configuration.ipam));
  }
  if (request.command == Command::add && configuration.subnet.empty()) {
    return failed(Code::invalid_configuration, "'subnetId' is missing");
  }
  if (request.command == Command::check && configuration.version.starts_with("0.3.")) {
    return failed(Code::incompatible_version, fmt::format("version {} has no CHECK", configuration.version));
  }
  if (request.command == Command::check && !configuration.previous.is_object()) {
    return failed(Code::invalid_configuration, "'prevResult' is missing");
  }
  return {};
}

}  // namespace

const std::vector<std::string>& supported_versions() {
  static const std::vector<std::string> kVersions = {"0.3.0", "0.3.1", "0.4.0", kNewestVersion};
  return kVersions;
}

tl::unexpected<Failure> failed(Code code, std::string message, std::string details) {
  return tl::unexpected(Failure{code, std::move(message), std::move(details)});
}

std::string version_of(const std::string& input) {
  const auto object = parse(input);
  const auto version = object ? text(*object, "cniVersion") : Outcome<std::string>(std::string());
  return version && !version->empty() ? *version : kNewestVersion;
}

Outcome<Request> read_request(const Environment& environment, const std::string& input) {
  Request out;
  const auto command = read_command(environment);
  if (!command) return tl::unexpected(command.error());
  out.command = *command;
  if (out.command == Command::version) return out;
  auto configuration = read_configuration(input);
  if (!configuration) return tl::unexpected(configuration.error());
  out.configuration = std::move(*configuration);
  const auto& versions = supported_versions();
  if (std::find(versions.begin(), versions.end(), out.configuration.version) == versions.end()) {
    return failed(Code::incompatible_version, fmt::format("version {} is not supported", out.configuration.version));
  }
  out.container = environment("CNI_CONTAINERID").value_or("");
  out.netns = environment("CNI_NETNS").value_or("");
  out.ifname = environment("CNI_IFNAME").value_or("");
  if (auto checked = check(out); !checked) return tl::unexpected(checked.error());
  if (out.command == Command::add) {
    if (auto checked = check_arguments(environment("CNI_ARGS").value_or("")); !checked) {
      return tl::unexpected(checked.error());
    }
  }
  return out;
}

}  // namespace ginnel::cni
