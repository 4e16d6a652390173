#include <cstdlib>
#include <iostream>
#include <iterator>

#include "cni/plugin.h"

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const auto variable = [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  const auto answer = ginnel::cni::run(variable, input);
  std::cout << answer.text << std::flush;
  return std::cout ? answer.exit_code : 1;
}
