// The CNI plugin: a container's interface is a network interface of the region, made by ADD, taken away by DEL.
//
// All the work is the daemon's, over its control socket: it makes the interface and attaches it in one change, so
// that nothing is left half made whatever is killed when. Sources: CNI specification 1.0.0, sections 2, 4 and 5.
#pragma once

#include <string>

#include "cni/request.h"

namespace ginnel::cni {

struct Answer {
  std::string text;  // for stdout
  int exit_code = 0;
};

Answer run(const Environment& environment, const std::string& input);

}  // namespace ginnel::cni
