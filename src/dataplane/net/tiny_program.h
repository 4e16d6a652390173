// The smallest program that can be attached, for tests.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"

namespace ginnel::dataplane {

// A program that only returns `verdict`.
[[nodiscard]] UniqueFd tiny_program(const char* name, int32_t verdict);
// One that drops everything and holds read-only data that claim this version of the layout.
[[nodiscard]] UniqueFd program_of_layout(uint32_t version);

}  // namespace ginnel::dataplane
