// The maps of a region's running packet program, for other processes than the daemon: it need not run.
//
// The program is found by the region's tag, on the devices that carry it, and holds the maps; both are the daemon's,
// whom this does not disturb. In the network namespace of the daemon. Needs CAP_NET_ADMIN, CAP_SYS_ADMIN and CAP_BPF.
#pragma once

#include <string>

#include "base/result.h"
#include "dataplane/running.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// An Error where no program of the region runs in this network namespace, or one of another layout.
Result<RunningProgram> running_program(const std::string& tag);
Result<Tables> tables_of(const RunningProgram& running);
Result<Tables> running_tables(const std::string& tag);

}  // namespace ginnel::dataplane
