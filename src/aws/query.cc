#include "aws/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "aws/utf8.h"

namespace ginnel::aws {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~';
}

ApiError malformed(std::string_view why) { return api_error("MalformedQueryString", why); }

ApiResult<std::string> decoded(std::string_view text) {
  std::optional<std::string> out = percent_decode(text, true);
  if (!out) return malformed(fmt::format("The query string has a broken percent-encoding in '{}'.", text));
  if (!is_utf8(*out)) return malformed("The query string has a parameter that is not UTF-8.");
  return std::move(*out);
}

bool is_of_signature(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"X-Amz-Algorithm",     "X-Amz-Credential", "X-Amz-Date",
                                                   "X-Amz-Expires",       "X-Amz-Signature",  "X-Amz-SignedHeaders",
                                                   "X-Amz-Security-Token"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string join(std::string_view prefix, std::string_view part) {
  return prefix.empty() ? std::string(part) : fmt::format("{}.{}", prefix, part);
}

// The node of the name, made where it is missing.
ApiResult<QueryNode*> grow(QueryNode& root, std::string_view name, const QueryLimits& limits) {
  QueryNode* node = &root;
  std::size_t depth = 0;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || ++depth > limits.depth) return unknown_parameter(name);
    auto [it, added] = node->children.try_emplace(std::string(part));
    if (added) it->second.path = join(node->path, part);
    node = &it->second;
    begin = end + 1;
  }
  return node;
}

void write_canonical(const QueryNode& node, std::string& out) {
  if (node.value) fmt::format_to(std::back_inserter(out), "{}={}\n", node.path, percent_encode(*node.value));
  for (const auto& [name, child] : node.children) write_canonical(child, out);
}

}  // namespace

const QueryNode* QueryNode::child(std::string_view name) const {
  const auto it = children.find(name);
  return it == children.end() ? nullptr : &it->second;
}

ApiResult<Query> Query::parse(std::string_view text, const QueryLimits& limits) {
  if (text.size() > limits.bytes) {
    return api_error("RequestEntityTooLarge", fmt::format("The request is longer than {} bytes.", limits.bytes), 413);
  }
  Query query;
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('&', begin), text.size());
    const std::string_view pair = text.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    if (++count > limits.parameters) {
      return malformed(fmt::format("The request has more than {} parameters.", limits.parameters));
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    GINNEL_TRY(std::string name, decoded(pair.substr(0, equals)));
    GINNEL_TRY(std::string value, decoded(pair.substr(std::min(equals + 1, pair.size()))));
    if (is_of_signature(name)) continue;  // sigv4.h reads it
    if (name.size() > limits.name_bytes) {
      return malformed(fmt::format("A parameter has a name longer than {} bytes.", limits.name_bytes));
    }
    GINNEL_TRY(QueryNode * node, grow(query.root_, name, limits));
    if (node->value) return malformed(fmt::format("The parameter {} is given more than once.", name));
    node->value = std::move(value);
  }
  for (auto [name, out] : {std::pair("Action", &query.action_), std::pair("Version", &query.version_)}) {
    const auto it = query.root_.children.find(std::string_view(name));
    if (it == query.root_.children.end() || !it->second.children.empty()) continue;
    *out = std::move(*it->second.value);
    query.root_.children.erase(it);
  }
  return query;
}

std::string Query::canonical_text() const {
  std::string out = fmt::format("Action={}\n", percent_encode(action_));
  for (const auto& [name, child] : root_.children) {
    if (name != "ClientToken") write_canonical(child, out);
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

std::string percent_encode(std::string_view text, bool keep_slash) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace ginnel::aws
