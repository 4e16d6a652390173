// The published test suite of Signature Version 4 (aws-sig-v4-test-suite; here in the form that aws-c-auth keeps,
// with paths normalised). Each case is a signed request as it goes over the wire.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "aws/sigv4_canonical.h"
#include "aws/sigv4_claim.h"
#include "aws/sigv4_signer.h"
#include "aws/sigv4_verifier.h"

namespace ginnel::aws {
namespace {

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
constexpr WallTime kNow =
    std::chrono::sys_days(std::chrono::August / 30 / 2015) + std::chrono::hours(12) + std::chrono::minutes(36);

struct Vector {
  const char* name;
  const char* request_line;  // method and target
  Headers headers;           // besides Host and X-Amz-Date
  const char* body;
  const char* signed_headers;
  const char* signature;
};

const std::vector<Vector>& header_vectors() {
  static const char* kUnreserved = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static const std::string kGetUnreserved = std::string("GET ") + kUnreserved;
  static const std::string kGetQueryUnreserved = std::string("GET /?") + (kUnreserved + 1) + "=" + (kUnreserved + 1);
  static const std::vector<Vector> kVectors{
      {"get-vanilla",
       "GET /",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-header-key-duplicate",
       "GET /",
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "",
       "host;my-header1;x-amz-date",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-order",
       "GET /",
       {{"My-Header1", "value4"}, {"My-Header1", "value1"}, {"My-Header1", "value3"}, {"My-Header1", "value2"}},
       "",
       "host;my-header1;x-amz-date",
       "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
      {"get-header-value-trim",
       "GET /",
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "",
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"get-relative-relative",
       "GET /example1/example2/../..",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-dot-slash",
       "GET /./",
       {},
       "",
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-pointless-dot",
       "GET /./example",
       {},
       "",
       "host;x-amz-date",
       "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
      {"get-slashes",
       "GET //example//",
       {},
       "",
       "host;x-amz-date",
       "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
      {"get-space",
       "GET /example space/",
       {},
       "",
       "host;x-amz-date",
       "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
      {"get-unreserved",
       kGetUnreserved.c_str(),
       {},
       "",
       "host;x-amz-date",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-utf8",
       "GET /\xE1\x88\xB4",
       {},
       "",
       "host;x-amz-date",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-vanilla-empty-query-key",
       "GET /?Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-vanilla-query-order-encoded",
       "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
       {},
       "",
       "host;x-amz-date",
       "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
      {"get-vanilla-query-order-key-case",
       "GET /?Param2=value2&Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-query-unreserved",
       kGetQueryUnreserved.c_str(),
       {},
       "",
       "host;x-amz-date",
       "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
      {"get-vanilla-utf8-query",
       "GET /?\xE1\x88\xB4=bar",
       {},
       "",
       "host;x-amz-date",
       "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
      {"post-vanilla",
       "POST /",
       {},
       "",
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-vanilla-query",
       "POST /?Param1=value1",
       {},
       "",
       "host;x-amz-date",
       "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
      {"post-header-key-sort",
       "POST /",
       {{"My-Header1", "value1"}},
       "",
       "host;my-header1;x-amz-date",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-header-value-case",
       "POST /",
       {{"My-Header1", "VALUE1"}},
       "",
       "host;my-header1;x-amz-date",
       "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
      // Both forms of the suite: before and since the hash of the body is a header.
      {"post-x-www-form-urlencoded (2015)",
       "POST /",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"post-x-www-form-urlencoded",
       "POST /",
       {{"Content-Type", "application/x-www-form-urlencoded"},
        {"Content-Length", "13"},
        {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
       "Param1=value1",
       "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
       "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
  };
  return kVectors;
}

// A vector as the request on the wire; the view points into it.
struct WireRequest {
  std::string method, path, query, body;
  Headers headers;

  explicit WireRequest(const Vector& vector, const std::string& host = "example.amazonaws.com") : body(vector.body) {
    const std::string line = vector.request_line;
    method = line.substr(0, line.find(' '));
    path = line.substr(line.find(' ') + 1);
    if (const std::size_t mark = path.find('?'); mark != std::string::npos) {
      query = path.substr(mark + 1);
      path.resize(mark);
    }
    headers = vector.headers;
    headers.emplace_back("Host", host);
  }
  [[nodiscard]] RequestView view() const { return {method, path, query, headers, body}; }
};

CredentialLookup example_key() {
  return [](std::string_view key) -> std::optional<Credential> {
    if (key != "AKIDEXAMPLE") return std::nullopt;
    return Credential{kSecret, "123456789012"};
  };
}

const SigningKey kKey{"AKIDEXAMPLE", kSecret, "us-east-1", "service"};

TEST(SigV4Vectors, EveryPublishedSignatureIsAccepted) {
  const ManualClock clock(kNow);
  const SigV4Verifier verifier("us-east-1", {"service"}, example_key(), clock);
  for (const Vector& vector : header_vectors()) {
    WireRequest request(vector);
    request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    request.headers.emplace_back("Authorization",
                                 std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"
                                             "aws4_request, SignedHeaders=") +
                                     vector.signed_headers + ", Signature=" + vector.signature);
    const ApiResult<CallerIdentity> caller = verifier.verify(request.view());
    ASSERT_TRUE(caller) << vector.name << ": " << caller.error().code << ": " << caller.error().message;
    EXPECT_EQ(caller->access_key, "AKIDEXAMPLE");
    EXPECT_EQ(caller->account_id, "123456789012");
    EXPECT_EQ(caller->service, "service");
    EXPECT_EQ(caller->region, "us-east-1");
  }
}

TEST(SigV4Vectors, TheSignerMakesThePublishedSignatures) {
  for (const Vector& vector : header_vectors()) {
    const WireRequest request(vector);
    const Headers added = sign(request.view(), kKey, kNow);
    ASSERT_EQ(added.size(), 2U);
    EXPECT_EQ(added[0], std::pair(std::string("X-Amz-Date"), std::string("20150830T123600Z")));
    EXPECT_EQ(added[1].second,
              std::string("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ") +
                  "SignedHeaders=" + vector.signed_headers + ", Signature=" + vector.signature)
        << vector.name;
  }
}

// get-vanilla-query-order-key-case, post-vanilla and get-utf8 in the query-string form.
TEST(SigV4Vectors, PublishedPresignedRequestsAreAccepted) {
  const std::string parameters =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
      "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=";
  const std::vector<std::string> lines{
      "GET /?Param2=value2&Param1=value1&" + parameters +
          "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
      "POST /?" + parameters + "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b",
      "GET /\xE1\x88\xB4?" + parameters + "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"};
  const ManualClock clock(kNow + std::chrono::hours(1));
  const SigV4Verifier verifier("us-east-1", {"service"}, example_key(), clock);
  for (const std::string& line : lines) {
    const WireRequest request(Vector{"", line.c_str(), {}, "", "", ""});
    const ApiResult<CallerIdentity> caller = verifier.verify(request.view());
    EXPECT_TRUE(caller) << line << caller.error().message;
  }
}

// post-sts-header-before: the computation holds, but there are no temporary credentials, so the request is refused.
TEST(SigV4Vectors, ASecurityTokenIsComputedButRefused) {
  const std::string token =
      "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwt"
      "hAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVX"
      "AkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/"
      "oLxBA==";
  WireRequest request(Vector{"", "POST /", {{"X-Amz-Security-Token", token}}, "", "", ""});
  const Headers added = sign(request.view(), kKey, kNow);
  EXPECT_TRUE(
      added[1].second.ends_with("SignedHeaders=host;x-amz-date;x-amz-security-token, "
                                "Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"));
  request.headers.insert(request.headers.end(), added.begin(), added.end());
  const ManualClock clock(kNow);
  const SigV4Verifier verifier("us-east-1", {"service"}, example_key(), clock);
  const ApiResult<CallerIdentity> caller = verifier.verify(request.view());
  ASSERT_FALSE(caller);
  EXPECT_EQ(caller.error().code, "InvalidClientTokenId");
}

}  // namespace
}  // namespace ginnel::aws
