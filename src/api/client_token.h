// ClientToken: the same call twice does its work once.
//
// The answer of a call with a token is kept in the change that it makes, under the account, the action and the token,
// with a hash of the call's parameters. A later call with the token gets the kept answer if its parameters are the
// same, else IdempotentParameterMismatch. A token is forgotten after 24 hours.
// Source: "Ensuring idempotency in Amazon EC2 API requests".
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "aws/query.h"

namespace ginnel::api {

// ASCII, of any call but CreateManagedPrefixList, whose may have that many characters of UTF-8.
inline constexpr size_t kClientTokenMaxBytes = 64, kPrefixListTokenMaxCharacters = 255;

class TokenUse {
 public:
  static aws::ApiResult<TokenUse> begin(const Call& call, const aws::Query& query, std::string_view token);

  // What the same call was answered before; nullptr for a new token.
  [[nodiscard]] const std::string* answer() const { return old_ ? &old_->answer : nullptr; }
  // Adds the answer to the change, and the removal of a few tokens that are too old: each new token clears some of
  // those that follow it in the table, so the table does not grow and no call pays for all.
  void keep(std::string answer, model::Change& change) const;

 private:
  explicit TokenUse(const Call& call) : call_(call) {}

  const Call& call_;
  const model::ClientToken* old_ = nullptr;
  std::string id_, hash_;
};

}  // namespace ginnel::api
