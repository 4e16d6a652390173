// What stands in the kernel when the daemon starts, read from the maps, the devices and the namespaces.
#pragma once

#include <map>

#include "dataplane/linux_kernel.h"

namespace ginnel::dataplane {

struct ReadBack {
  // By VPC. What belongs to no VPC that can be told stands under the number of the system VPC, which has no plan.
  std::map<plan::VpcNumber, VpcState> vpcs;
  std::map<std::string, LocalPort> ports;
};

// `program_id`: the program that ports should carry. Rows of devices that are gone are deleted; nothing else changes.
Result<ReadBack> read_back(const LinuxKernel::Parts& parts, uint32_t program_id);

// Links and targets that flows name and that are in no table any more: a daemon ended before it cut those.
Result<Gone> lost_flows(const Tables& tables);

}  // namespace ginnel::dataplane
