// Any sequence of group commits leaves both stores in the state of a model of a few lines.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/test_folder.h"

namespace ginnel::store {
namespace {

constexpr Revision kKept = 6;

struct Model {
  std::map<std::string, Entry> entries;
  std::vector<Commit> commits;  // all since the beginning; commit n has revision n + 1

  bool holds(const Transaction& transaction) const {
    if (transaction.expected_revision && *transaction.expected_revision != commits.size()) return false;
    for (const auto& compare : transaction.compares) {
      const auto found = entries.find(compare.key);
      const bool there = found != entries.end();
      if (compare.is == Compare::Is::absent && there) return false;
      if (compare.is == Compare::Is::present && !there) return false;
      if (compare.is == Compare::Is::modified_at && (!there || found->second.modified != compare.modified))
        return false;
    }
    return true;
  }

  // Nothing: a conflict.
  std::optional<Revision> commit(const Transaction& transaction) {
    if (!holds(transaction)) return std::nullopt;
    const Revision next = commits.size() + 1;
    const auto before = entries;
    for (const auto& key : transaction.deletes) entries.erase(key);
    for (const auto& put : transaction.puts) {
      const auto old = before.find(put.key);
      entries[put.key] = {put.key, put.value, old == before.end() ? next : old->second.created, next};
    }
    Commit commit{next, {}};
    for (const auto& [key, entry] : before) {
      if (!entries.contains(key)) commit.events.push_back({key, std::nullopt});
    }
    for (const auto& [key, entry] : entries) {
      if (entry.modified == next) commit.events.push_back({key, entry.value});
    }
    std::sort(commit.events.begin(), commit.events.end(), [](auto& a, auto& b) { return a.key < b.key; });
    if (!commit.events.empty()) commits.push_back(std::move(commit));
    return commits.size();
  }
};

std::string any_key() {
  return *rc::gen::elementOf(std::vector<std::string>{"a", "a/", "a/b", "b", std::string("\0", 1), "\xff"});
}

Transaction any_transaction(Revision now) {
  Transaction out;
  if (*rc::gen::inRange(0, 8) == 0) out.expected_revision = *rc::gen::inRange<Revision>(0, now + 3);
  for (int n = *rc::gen::weightedElement<int>({{4, 0}, {2, 1}, {1, 2}}); n > 0; --n) {
    out.compares.push_back(
        {any_key(), static_cast<Compare::Is>(*rc::gen::inRange(0, 3)), *rc::gen::inRange<Revision>(0, now + 2)});
  }
  for (int n = *rc::gen::inRange(0, 3); n > 0; --n) out.deletes.push_back(any_key());
  for (int n = *rc::gen::inRange(0, 4); n > 0; --n) {
    out.puts.push_back({any_key(), *rc::gen::container<std::string>(rc::gen::arbitrary<char>())});
  }
  return out;
}

void check_same(Store& store, const Model& model) {
  RC_ASSERT(store.revision() == model.commits.size());
  std::vector<Entry> entries;
  for (const auto& [key, entry] : model.entries) {
    entries.push_back(entry);
    RC_ASSERT(store.get(key).value() == entry);
  }
  RC_ASSERT(store.range("").value() == entries);
  std::vector<Entry> below;
  for (const auto& entry : entries) {
    if (entry.key.starts_with("a/")) below.push_back(entry);
  }
  RC_ASSERT(store.range("a/").value() == below);
  const Revision kept_from = model.commits.size() > kKept ? model.commits.size() - kKept : 0;
  RC_ASSERT(store.changes(kept_from, kNoLimit).value() ==
            std::vector<Commit>(model.commits.begin() + static_cast<long>(kept_from), model.commits.end()));
  if (kept_from > 0) RC_ASSERT(is_compacted(store.changes(kept_from - 1, kNoLimit).error()));
}

template <typename Reopen>
void run_model(std::unique_ptr<Store> store, Reopen reopen) {
  Model model;
  for (int round = *rc::gen::inRange(1, 5); round > 0; --round) {
    std::vector<Transaction> group;
    for (int n = *rc::gen::inRange(1, 5); n > 0; --n) group.push_back(any_transaction(model.commits.size()));
    const auto results = store->commit_all(group);
    RC_ASSERT(results.has_value());
    RC_ASSERT(results->size() == group.size());
    for (size_t n = 0; n < group.size(); ++n) {
      const auto expected = model.commit(group[n]);
      RC_ASSERT((*results)[n].has_value() == expected.has_value());
      if (expected) RC_ASSERT((*results)[n].value() == *expected);
      if (!expected) RC_ASSERT(is_conflict((*results)[n].error()));
    }
    check_same(*store, model);
    store = reopen(std::move(store));
    check_same(*store, model);
  }
}

TEST(StoreModelTest, MemoryBehavesAsTheModel) {
  EXPECT_TRUE(rc::check("memory store = model", [] {
    run_model(std::make_unique<MemoryStore>(kKept), [](std::unique_ptr<Store> store) { return store; });
  }));
}

TEST(StoreModelTest, SqliteBehavesAsTheModelAndSoDoesItReopened) {
  EXPECT_TRUE(rc::check("sqlite store = model", [] {
    const TestFolder folder;
    SqliteStore::Options options;
    options.kept_revisions = kKept;
    const auto open = [&]() -> std::unique_ptr<Store> {
      auto store = SqliteStore::open(folder.file(), options);
      RC_ASSERT(store.has_value());
      return std::move(*store);
    };
    run_model(open(), [&](std::unique_ptr<Store> store) {
      store.reset();
      return open();
    });
  }));
}

}  // namespace
}  // namespace ginnel::store
