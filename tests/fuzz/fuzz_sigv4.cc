// The verifier of signatures on any request: what comes before a signature is known to be good. Nothing that was not
// signed with the key is accepted, and a refusal says why.
//
// The input: a line with the method, one with the target, headers until an empty line, then the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/scalars.h"
#include "aws/sigv4_verifier.h"
#include "base/check.h"

namespace {

namespace aws = ginnel::aws;

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view method = take_line(rest);
  const std::string_view target = take_line(rest);
  aws::Headers headers;
  for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  const aws::RequestView request{method, target.substr(0, mark), target.substr(std::min(mark + 1, target.size())),
                                 headers, rest};
  const ginnel::ManualClock clock(*aws::parse_basic_timestamp("20150830T123600Z"));
  const aws::SigV4Verifier verifier(
      "us-east-1", {"service", "ec2"},
      [](std::string_view) {
        return aws::Credential{"a secret that no input knows", "000000000001"};
      },
      clock);
  const auto caller = verifier.verify(request);
  GINNEL_CHECK(!caller, "nothing is accepted that was not signed");
  GINNEL_CHECK(!caller.error().code.empty() && !caller.error().message.empty(), "an error says why");
  (void)aws::claimed_service(request);
  return 0;
}
