// GINNEL_CHECK(condition, "what must hold"): an assertion that stays on in release builds.
// For programming errors only; it prints the place and aborts.
#pragma once

#include <string_view>

namespace ginnel {
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view what);
}

#define GINNEL_CHECK(condition, what)                               \
  do {                                                              \
    if (!(condition)) [[unlikely]]                                  \
      ::ginnel::check_failed(__FILE__, __LINE__, #condition, what); \
  } while (false)
