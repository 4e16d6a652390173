#include "daemon/accounts.h"

#include <algorithm>
#include <string_view>

namespace ginnel::daemon {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kKeyIdLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // 32: no bias
constexpr std::string_view kSecretLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // 64

std::string random_text(RandomSource& random, std::string_view letters, size_t size) {
  std::string out;
  const unsigned limit = 256 - 256 % letters.size();  // bytes above would favour some letters
  while (out.size() < size) {
    uint8_t byte = 0;
    random.fill({&byte, 1});
    if (byte < limit) out += letters[byte % letters.size()];
  }
  return out;
}

bool only(std::string_view text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string_view::npos;
}

Status check(const AccountRequest& request) {
  if (!request.account_id.empty() && (request.account_id.size() != 12 || !only(request.account_id, kDigits))) {
    return fail("create account", request.account_id, "an account id is twelve digits");
  }
  if (request.access_key_id.empty() != request.secret_access_key.empty()) {
    return fail("create account", request.account_id, "an access key id and a secret access key go together");
  }
  if (request.access_key_id.empty()) return {};
  if (request.access_key_id.size() < 16 || request.access_key_id.size() > 128 ||
      !only(request.access_key_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")) {
    return fail("create account", request.access_key_id, "an access key id is 16 to 128 of A-Z and 0-9");
  }
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (request.secret_access_key.size() > 128 ||
      !std::all_of(request.secret_access_key.begin(), request.secret_access_key.end(), printable)) {
    return fail("create account", request.account_id, "a secret access key is 1 to 128 printable characters");
  }
  return {};
}

}  // namespace

Result<model::Account> make_account(const model::Snapshot& snapshot, const AccountRequest& request,
                                    RandomSource& random, WallTime now) {
  GINNEL_CHECKED(check(request));
  model::AccessKey key{request.access_key_id, request.secret_access_key};
  if (key.id.empty()) key = {"AKIA" + random_text(random, kKeyIdLetters, 16), random_text(random, kSecretLetters, 40)};
  const model::AccessKey* taken = nullptr;
  if (snapshot.account_of_key(key.id, &taken)) return fail("create account", key.id, "the access key id is in use");

  model::Account account;
  account.id = request.account_id;
  while (account.id.empty() || (request.account_id.empty() && snapshot.find<model::Account>(account.id))) {
    account.id = random_text(random, kDigits, 12);
  }
  if (const auto* existing = snapshot.find<model::Account>(account.id)) {
    account = *existing;
  } else {
    account.created = now.time_since_epoch().count();
  }
  account.keys.push_back(std::move(key));
  return account;
}

const model::Account* first_account(const model::Snapshot& snapshot) {
  const model::Account* first = nullptr;
  for (const auto* account : snapshot.table<model::Account>().all()) {
    if (!account->keys.empty() && (!first || account->created < first->created)) first = account;
  }
  return first;
}

}  // namespace ginnel::daemon
