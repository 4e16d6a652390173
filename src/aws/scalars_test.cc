#include "aws/scalars.h"

#include <gtest/gtest.h>

namespace ginnel::aws {
namespace {

TEST(Scalars, Booleans) {
  EXPECT_EQ(parse_bool("true"), true);
  EXPECT_EQ(parse_bool("False"), false);
  EXPECT_EQ(parse_bool(""), std::nullopt);
  EXPECT_EQ(parse_bool("1"), std::nullopt);
  EXPECT_EQ(parse_bool("true "), std::nullopt);
}

TEST(Scalars, Integers) {
  EXPECT_EQ(parse_int("-1"), -1);
  EXPECT_EQ(parse_int("2147483647"), 2147483647);
  EXPECT_EQ(parse_int("2147483648"), std::nullopt);
  EXPECT_EQ(parse_int("1.0"), std::nullopt);
  EXPECT_EQ(parse_int("+1"), std::nullopt);
  EXPECT_EQ(parse_int(""), std::nullopt);
  EXPECT_EQ(parse_long("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("inf"), std::nullopt);
}

TEST(Scalars, Times) {
  const auto time = parse_timestamp("2026-01-31T12:00:01Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_iso8601(*time), "2026-01-31T12:00:01.000Z");
  EXPECT_EQ(to_iso8601(*parse_timestamp("2024-02-29T23:59:59.1239Z")), "2024-02-29T23:59:59.123Z");
  EXPECT_EQ(to_iso8601(*parse_timestamp("2024-02-29T23:59:59.5Z")), "2024-02-29T23:59:59.500Z");
  EXPECT_EQ(parse_basic_timestamp("20260131T120001Z"), time);
  EXPECT_EQ(to_basic_timestamp(*time), "20260131T120001Z");
  for (const char* bad :
       {"", "2026-01-31", "2026-02-30T12:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+01:00", "2026-01-31T12:00:00.Z", "2026-1-31T12:00:00Z", "2026-01-31T12:00:00Zx"}) {
    EXPECT_EQ(parse_timestamp(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_basic_timestamp("2026-01-31T12:00:01Z"), std::nullopt);
  EXPECT_EQ(parse_basic_timestamp("20260131T120001.5Z"), std::nullopt);
}

}  // namespace
}  // namespace ginnel::aws
