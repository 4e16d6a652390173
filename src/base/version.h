// The version of Ginnel; CMakeLists.txt has it.
#pragma once

namespace ginnel {

[[nodiscard]] const char* version();

}  // namespace ginnel
