// QueryReader: reads one structure of a request out of a QueryNode. Used by the generated decoders only.
//
// The first error stays; later reads do nothing. finish() returns it, or names the first parameter nobody read.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/error.h"
#include "aws/query.h"
#include "base/clock.h"

namespace ginnel::aws {

class QueryReader {
 public:
  QueryReader(const QueryNode& node, Protocol protocol) : node_(node), protocol_(protocol) {}

  // Must come before the member is read.
  void require(std::string_view name);
  void unsupported(std::string_view name);
  // Only this value is accepted.
  void only(std::string_view name, std::string_view value);
  void one_of(std::string_view name, std::span<const std::string_view> values);
  void each_one_of(std::string_view name, std::string_view item, std::span<const std::string_view> values);

  // A scalar (the overloads of decode_scalar below) or a structure, whose `decode` is found in its namespace.
  template <typename T>
  void read(std::string_view name, std::optional<T>& out) {
    const QueryNode* child = take(name);
    if (child == nullptr) return;
    T value{};
    decode_value(*child, value);
    if (!error_) out = std::move(value);
  }

  // `item` is the name between the list and the index in the query services ("Names.member.1"), empty in EC2's form.
  template <typename T>
  void read(std::string_view name, std::vector<T>& out, std::string_view item) {
    for (const QueryNode* element : take_list(name, item)) {
      T value{};
      decode_value(*element, value);
      if (error_) return;
      out.push_back(std::move(value));
    }
  }

  [[nodiscard]] ApiStatus finish();

 private:
  const QueryNode* take(std::string_view name);
  std::vector<const QueryNode*> take_list(std::string_view name, std::string_view item);
  std::vector<const QueryNode*> elements(const QueryNode& list, std::string_view item);
  const std::string* scalar(const QueryNode& node);
  void check_value(const QueryNode& node, std::span<const std::string_view> values);
  void set_error(ApiError error);

  void decode_value(const QueryNode& node, std::string& out);
  void decode_value(const QueryNode& node, bool& out);
  void decode_value(const QueryNode& node, int& out);
  void decode_value(const QueryNode& node, std::int64_t& out);
  void decode_value(const QueryNode& node, double& out);
  void decode_value(const QueryNode& node, WallTime& out);
  template <typename T>
  void decode_value(const QueryNode& node, T& out) {
    if (ApiStatus status = decode(node, out); !status) set_error(std::move(status).error());
  }

  const QueryNode& node_;
  Protocol protocol_;
  std::set<std::string_view> read_;
  std::optional<ApiError> error_;
};

}  // namespace ginnel::aws
