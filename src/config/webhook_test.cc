#include "config/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace ginnel::config {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto config = parse(text, "t.toml");
  EXPECT_FALSE(config) << text;
  return config ? "" : config.error().text();
}

TEST(Url, IsTakenApart) {
  const auto url = Url::parse("https://Hooks.Example.com/a/b?c=d");
  ASSERT_TRUE(url) << url.error().text();
  EXPECT_EQ(*url, (Url{true, {"hooks.example.com", 443}, "/a/b?c=d"}));
  EXPECT_EQ(*Url::parse("http://127.0.0.1:8080"), (Url{false, {"127.0.0.1", 8080}, "/"}));
  EXPECT_EQ(*Url::parse("http://127.0.0.1?x"), (Url{false, {"127.0.0.1", 80}, "/?x"}));
  EXPECT_EQ(*Url::parse("http://[2001:db8::1]/"), (Url{false, {"2001:db8::1", 80}, "/"}));
  EXPECT_EQ(Url::parse("http://[2001:db8::1]:81/x")->to_string(), "http://[2001:db8::1]:81/x");
}

TEST(Url, OthersAreRefused) {
  for (const auto* text : {"", "ftp://x/", "http://", "http://:80/", "http://x:0/", "http://u:p@x/", "http://x/#y",
                           "http://x/a b", "http://x/\r\nHost:y", "x", "http://1.2.3/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
}

TEST(Webhooks, AreReadInOrder) {
  const auto config = parse(R"(
[[webhook]]
topic = "arn:aws:sns:ap-northeast-1:111122223333:one"
url = "http://127.0.0.1:9000/one"
[[webhook]]
topic = "arn:aws:sns:ap-northeast-1:111122223333:two"
url = "https://example.com"
)",
                            "t.toml");
  ASSERT_TRUE(config) << config.error().text();
  ASSERT_EQ(config->webhooks.size(), 2U);
  EXPECT_EQ(config->webhooks[0].topic, "arn:aws:sns:ap-northeast-1:111122223333:one");
  EXPECT_EQ(config->webhooks[1].url.to_string(), "https://example.com:443/");
}

TEST(Webhooks, MistakesAreNamedWithTheirLine) {
  const std::string topic = "topic = \"arn:aws:sns:r:1:one\"\n", url = "url = \"http://x/\"\n";
  EXPECT_THAT(error_of("[[webhook]]\n" + url), HasSubstr("topic"));
  EXPECT_THAT(error_of("[[webhook]]\n" + topic), HasSubstr("url"));
  EXPECT_THAT(error_of("[[webhook]]\n" + topic + url + "retries = 3\n"),
              testing::AllOf(HasSubstr("t.toml:4"), HasSubstr("retries")));
  EXPECT_THAT(error_of("[[webhook]]\n" + topic + "url = \"gopher://x\"\n"),
              testing::AllOf(HasSubstr("t.toml:3"), HasSubstr("gopher://x")));
  EXPECT_THAT(error_of("[[webhook]]\ntopic = \"arn:aws:sqs:r:1:one\"\n" + url), HasSubstr("arn:aws:sqs:r:1:one"));
  EXPECT_THAT(error_of("[[webhook]]\n" + topic + url + "[[webhook]]\n" + topic + url),
              testing::AllOf(HasSubstr("t.toml:4"), HasSubstr("given twice")));
  EXPECT_THAT(error_of("webhook = 1\n"), HasSubstr("[[webhook]]"));
}

TEST(Config, TheTimeOfVerificationIsBounded) {
  EXPECT_EQ(defaults()->private_dns_verification_s, 60U);
  EXPECT_EQ(parse("private_dns_verification_s = 5", "t.toml")->private_dns_verification_s, 5U);
  EXPECT_THAT(error_of("private_dns_verification_s = 0"), HasSubstr("private_dns_verification_s"));
}

TEST(Config, TheTargetTableHasAPrimeSize) {
  EXPECT_EQ(defaults()->maglev_table_size, 65537U);
  EXPECT_EQ(parse("maglev_table_size = 4099", "t.toml")->maglev_table_size, 4099U);
  EXPECT_THAT(error_of("maglev_table_size = 4097"), HasSubstr("maglev_table_size = 4097: is not a prime number"));
  EXPECT_THAT(error_of("maglev_table_size = 251"), HasSubstr("maglev_table_size = 251"));
}

TEST(Config, BigTcpIsAChoice) {
  EXPECT_FALSE(defaults()->big_tcp);
  EXPECT_TRUE(parse("big_tcp = true", "t.toml")->big_tcp);
  EXPECT_THAT(error_of("big_tcp = 1"), HasSubstr("big_tcp = 1: is neither true nor false"));
}

}  // namespace
}  // namespace ginnel::config
