// codec_probe: the codecs as a program, so that a test can set botocore against them.
//
//   codec_probe decode SERVICE.OPERATION   a form body on stdin → the members that were read, one per line
//   codec_probe encode SERVICE.OPERATION   → an answer with every member set, in XML under one root element
//   codec_probe list                       → the operations
//   codec_probe verify SECONDS             a request on stdin → "accepted" or "CODE: MESSAGE"
//
// The request: a line with the method, one with the target, the headers, an empty line, the body.
// SECONDS is the time of day to verify at, since 1970; the key is AKIDEXAMPLE's of the published test suite.
#include "codecs/probe.h"

#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "aws/sigv4_verifier.h"

namespace ginnel::probe {

std::string scalar_text(const std::string& value) { return aws::percent_encode(value); }
std::string scalar_text(bool value) { return value ? "true" : "false"; }
std::string scalar_text(double value) { return fmt::to_string(value); }
std::string scalar_text(std::int64_t value) { return fmt::to_string(value); }
std::string scalar_text(WallTime value) { return to_iso8601(value); }

namespace {

std::string take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string verify(std::string_view text, std::int64_t seconds) {
  const std::string method = take_line(text);
  const std::string target = take_line(text);
  aws::Headers headers;
  for (std::string line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(':');
    headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string query = target.substr(std::min(mark + 1, target.size()));
  const ManualClock clock{WallTime{std::chrono::seconds(seconds)}};
  const aws::SigV4Verifier verifier(
      "us-east-1", {"ec2", "elasticloadbalancing", "sts"},
      [](std::string_view key) -> std::optional<aws::Credential> {
        if (key != "AKIDEXAMPLE") return std::nullopt;
        return aws::Credential{"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "123456789012"};
      },
      clock);
  const auto caller = verifier.verify({method, std::string_view(target).substr(0, mark), query, headers, text});
  return caller ? "accepted" : caller.error().code + ": " + caller.error().message;
}

std::string run_operation(const OperationProbe& operation, std::string_view verb, std::string_view input) {
  if (verb == "encode") {
    aws::XmlWriter xml;
    xml.open("Probe");
    operation.encode(xml);
    return xml.finish();
  }
  const aws::ApiResult<aws::Query> query = aws::Query::parse(input);
  return query ? operation.decode(*query) : "!" + query.error().code + ": " + query.error().message + "\n";
}

int run(const std::vector<std::string>& arguments) {
  Operations operations;
  add_ec2(operations);
  add_elbv2(operations);
  add_sts(operations);
  if (arguments.size() == 1 && arguments[0] == "list") {
    for (const OperationProbe& operation : operations) fmt::print("{}\n", operation.name);
    return 0;
  }
  if (arguments.size() != 2) return 2;
  std::string input;
  if (arguments[0] != "encode") input.assign(std::istreambuf_iterator<char>(std::cin), {});
  if (arguments[0] == "verify") {
    fmt::print("{}\n", verify(input, aws::parse_long(arguments[1]).value_or(0)));
    return 0;
  }
  for (const OperationProbe& operation : operations) {
    if (operation.name != arguments[1]) continue;
    fmt::print("{}", run_operation(operation, arguments[0], input));
    return 0;
  }
  return 2;
}

}  // namespace
}  // namespace ginnel::probe

int main(int argc, char** argv) { return ginnel::probe::run({argv + 1, argv + argc}); }
