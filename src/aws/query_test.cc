#include "aws/query.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace ginnel::aws {
namespace {

std::string code_of(std::string_view text, const QueryLimits& limits = {}) {
  const ApiResult<Query> query = Query::parse(text, limits);
  return query ? "" : query.error().code;
}

TEST(Query, NamesBecomeATree) {
  const ApiResult<Query> query = Query::parse(
      "Action=CreateTags&Version=2016-11-15&Tag.1.Key=Name&Tag.1.Value=a%20b+c%2B&Tag.2.Key=&ResourceId.1=x");
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->action(), "CreateTags");
  EXPECT_EQ(query->version(), "2016-11-15");
  EXPECT_EQ(query->root().children.size(), 2U);
  const QueryNode* tag = query->root().child("Tag")->child("1");
  EXPECT_EQ(tag->path, "Tag.1");
  EXPECT_EQ(tag->child("Value")->value, "a b c+");
  EXPECT_EQ(query->root().child("Tag")->child("2")->child("Key")->value, "");
  EXPECT_EQ(query->root().child("Filter"), nullptr);
}

TEST(Query, TheSignatureOfAPresignedRequestIsNoParameter) {
  const ApiResult<Query> query = Query::parse("Action=A&X-Amz-Signature=1&X-Amz-Date=2&X-Amz-Other=3");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->root().children.size(), 1U);
  EXPECT_NE(query->root().child("X-Amz-Other"), nullptr);
}

TEST(Query, BrokenTextIsRefused) {
  EXPECT_EQ(code_of("A=%"), "MalformedQueryString");
  EXPECT_EQ(code_of("A=%2"), "MalformedQueryString");
  EXPECT_EQ(code_of("A=%zz"), "MalformedQueryString");
  EXPECT_EQ(code_of("A=%FF"), "MalformedQueryString");
  EXPECT_EQ(code_of("A=%ED%A0%80"), "MalformedQueryString");  // a surrogate
  EXPECT_EQ(code_of("A=1&A=1"), "MalformedQueryString");
  EXPECT_EQ(code_of("Action=A&Action=B"), "MalformedQueryString");
  EXPECT_EQ(code_of("A..B=1"), "UnknownParameter");
  EXPECT_EQ(code_of(".A=1"), "UnknownParameter");
  EXPECT_EQ(code_of("A.=1"), "UnknownParameter");
  EXPECT_EQ(code_of("=1"), "UnknownParameter");
  EXPECT_EQ(code_of(""), "");
  EXPECT_EQ(code_of("&&A=1&"), "");
}

TEST(Query, LimitsAreKept) {
  QueryLimits limits;
  limits.bytes = 20;
  limits.parameters = 2;
  limits.name_bytes = 5;
  limits.depth = 2;
  EXPECT_EQ(code_of("A=" + std::string(18, 'x'), limits), "");
  EXPECT_EQ(code_of("A=" + std::string(19, 'x'), limits), "RequestEntityTooLarge");
  EXPECT_EQ(code_of("A=1&B=2", limits), "");
  EXPECT_EQ(code_of("A=1&B=2&C=3", limits), "MalformedQueryString");
  EXPECT_EQ(code_of("ABCDE=1", limits), "");
  EXPECT_EQ(code_of("ABCDEF=1", limits), "MalformedQueryString");
  EXPECT_EQ(code_of("A.B=1", limits), "");
  EXPECT_EQ(code_of("A.B.C=1", limits), "UnknownParameter");
}

TEST(Query, TheCanonicalTextTellsRequestsApart) {
  const auto text = [](std::string_view query) { return Query::parse(query)->canonical_text(); };
  const std::string first = text("Action=A&Version=1&B=2&C.1=3&ClientToken=x");
  EXPECT_EQ(first, text("C.1=3&B=2&Action=A&Version=1&ClientToken=y"));
  EXPECT_NE(first, text("Action=A&Version=1&B=2&C.1=4&ClientToken=x"));
  EXPECT_NE(first, text("Action=Z&Version=1&B=2&C.1=3&ClientToken=x"));
  EXPECT_NE(text("A=1%0AB=2"), text("A=1&B=2"));
}

TEST(Query, PercentEncodingGoesBothWays) {
  EXPECT_TRUE(rc::check("encode, decode", [](const std::string& text) {
    RC_ASSERT(percent_decode(percent_encode(text), false) == text);
    RC_ASSERT(percent_decode(percent_encode(text), true) == text);
  }));
}

TEST(Query, ArbitraryTextIsParsedOrRefused) {
  EXPECT_TRUE(rc::check("no crash", [] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::element('A', '.', '1', '&', '=', '%', '4', '+', '\xE3'));
    const ApiResult<Query> query = Query::parse(text);
    RC_ASSERT(query.has_value() || !query.error().code.empty());
  }));
}

}  // namespace
}  // namespace ginnel::aws
