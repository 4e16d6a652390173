// What a device has inside a network namespace.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ginnel::cni {

struct Inside {
  bool up = false;
  std::string mac;                     // "02:01:0a:00:01:04"
  std::vector<std::string> addresses;  // of both families: "10.0.1.4/24"
  std::vector<std::string> gateways;   // of its default routes: "10.0.1.1", "fe80::1"
};

// Of the device in the namespace at that path. An Error where there is no such namespace or device.
Result<Inside> look_inside(const std::string& netns, const std::string& device);

}  // namespace ginnel::cni
