#include "aws/filter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ginnel::aws {
namespace {

// The shape of the generated filters.
struct WireFilter {
  std::optional<std::string> name;
  std::vector<std::string> values;
};

struct Host {
  std::string id;
  bool is_default = false;
  int port = 0;
  std::vector<std::string> groups;
  FilterTags tags;
};

const std::vector<Host> kHosts{
    {"i-1", true, 80, {"sg-a", "sg-b"}, {{"Name", "web"}, {"env", "prod"}}},
    {"i-2", false, 443, {"sg-b"}, {{"Name", "Web*"}}},
    {"i-3", false, 443, {}, {}},
};

FilterTable<Host> table() {
  FilterTable<Host> out;
  out.add("instance-id", [](const Host& host) { return host.id; })
      .add("isDefault", [](const Host& host) { return host.is_default; })
      .add("port", [](const Host& host) { return host.port; })
      .add("group-id", [](const Host& host) { return host.groups; })
      .tags([](const Host& host) { return host.tags; });
  return out;
}

// The ids of the hosts that pass, or the error's code.
std::string passing(const std::vector<WireFilter>& filters) {
  const auto matcher = table().matcher(filters);
  if (!matcher) return matcher.error().code;
  std::string out;
  for (const Host& host : kHosts) {
    if ((*matcher)(host)) out += host.id + " ";
  }
  return out;
}

TEST(Filter, WithoutFiltersEverythingPasses) { EXPECT_EQ(passing({}), "i-1 i-2 i-3 "); }

TEST(Filter, ValuesOfOneFilterAreOrSeveralFiltersAreAnd) {
  EXPECT_EQ(passing({{"instance-id", {"i-1", "i-3"}}}), "i-1 i-3 ");
  EXPECT_EQ(passing({{"instance-id", {"i-1", "i-3"}}, {"port", {"443"}}}), "i-3 ");
  EXPECT_EQ(passing({{"port", {"443"}}, {"port", {"80"}}}), "");
}

TEST(Filter, AnyOfSeveralValuesOfAResourceIsEnough) { EXPECT_EQ(passing({{"group-id", {"sg-b"}}}), "i-1 i-2 "); }

TEST(Filter, BooleansAreTrueAndFalse) { EXPECT_EQ(passing({{"isDefault", {"true"}}}), "i-1 "); }

TEST(Filter, NamesAndValuesAreCaseSensitive) {
  EXPECT_EQ(passing({{"instance-id", {"I-1"}}}), "");
  EXPECT_EQ(passing({{"isdefault", {"true"}}}), "InvalidParameterValue");
}

TEST(Filter, TagsAreMatchedByKeyByValueAndByBoth) {
  EXPECT_EQ(passing({{"tag:Name", {"web"}}}), "i-1 ");
  EXPECT_EQ(passing({{"tag-key", {"Name"}}}), "i-1 i-2 ");
  EXPECT_EQ(passing({{"tag-value", {"prod"}}}), "i-1 ");
  EXPECT_EQ(passing({{"tag:name", {"web"}}}), "");
  EXPECT_EQ(passing({{"tag:Name", {"*"}}}), "i-1 i-2 ");
}

TEST(Filter, WildcardsCanBeEscaped) {
  EXPECT_EQ(passing({{"tag:Name", {"?eb*"}}}), "i-1 i-2 ");
  EXPECT_EQ(passing({{"tag:Name", {"Web\\*"}}}), "i-2 ");
}

TEST(Filter, WhatIsWrongIsNamed) {
  const auto unknown = table().matcher(std::vector<WireFilter>{{"colour", {"red"}}});
  EXPECT_EQ(unknown.error().message, "The filter 'colour' is invalid");
  const auto nameless = table().matcher(std::vector<WireFilter>{{"port", {"1"}}, {std::nullopt, {"1"}}});
  EXPECT_EQ(nameless.error().message, "The request must contain the parameter Filter.2.Name");
  EXPECT_EQ(passing({{"port", {}}}), "MissingParameter");
  EXPECT_EQ(passing({{"port", FilterValues(200, "1")}}), "");
  EXPECT_EQ(passing({{"port", FilterValues(100, "1")}, {"port", FilterValues(101, "1")}}), "FilterLimitExceeded");
  EXPECT_EQ(passing({{"port", {std::string(1025, 'x')}}}), "InvalidParameterValue");
}

TEST(Filter, ATableWithoutTagsHasNoTagFilters) {
  FilterTable<Host> plain;
  EXPECT_FALSE(plain.matcher(std::vector<WireFilter>{{"tag:Name", {"x"}}}));
}

TEST(Pattern, Cases) {
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(matches_pattern("*ab", "aab"));
  EXPECT_TRUE(matches_pattern("?", "\xE3\x81\x82"));  // one character of three bytes
  EXPECT_TRUE(matches_pattern("\\?", "?"));
  EXPECT_TRUE(matches_pattern("a\\", "a\\"));
  EXPECT_FALSE(matches_pattern("?", ""));
  EXPECT_FALSE(matches_pattern("a*b", "ac"));
  EXPECT_FALSE(matches_pattern("a", "ab"));
  EXPECT_FALSE(matches_pattern("\\*", "x"));
}

// The same by the definition, exponential but plainly right.
bool plainly_matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return plainly_matches(pattern.substr(1), text) || (!text.empty() && plainly_matches(pattern, text.substr(1)));
  }
  const bool escaped = pattern[0] == '\\' && pattern.size() > 1;
  if (text.empty()) return false;
  if (!escaped && pattern[0] == '?') return plainly_matches(pattern.substr(1), text.substr(1));
  return pattern[escaped ? 1 : 0] == text[0] && plainly_matches(pattern.substr(escaped ? 2 : 1), text.substr(1));
}

TEST(Pattern, AgreesWithTheDefinition) {
  EXPECT_TRUE(rc::check("patterns", [] {
    const auto pattern = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '*', '?', '\\'));
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '*', '\\'));
    const std::string_view p = std::string_view(pattern).substr(0, 10);
    const std::string_view t = std::string_view(text).substr(0, 10);
    RC_ASSERT(matches_pattern(p, t) == plainly_matches(p, t));
  }));
}

}  // namespace
}  // namespace ginnel::aws
