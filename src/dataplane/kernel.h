// The seam to the kernel: what carries out the operations of a diff. The real one is linux_kernel.h; tests have
// another.
#pragma once

#include "base/result.h"
#include "dataplane/diff.h"

namespace ginnel::dataplane {

// One thread. Every operation may be repeated; one that fails leaves its object so that a later Put or Remove of the
// same key heals it.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual Status execute(plan::VpcNumber vpc, const Operation& operation) = 0;
  // After the operations of one pass: cuts the flows of links and ports that the pass removed.
  virtual Status settle(plan::VpcNumber vpc) = 0;
};

}  // namespace ginnel::dataplane
