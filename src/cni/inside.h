// What a device has inside a network namespace.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace ginnel::cni {

// "10.0.1.4/24", of the device in the namespace at that path. An Error where there is no such namespace or device.
Result<std::vector<std::string>> addresses_inside(const std::string& netns, const std::string& device);

}  // namespace ginnel::cni
