#include "store/store.h"

#include <fmt/format.h>

#include <cerrno>

namespace ginnel::store {
namespace {

// The errno values that carry the two meanings through an Error.
constexpr int kConflictCode = ESTALE;
constexpr int kCompactedCode = ENODATA;

// Keys are bytes; what is shown in an error is not.
std::string printable(std::string_view key) {
  constexpr size_t kShown = 80;
  std::string out;
  for (const char c : key.substr(0, kShown)) {
    if (c >= 0x20 && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return key.size() > kShown ? out + "…" : out;
}

Status check_key(std::string_view key) {
  if (key.empty()) return fail("commit", "", "a key is empty");
  if (key.size() <= kLongestKey) return {};
  return fail("commit", printable(key), fmt::format("a key of {} bytes; {} are allowed", key.size(), kLongestKey));
}

}  // namespace

bool is_conflict(const Error& error) { return error.code == kConflictCode; }
bool is_compacted(const Error& error) { return error.code == kCompactedCode; }

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

Result<Revision> Store::commit(const Transaction& transaction) {
  GINNEL_TRY(auto results, commit_all(std::span(&transaction, 1)));
  return std::move(results.front());
}

Result<std::vector<Commit>> Watch::next(std::chrono::milliseconds time_out, size_t limit) {
  (void)store_.wait_beyond(after_, time_out);  // none in time is an empty answer below
  GINNEL_TRY(auto commits, store_.changes(after_, limit));
  if (!commits.empty()) after_ = commits.back().revision;
  return commits;
}

namespace detail {

Result<Effect> effect_of(const Transaction& transaction) {
  const size_t operations = transaction.puts.size() + transaction.deletes.size();
  if (operations > kMostOperations) {
    return fail("commit", fmt::format("{} puts and deletes", operations),
                fmt::format("one transaction may have {}", kMostOperations));
  }
  Effect effect;
  for (const auto& key : transaction.deletes) {
    GINNEL_CHECKED(check_key(key));
    effect[key] = std::nullopt;
  }
  for (const auto& put : transaction.puts) {
    GINNEL_CHECKED(check_key(put.key));
    if (put.value.size() > kLargestValue) {
      return fail("commit", printable(put.key),
                  fmt::format("a value of {} bytes; {} are allowed", put.value.size(), kLargestValue));
    }
    effect[put.key] = put.value;
  }
  return effect;
}

tl::unexpected<Error> conflict(std::string_view key, std::string_view cause) {
  return tl::unexpected(Error{"commit", printable(key), std::string(cause), kConflictCode});
}

Status check_compare(const Compare& compare, std::optional<Revision> modified) {
  switch (compare.is) {
    case Compare::Is::absent:
      if (modified) return conflict(compare.key, "the key exists");
      break;
    case Compare::Is::present:
      if (!modified) return conflict(compare.key, "the key does not exist");
      break;
    case Compare::Is::modified_at:
      if (!modified) return conflict(compare.key, "the key does not exist");
      if (*modified != compare.modified) {
        return conflict(compare.key, fmt::format("modified at revision {}, not {}", *modified, compare.modified));
      }
      break;
  }
  return {};
}

Status check_expected(const Transaction& transaction, Revision revision) {
  const auto& expected = transaction.expected_revision;
  if (!expected || *expected == revision) return {};
  return conflict("", fmt::format("the store is at revision {}, not {}", revision, *expected));
}

Status check_kept(Revision after, Revision compacted, Revision revision) {
  if (after > revision) {
    return fail("read changes", fmt::format("after revision {}", after),
                fmt::format("the store is only at revision {}", revision));
  }
  if (after >= compacted) return {};
  return tl::unexpected(Error{"read changes", fmt::format("after revision {}", after),
                              fmt::format("compacted; kept are those after {}", compacted), kCompactedCode});
}

}  // namespace detail
}  // namespace ginnel::store
