// Takes away everything of a region by its tag alone, whether or not a daemon runs or its state is known.
//
// Programs and maps live by the devices that carry them, so removing the devices removes them too.
#pragma once

#include <string>

#include "base/result.h"

namespace ginnel::dataplane {

struct TeardownReport {
  unsigned devices = 0, namespaces = 0;
};

// In the calling thread's network namespace. May be repeated; what is gone is no error. Goes on after an error and
// then names the first.
Result<TeardownReport> teardown(const std::string& tag);

}  // namespace ginnel::dataplane
