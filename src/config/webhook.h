// Where the notifications of a topic go. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/host_port.h"

namespace ginnel::config {

class Reader;

struct Url {
  bool tls = false;  // https
  HostPort server;
  std::string target;  // path and query: "/", "/notify?x=1"

  // "http://HOST[:PORT][/PATH][?QUERY]" or https (RFC 3986), without user information and fragment.
  static Result<Url> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  friend auto operator<=>(const Url&, const Url&) = default;
};

struct Webhook {
  std::string topic;  // ARN of an SNS topic: "arn:aws:sns:REGION:ACCOUNT:NAME"
  Url url;
  friend auto operator<=>(const Webhook&, const Webhook&) = default;
};

// The [[webhook]] tables of the file.
Result<std::vector<Webhook>> read_webhooks(Reader& reader, const std::string& file);

}  // namespace ginnel::config
