// The `ginnel` command: reads its arguments, runs one sub-command, gives the exit code.
//
// 0 success; 1 failure, said on stderr; 2 wrong usage. `exec` gives the command's own code, 126 where the command
// cannot be run and 127 where it is not found, as a shell does.
#pragma once

#include <string>
#include <vector>

namespace ginnel::cli {

inline constexpr int kSuccess = 0, kFailure = 1, kUsage = 2, kCannotRun = 126, kNotFound = 127;

int run(int argc, char** argv);

}  // namespace ginnel::cli
