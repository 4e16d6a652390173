#include "aws/sigv4_verifier.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cctype>
#include <string>
#include <vector>

#include "aws/query.h"
#include "aws/scalars.h"
#include "aws/sigv4_signer.h"

namespace ginnel::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const WallTime kNow = *parse_timestamp("2026-01-31T12:00:00Z");
const SigningKey kKey{"AKIAEXAMPLE", "a/secret+key", "ap-northeast-1", "ec2"};

// A request that owns its parts, so that tests can spoil them.
struct Signed {
  std::string method = "POST";
  std::string path = "/";
  std::string query;
  Headers headers{{"Host", "ec2.ap-northeast-1.amazonaws.com"},
                  {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  std::string body = "Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-0123456789abcdef0";

  [[nodiscard]] RequestView view() const { return {method, path, query, headers, body}; }
  Signed& sign_with(const SigningKey& key, WallTime time = kNow) {
    const Headers added = sign(view(), key, time);
    headers.insert(headers.end(), added.begin(), added.end());
    return *this;
  }
  Signed& presign_with(const SigningKey& key, seconds expires, WallTime time = kNow) {
    query = presign(view(), key, time, expires);
    return *this;
  }
  std::string& header(std::string_view name) {
    for (auto& [header_name, value] : headers) {
      if (header_name == name) return value;
    }
    return headers.emplace_back(name, "").second;
  }
};

ApiResult<CallerIdentity> verify(const Signed& request, WallTime now = kNow) {
  const ManualClock clock(now);
  const SigV4Verifier verifier(
      "ap-northeast-1", {"ec2", "elasticloadbalancing", "sts"},
      [](std::string_view key) -> std::optional<Credential> {
        if (key != kKey.access_key) return std::nullopt;
        return Credential{kKey.secret, "000000000001"};
      },
      clock);
  return verifier.verify(request.view());
}

std::string code_of(const ApiResult<CallerIdentity>& result) { return result ? "accepted" : result.error().code; }

Signed signed_request() { return Signed().sign_with(kKey); }

Signed replaced(Signed request, const std::string& from, const std::string& to) {
  std::string& value = request.header("Authorization");
  value.replace(value.find(from), from.size(), to);
  return request;
}

TEST(SigV4Verifier, AnswersWhoCalls) {
  const ApiResult<CallerIdentity> caller = verify(signed_request());
  ASSERT_TRUE(caller) << caller.error().message;
  EXPECT_EQ(caller->account_id, "000000000001");
  EXPECT_EQ(caller->service, "ec2");
  EXPECT_EQ(claimed_service(signed_request().view()), "ec2");
}

TEST(SigV4Verifier, ARequestWithoutSignatureIsRefused) {
  EXPECT_EQ(code_of(verify(Signed())), "MissingAuthenticationToken");
  EXPECT_EQ(claimed_service(Signed().view()), "");
}

TEST(SigV4Verifier, AnUnknownKeyHasEc2sOwnCodeInEc2) {
  SigningKey key = kKey;
  key.access_key = "AKIAOTHER";
  EXPECT_EQ(code_of(verify(Signed().sign_with(key))), "AuthFailure");
  EXPECT_EQ(verify(Signed().sign_with(key)).error().http_status, 401);
  key.service = "sts";
  EXPECT_EQ(code_of(verify(Signed().sign_with(key))), "InvalidClientTokenId");
}

TEST(SigV4Verifier, AWrongSecretDoesNotMatch) {
  SigningKey key = kKey;
  key.secret += "x";
  EXPECT_EQ(code_of(verify(Signed().sign_with(key))), "SignatureDoesNotMatch");
}

TEST(SigV4Verifier, TheScopeMustNameThisRegionAServiceHereAndTheDay) {
  SigningKey key = kKey;
  key.region = "us-east-1";
  EXPECT_NE(verify(Signed().sign_with(key)).error().message.find("'us-east-1'"), std::string::npos);
  key = kKey;
  key.service = "s3";
  EXPECT_NE(verify(Signed().sign_with(key)).error().message.find("'s3'"), std::string::npos);
  EXPECT_EQ(code_of(verify(replaced(signed_request(), "/20260131/", "/20260130/"))), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of(verify(replaced(signed_request(), "aws4_request", "aws5_request"))), "SignatureDoesNotMatch");
}

TEST(SigV4Verifier, TheClockMayDifferByAQuarterOfAnHour) {
  const Signed request = signed_request();
  EXPECT_TRUE(verify(request, kNow + minutes(15)));
  EXPECT_TRUE(verify(request, kNow - minutes(15)));
  EXPECT_EQ(code_of(verify(request, kNow + minutes(15) + seconds(1))), "RequestExpired");
  EXPECT_EQ(code_of(verify(request, kNow - minutes(15) - seconds(1))), "RequestExpired");
}

TEST(SigV4Verifier, APresignedRequestIsGoodUntilItExpires) {
  const Signed request = Signed().presign_with(kKey, hours(1));
  EXPECT_TRUE(verify(request));
  EXPECT_TRUE(verify(request, kNow + hours(1)));
  EXPECT_EQ(code_of(verify(request, kNow + hours(1) + seconds(1))), "RequestExpired");
  EXPECT_EQ(code_of(verify(request, kNow - minutes(16))), "RequestExpired");
}

TEST(SigV4Verifier, APresignedRequestExpiresWithinSevenDays) {
  EXPECT_TRUE(verify(Signed().presign_with(kKey, hours(24 * 7))));
  EXPECT_EQ(code_of(verify(Signed().presign_with(kKey, hours(24 * 7) + seconds(1)))), "IncompleteSignature");
  EXPECT_EQ(code_of(verify(Signed().presign_with(kKey, seconds(0)))), "IncompleteSignature");
}

TEST(SigV4Verifier, APresignedRequestWithAParameterTwiceIsRefused) {
  Signed request = Signed().presign_with(kKey, hours(1));
  request.query += "&X-Amz-Expires=3600";
  EXPECT_EQ(code_of(verify(request)), "IncompleteSignature");
}

TEST(SigV4Verifier, TwoSignaturesAreRefused) {
  EXPECT_EQ(code_of(verify(Signed().presign_with(kKey, hours(1)).sign_with(kKey))), "IncompleteSignature");
  Signed request = signed_request();
  request.headers.emplace_back("authorization", request.header("Authorization"));
  EXPECT_EQ(code_of(verify(request)), "IncompleteSignature");
}

TEST(SigV4Verifier, TheHostMustBeSigned) {
  EXPECT_EQ(code_of(verify(replaced(signed_request(), "content-type;host;", "content-type;"))), "IncompleteSignature");
}

TEST(SigV4Verifier, ASignedHeaderMustBeThere) {
  Signed request = signed_request();
  request.headers.erase(request.headers.begin() + 1);
  EXPECT_EQ(code_of(verify(request)), "SignatureDoesNotMatch");
  EXPECT_NE(verify(request).error().message.find("'content-type'"), std::string::npos);
}

TEST(SigV4Verifier, AnUnsignedBodyIsRefused) {
  for (const char* hash : {"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}) {
    Signed request;
    request.header("X-Amz-Content-Sha256") = hash;
    request.sign_with(kKey);
    EXPECT_EQ(code_of(verify(request)), "SignatureDoesNotMatch");
    EXPECT_NE(verify(request).error().message.find(hash), std::string::npos);
  }
}

TEST(SigV4Verifier, ASecurityTokenInThePresignedQueryIsRefused) {
  Signed request;
  request.query = "X-Amz-Security-Token=abc";
  EXPECT_EQ(code_of(verify(request.presign_with(kKey, hours(1)))), "AuthFailure");
}

TEST(SigV4Verifier, WhatIsMissingIsNamed) {
  Signed request = signed_request();
  for (const char* part : {"Credential", "SignedHeaders", "Signature"}) {
    const ApiResult<CallerIdentity> result = verify(replaced(request, std::string(part) + "=", "Other="));
    EXPECT_EQ(code_of(result), "IncompleteSignature");
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  }
  request.header("X-Amz-Date") = "Sat, 31 Jan 2026 12:00:00 GMT";
  EXPECT_EQ(code_of(verify(request)), "IncompleteSignature");
}

TEST(SigV4Verifier, OtherSchemesAreRefused) {
  for (const char* value :
       {"Basic dXNlcjpwYXNz", "Bearer abc", "AWS4-ECDSA-P256-SHA256 Credential=a", "", "AWS4-HMAC-SHA256"}) {
    Signed request = signed_request();
    request.header("Authorization") = value;
    EXPECT_EQ(code_of(verify(request)), "IncompleteSignature") << value;
  }
}

// Two spellings of one thing: the kind of a blank, and the case of an escape's digits.
bool is_same(const std::string& now, std::size_t at, char old) {
  const auto is_blank = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  const bool in_escape = (at >= 1 && now[at - 1] == '%') || (at >= 2 && now[at - 2] == '%');
  return (is_blank(old) && is_blank(now[at])) || (in_escape && (old ^ now[at]) == 0x20);
}

// Whatever byte of the signed parts is changed, the request is refused.
TEST(SigV4Verifier, AnyChangedByteIsRefused) {
  EXPECT_TRUE(rc::check("a changed byte is refused", [] {
    Signed request;
    request.query = "b=2&a=1";
    request.path = "/a/path";
    if (*rc::gen::arbitrary<bool>()) {
      request.sign_with(kKey);
    } else {
      request.presign_with(kKey, hours(1));
    }
    RC_ASSERT(verify(request).has_value());
    std::vector<std::string*> parts{&request.method, &request.path,           &request.query,
                                    &request.body,   &request.header("Host"), &request.header("Content-Type")};
    if (request.headers.size() > 2) {
      parts.push_back(&request.header("X-Amz-Date"));
      parts.push_back(&request.header("Authorization"));
    }
    std::string& part = **rc::gen::elementOf(parts);
    const auto at = *rc::gen::inRange<std::size_t>(0, part.size());
    const char old = part[at];
    part[at] = static_cast<char>(old ^ *rc::gen::inRange(1, 256));
    RC_PRE(!is_same(part, at, old));
    RC_ASSERT(!verify(request).has_value());
  }));
}

TEST(SigV4Verifier, AnyLeftOutOrAddedByteOfTheBodyIsRefused) {
  EXPECT_TRUE(rc::check("the body is signed whole", [] {
    Signed request = signed_request();
    const auto at = *rc::gen::inRange<std::size_t>(0, request.body.size());
    if (*rc::gen::arbitrary<bool>()) {
      request.body.erase(at, 1);
    } else {
      request.body.insert(at, 1, *rc::gen::arbitrary<char>());
    }
    RC_ASSERT(!verify(request).has_value());
  }));
}

TEST(SigV4Verifier, WhateverIsSignedIsAccepted) {
  EXPECT_TRUE(rc::check("sign, then verify", [] {
    Signed request;
    request.method = *rc::gen::elementOf(std::vector<std::string>{"GET", "POST", "PUT"});
    request.path = "/" + percent_encode(*rc::gen::arbitrary<std::string>(), true);
    request.query =
        percent_encode(*rc::gen::arbitrary<std::string>()) + "=" + percent_encode(*rc::gen::arbitrary<std::string>());
    request.body = *rc::gen::arbitrary<std::string>();
    RC_ASSERT(verify(request.sign_with(kKey)).has_value());
  }));
}

}  // namespace
}  // namespace ginnel::aws
