// Files of cases: see README.md.
#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace ginnel::packet_test {

struct Step {
  int line = 0;
  std::string text;
};

struct Case {
  std::filesystem::path file;
  std::string title;
  std::vector<Step> steps;

  // For the test's name: letters, digits and "_" only.
  [[nodiscard]] std::string identifier() const;
};

void PrintTo(const Case& item, std::ostream* out);  // how GoogleTest calls it

// Every case of every *.txt in the folder, in order.
std::vector<Case> read_cases(const std::filesystem::path& folder);
std::string read_file(const std::filesystem::path& file);

}  // namespace ginnel::packet_test
