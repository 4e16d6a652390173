// What the container runtime asks for: environment and network configuration (CNI specification 1.0.0, sections 1, 2).
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ginnel::cni {

inline constexpr const char* kNewestVersion = "1.0.0";
[[nodiscard]] const std::vector<std::string>& supported_versions();

// Well-known codes of the specification, and our own from 100 on.
enum class Code : unsigned {
  incompatible_version = 1,
  unsupported_field = 2,
  unknown_container = 3,
  invalid_environment = 4,
  io_failure = 5,
  not_decoded = 6,
  invalid_configuration = 7,
  try_again_later = 11,
  refused = 100,
  not_as_it_was = 101,
};

struct Failure {
  Code code = Code::refused;
  std::string message, details;
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

[[nodiscard]] tl::unexpected<Failure> failed(Code code, std::string message, std::string details = {});

enum class Command { add, del, check, version };

struct Configuration {
  std::string version = kNewestVersion;
  std::string network;  // "name"
  std::string state_dir = "/var/lib/ginnel";
  std::string subnet;               // "subnetId"
  std::vector<std::string> groups;  // "securityGroupIds"; none: the VPC's default group
  std::string ipam;                 // as text, where somebody else is to give addresses: refused
  boost::json::value previous;      // "prevResult", or null
};

struct Request {
  Command command = Command::version;
  std::string container, netns, ifname;
  Configuration configuration;

  // By which the daemon knows the interface that it made.
  [[nodiscard]] std::string key() const { return configuration.network + "/" + container + "/" + ifname; }
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

Outcome<Request> read_request(const Environment& environment, const std::string& input);
// Of the input, where it can be told: errors are said in the version that was asked for.
[[nodiscard]] std::string version_of(const std::string& input);

}  // namespace ginnel::cni
