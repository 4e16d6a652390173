#include "aws/page.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace ginnel::aws {
namespace {

constexpr PageForm kForm{"DescribeThings"};
constexpr PageForm kElbForm{"DescribeLoadBalancers", 1, 400, false, "PageSize", "Marker", Protocol::kQuery};

std::vector<std::string> things(int from, int to) {
  std::vector<std::string> out;
  for (int i = from; i < to; ++i) out.push_back("vpc-" + std::to_string(100000 + i));
  return out;
}

ApiResult<Page<std::string>> page(std::vector<std::string> items, std::optional<int> size,
                                  std::optional<std::string> token = {}, const PageForm& form = kForm) {
  return paginate(form, PageRequest{size, std::move(token)}, std::move(items),
                  [](const std::string& item) { return item; });
}

std::string code(const ApiResult<Page<std::string>>& result) { return result ? "" : result.error().code; }

TEST(Page, WithoutMaxResultsEverythingIsGiven) {
  const auto all = page(things(0, 1500), std::nullopt);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->items.size(), 1500U);
  EXPECT_FALSE(all->next_token);
}

TEST(Page, TheLastPageHasNoToken) {
  const auto first = page(things(0, 10), 5);
  ASSERT_TRUE(first && first->next_token);
  const auto last = page(things(0, 10), 5, first->next_token);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->items, things(5, 10));
  EXPECT_FALSE(last->next_token);
}

TEST(Page, ATokenOutlivesTheItemThatItNames) {
  const auto first = page(things(0, 20), 5);
  std::vector<std::string> fewer = things(0, 20);
  fewer.erase(fewer.begin() + 3, fewer.begin() + 7);
  EXPECT_EQ(page(fewer, 5, first->next_token)->items, things(7, 12));
  EXPECT_TRUE(page({}, 5, first->next_token)->items.empty());
}

TEST(Page, MaxResultsHasARange) {
  EXPECT_EQ(code(page({}, 4)), "InvalidParameterValue");
  EXPECT_EQ(code(page({}, 0)), "InvalidParameterValue");
  EXPECT_EQ(code(page({}, -1)), "InvalidParameterValue");
  EXPECT_EQ(page(things(0, 1500), 5000)->items.size(), 1000U);
  EXPECT_EQ(page(things(0, 500), std::nullopt, {}, kElbForm)->items.size(), 400U);
  EXPECT_EQ(code(page({}, 401, {}, kElbForm)), "ValidationError");
}

TEST(Page, ATokenOfAnotherOperationOrNoTokenIsRefused) {
  const std::string token = make_page_token(kForm, "vpc-1");
  constexpr PageForm kOther{"DescribeOthers"};
  EXPECT_EQ(code(page({}, 5, token, kOther)), "InvalidNextToken");
  for (const std::string& bad : {std::string(), std::string("x"), token + "0", token + "61", token.substr(1),
                                 "g" + token.substr(1), std::string(200, 'a')}) {
    EXPECT_EQ(code(page({}, 5, bad)), "InvalidNextToken") << bad;
    EXPECT_EQ(code(page({}, 5, bad, kElbForm)), "ValidationError") << bad;
  }
}

TEST(Page, IdsAndMaxResultsDoNotGoTogether) {
  EXPECT_EQ(read_page_request(kForm, {5, {}, "InstanceId"}).error().message,
            "The parameter InstanceId cannot be used with the parameter MaxResults");
  EXPECT_TRUE(read_page_request(kForm, {{}, {}, "InstanceId"}));
}

// While things come and go between pages, whatever lasts is seen exactly once.
TEST(Page, WhatLastsIsSeenOnce) {
  EXPECT_TRUE(rc::check("pages", [] {
    const auto lasting = *rc::gen::arbitrary<std::set<unsigned char>>();
    const auto size = *rc::gen::inRange(5, 20);
    std::multiset<std::string> seen;
    std::optional<std::string> token;
    do {
      std::set<unsigned char> now = *rc::gen::arbitrary<std::set<unsigned char>>();
      now.insert(lasting.begin(), lasting.end());
      std::vector<std::string> items;
      for (const unsigned char number : now) items.push_back("k" + std::to_string(1000 + number));
      const auto result = page(items, size, token);
      RC_ASSERT(result.has_value());
      seen.insert(result->items.begin(), result->items.end());
      token = result->next_token;
    } while (token);
    for (const unsigned char number : lasting) RC_ASSERT(seen.count("k" + std::to_string(1000 + number)) == 1U);
  }));
}

}  // namespace
}  // namespace ginnel::aws
