#include "case_file.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "words.h"

namespace ginnel::packet_test {

std::string Case::identifier() const {
  std::string name = file.stem().string() + "_" + title;
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name;
}

void PrintTo(const Case& item, std::ostream* out) { *out << item.file.filename().string() << ": " << item.title; }

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw BadCase("cannot read " + file.string());
  return text.str();
}

std::vector<Case> read_cases(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const auto& file : files) {
    std::istringstream in(read_file(file));
    int number = 0;
    for (std::string line; std::getline(in, line);) {
      number++;
      const Words words = split(line);
      if (words.plain.empty()) continue;
      if (words.plain.front() == "case") {
        cases.push_back({file, line.substr(line.find("case") + 5), {}});
      } else if (cases.empty() || cases.back().file != file) {
        throw BadCase(file.string() + ": a step before the first case");
      } else {
        cases.back().steps.push_back({number, line});
      }
    }
  }
  return cases;
}

}  // namespace ginnel::packet_test
