// A test on the real kernel: runs in a network namespace of its own, with a tag and instance names that nobody else
// has, and takes all of it away at its end.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/result.h"

namespace ginnel::dataplane {

class OwnNetwork : public testing::Test {
 protected:
  void SetUp() override;     // skips the test where the user is not root
  void TearDown() override;  // fails the test if something of the tag is left afterwards

  // "i-TAG-NAME": unique on the machine.
  [[nodiscard]] std::string instance(const std::string& name) const { return "i-" + tag_ + "-" + name; }

  std::string tag_;
};

// Everything of the tag that is still there, one line each: devices here, namespaces, resolv.conf files.
[[nodiscard]] std::string leftovers(const std::string& tag);

template <typename T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().text();
}

}  // namespace ginnel::dataplane

#define EXPECT_GOOD(expr) EXPECT_EQ(::ginnel::dataplane::why(expr), "") << #expr
#define ASSERT_GOOD(expr)                                    \
  do {                                                       \
    const auto& good_ = (expr);                              \
    ASSERT_EQ(::ginnel::dataplane::why(good_), "") << #expr; \
  } while (false)
