#include "config/webhook.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/reader.h"

namespace ginnel::config {
namespace {

// "arn:PARTITION:sns:REGION:ACCOUNT:NAME"; nothing in it is empty.
Result<std::string> parse_topic(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= text.size();) {
    const size_t colon = std::min(text.find(':', start), text.size());
    parts.push_back(text.substr(start, colon - start));
    start = colon + 1;
  }
  const bool full = std::none_of(parts.begin(), parts.end(), [](std::string_view part) { return part.empty(); });
  if (parts.size() != 6 || !full || parts[0] != "arn" || parts[2] != "sns") {
    return fail("read", text, "is not the ARN of an SNS topic");
  }
  return std::string(text);
}

Result<Webhook> read_webhook(const toml::value& table, const std::string& file) {
  Reader reader(table, file, "webhook");
  if (!table.is_table()) return reader.error("webhook is not a table: write [[webhook]]");
  Webhook webhook;
  GINNEL_CHECKED(reader.require("topic"));
  GINNEL_CHECKED(reader.read("topic", webhook.topic, parse_topic));
  GINNEL_CHECKED(reader.require("url"));
  GINNEL_CHECKED(reader.read("url", webhook.url, Url::parse));
  GINNEL_CHECKED(reader.finish());
  return webhook;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  Url out;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    out.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return fail("read", text, "is not an http:// or https:// URL");
  }
  for (const char c : rest) {
    if (c <= ' ' || c >= 0x7f) return fail("read", text, "holds a character that must be %-encoded");
  }
  if (rest.find('#') != std::string_view::npos) return fail("read", text, "a fragment has no meaning here");
  const size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string server(rest.substr(0, end));
  if (server.find('@') != std::string::npos) return fail("read", text, "user information is not supported");
  if (server.find(':', server.rfind(']') == std::string::npos ? 0 : server.rfind(']')) == std::string::npos) {
    server += out.tls ? ":443" : ":80";
  }
  auto parsed = HostPort::parse(server);
  if (!parsed) return fail("read", text, parsed.error().cause);
  out.server = std::move(*parsed);
  out.target = rest.substr(end);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return out;
}

std::string Url::to_string() const {
  return fmt::format("{}://{}{}", tls ? "https" : "http", server.to_string(), target);
}

Result<std::vector<Webhook>> read_webhooks(Reader& reader, const std::string& file) {
  std::vector<Webhook> out;
  const toml::value* value = reader.find("webhook");
  if (value == nullptr) return out;
  if (!value->is_array()) return reader.error("webhook", *value, "is not a list of tables: write [[webhook]]");
  for (const toml::value& table : value->as_array(std::nothrow)) {
    GINNEL_TRY(Webhook webhook, read_webhook(table, file));
    const bool twice = std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.topic == webhook.topic; });
    if (twice) return Reader(table, file, "webhook").error(fmt::format("topic {} is given twice", webhook.topic));
    out.push_back(std::move(webhook));
  }
  return out;
}

}  // namespace ginnel::config
