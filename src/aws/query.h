// Query: the parameters of a request in the query protocols, as a tree: "Filter.1.Name=x" is root/Filter/1/Name.
//
// Both EC2 and the query services use it; the body is application/x-www-form-urlencoded. The generated decoders walk
// the tree (query_reader.h), so that each parameter is either read or refused by its full name.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/error.h"

namespace ginnel::aws {

struct QueryLimits {
  std::size_t bytes = 1 << 20;
  std::size_t parameters = 10'000;
  std::size_t name_bytes = 512;
  std::size_t depth = 12;
};

// The highest index of a list's element; gaps are allowed.
inline constexpr int kMaxListIndex = 10'000;

struct QueryNode {
  std::string path;  // the full name so far, for messages; empty at the root
  std::optional<std::string> value;
  std::map<std::string, QueryNode, std::less<>> children;

  [[nodiscard]] const QueryNode* child(std::string_view name) const;
};

class Query {
 public:
  // Refuses broken percent-encoding, bytes that are not UTF-8, a parameter given twice, and what is over the limits.
  // Action, Version and the parameters of a presigned request (X-Amz-…) are kept apart from the rest.
  static ApiResult<Query> parse(std::string_view text, const QueryLimits& limits = {});

  [[nodiscard]] const QueryNode& root() const { return root_; }
  [[nodiscard]] const std::string& action() const { return action_; }
  [[nodiscard]] const std::string& version() const { return version_; }

  // All parameters except ClientToken, Version and the signature, in a fixed order: two requests are the same
  // request (for ClientToken) exactly if these texts are equal.
  [[nodiscard]] std::string canonical_text() const;

 private:
  QueryNode root_;
  std::string action_;
  std::string version_;
};

// Percent-decoding; '+' is a space where `plus_is_space`. Nothing if an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Everything but A-Z a-z 0-9 - _ . ~ is escaped (RFC 3986); '/' is kept where `keep_slash`.
[[nodiscard]] std::string percent_encode(std::string_view text, bool keep_slash = false);

}  // namespace ginnel::aws
