#include <fmt/format.h>

#include <array>

#include "config/config.h"

namespace ginnel::config {
namespace {

struct Abbreviation {
  std::string_view word, letters;
};
constexpr std::array<Abbreviation, 6> kCompass{{{"northeast", "ne"},
                                                {"northwest", "nw"},
                                                {"southeast", "se"},
                                                {"southwest", "sw"},
                                                {"central", "c"},
                                                {"gov", "g"}}};

std::string_view abbreviated(std::string_view word) {
  for (const Abbreviation& known : kCompass)
    if (known.word == word) return known.letters;
  return word.substr(0, 1);  // north, south, east, west, and the number if it has one digit
}

bool is_number(std::string_view word) { return word.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

std::string region_code(std::string_view region) {
  std::string code;
  bool first = true;
  while (!region.empty()) {
    const std::string_view word = region.substr(0, region.find('-'));
    code += first || is_number(word) ? word : abbreviated(word);
    first = false;
    region.remove_prefix(std::min(region.size(), word.size() + 1));
  }
  return code;
}

std::vector<Zone> default_zones(std::string_view region) {
  const std::string_view letters = region == "ap-northeast-1" ? "acd" : "abc";
  std::vector<Zone> zones;
  for (const char letter : letters)
    zones.push_back(
        {fmt::format("{}{}", region, letter), fmt::format("{}-az{}", region_code(region), zones.size() + 1)});
  return zones;
}

}  // namespace ginnel::config
