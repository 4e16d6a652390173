// One pass of reconciliation: the difference, carried out.
#pragma once

#include "base/result.h"
#include "dataplane/kernel.h"

namespace ginnel::dataplane {

struct PassReport {
  size_t operations = 0;
  size_t failed = 0;
};

// Brings the kernel from `observed` to `wanted` and keeps `observed` true to what is there. A failed operation does not
// stop those that do not need it; after one, nothing more is removed, since something may still refer to it. The error
// names the first failed object and how many failed; the next pass tries again exactly what is missing.
Status reconcile(Kernel& kernel, plan::VpcNumber vpc, VpcState& observed, const VpcState& wanted,
                 PassReport* report = nullptr);

}  // namespace ginnel::dataplane
