// Metrics in the text format of Prometheus, version 0.0.4
// (prometheus.io/docs/instrumenting/exposition_formats).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ginnel::daemon {

class Exposition {
 public:
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";
  enum class Kind : uint8_t { counter, gauge };
  using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

  // Begins a family; its samples follow. Names of counters end in "_total".
  void family(std::string_view name, Kind kind, std::string_view help);
  // Values of labels are escaped; those that are empty mean the same as none, and are left out.
  void sample(const Labels& labels, uint64_t value);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string name_, text_;
};

}  // namespace ginnel::daemon
