// Which HTTP statuses count as healthy: "200", "200,202", "200-399" (ELBv2 API, Matcher).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ginnel::health {

class Matcher {
 public:
  // Matches nothing.
  Matcher() = default;
  // Numbers and ranges with commas between, each 100–599. Anything else is an Error that names the part.
  static Result<Matcher> parse(std::string_view text);

  [[nodiscard]] bool matches(int status) const;

 private:
  std::vector<std::pair<int, int>> ranges_;
};

}  // namespace ginnel::health
