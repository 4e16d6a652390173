// The log: one line an event, to a sink that the owner gives. Passed by reference; no global logger.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace ginnel {

enum class LogLevel { debug, info, warning, error };

// Safe from any thread; a line is written whole.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view line)>;

  explicit Log(Sink sink, LogLevel least = LogLevel::info) : sink_(std::move(sink)), least_(least) {}
  // "2026-01-31T12:00:00.000Z info  text" on stderr.
  static Log to_stderr(LogLevel least = LogLevel::info);
  // Drops everything; for tests.
  static Log discard();

  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::debug, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::info, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::warning, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    write(LogLevel::error, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (level >= least_) emit(level, fmt::format(format, std::forward<Args>(args)...));
  }
  void emit(LogLevel level, std::string_view line);

  Sink sink_;
  LogLevel least_;
  std::mutex mutex_;
};

}  // namespace ginnel
