#include "base/log.h"

#include <cstdio>

#include "base/clock.h"

namespace ginnel {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info ";
    case LogLevel::warning:
      return "warn ";
    case LogLevel::error:
      return "error";
  }
  return "";
}

}  // namespace

Log Log::to_stderr(LogLevel least) {
  return Log(
      [](LogLevel level, std::string_view line) {
        const auto text = fmt::format("{} {} {}\n", to_iso8601(SystemClock().now()), name_of(level), line);
        std::fwrite(text.data(), 1, text.size(), stderr);
      },
      least);
}

Log Log::discard() {
  return Log([](LogLevel, std::string_view) {});
}

void Log::emit(LogLevel level, std::string_view line) {
  const std::lock_guard lock(mutex_);
  sink_(level, line);
}

}  // namespace ginnel
