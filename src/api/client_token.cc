#include "api/client_token.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/digest.h"
#include "model/lifecycle.h"

namespace ginnel::api {
namespace {

constexpr size_t kClearedAtOnce = 8;

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

aws::ApiStatus check_token(std::string_view action, std::string_view token) {
  if (action == "CreateManagedPrefixList") {
    const auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    const auto characters = static_cast<size_t>(std::count_if(token.begin(), token.end(), is_first));
    if (!token.empty() && characters <= kPrefixListTokenMaxCharacters) return {};
    return aws::invalid_value("ClientToken", token, "A client token of a prefix list has 1 to 255 characters.");
  }
  if (!token.empty() && token.size() <= kClientTokenMaxBytes && is_printable(token)) return {};
  return aws::invalid_value("ClientToken", token, "A client token has 1 to 64 ASCII characters.");
}

bool is_too_old(const model::ClientToken& token, model::TimeMs now) {
  return now - token.created >= std::chrono::milliseconds(model::kClientTokenKept).count();
}

}  // namespace

aws::ApiResult<TokenUse> TokenUse::begin(const Call& call, const aws::Query& query, std::string_view token) {
  GINNEL_CHECKED(check_token(query.action(), token));
  TokenUse use(call);
  use.id_ = fmt::format("{}/{}/{}", call.account, query.action(), token);
  use.hash_ = aws::sha256_hex(query.canonical_text());
  const auto* old = call.snapshot.find<model::ClientToken>(use.id_);
  if (old == nullptr || is_too_old(*old, call.now_ms())) return use;
  if (old->parameters_hash != use.hash_) return aws::idempotent_parameter_mismatch(token);
  use.old_ = old;
  return use;
}

void TokenUse::keep(std::string answer, model::Change& change) const {
  for (const auto* token : call_.snapshot.table<model::ClientToken>().next_after(id_, kClearedAtOnce)) {
    if (is_too_old(*token, call_.now_ms())) change.erase(*token);
  }
  change.put(model::ClientToken{.id = id_,
                                .account = call_.account,
                                .parameters_hash = hash_,
                                .answer = std::move(answer),
                                .created = call_.now_ms()});
}

}  // namespace ginnel::api
