#include "daemon/exposition.h"

#include <gtest/gtest.h>

namespace ginnel::daemon {
namespace {

TEST(Exposition, FamiliesAndSamples) {
  Exposition out;
  out.family("a_total", Exposition::Kind::counter, "What a is.");
  out.sample({{"id", "x"}, {"zone", ""}, {"type", "y"}}, 18446744073709551615U);
  out.sample({}, 0);
  out.family("b", Exposition::Kind::gauge, "Two\nlines, a \\ and \"quotes\".");
  EXPECT_EQ(out.take(),
            "# HELP a_total What a is.\n# TYPE a_total counter\na_total{id=\"x\",type=\"y\"} 18446744073709551615\n"
            "a_total 0\n# HELP b Two\\nlines, a \\\\ and \"quotes\".\n# TYPE b gauge\n");
}

TEST(Exposition, LabelsAreEscaped) {
  Exposition out;
  out.family("a", Exposition::Kind::gauge, "h");
  out.sample({{"name", "back\\slash \"quoted\"\nnew line é"}}, 1);
  EXPECT_TRUE(out.take().ends_with("\na{name=\"back\\\\slash \\\"quoted\\\"\\nnew line é\"} 1\n"));
}

}  // namespace
}  // namespace ginnel::daemon
