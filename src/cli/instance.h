// An instance as `exec` needs it: where it is and what a command in it should see.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>

#include "base/result.h"

namespace ginnel::cli {

struct Instance {
  std::string id;
  std::string netns;     // the name of a file under /run/netns
  std::string resolver;  // address of the VPC's resolver; empty where the VPC has no DNS support
  std::string search;    // may be empty
  std::string region, ca_path, access_key_id, secret_access_key;

  static Result<Instance> from(const boost::json::value& answer);
};

using Environment = std::map<std::string, std::string>;

// The caller's environment with the instance's region, CA and credentials; what would lead a client past them (another
// endpoint, profile, session token, a proxy of the host) is taken out.
Environment environment_in(const Instance& instance, Environment outer);

// resolv.conf (5) of the instance.
std::string resolv_conf(const Instance& instance);

}  // namespace ginnel::cli
