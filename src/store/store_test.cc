// What every store must do, run against each of them.
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "store/memory_store.h"
#include "store/sqlite_store.h"
#include "store/test_folder.h"

namespace ginnel::store {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Revision kKept = 50;

struct Memory {
  static std::unique_ptr<Store> make(const TestFolder&) { return std::make_unique<MemoryStore>(kKept); }
};
struct Sqlite {
  static std::unique_ptr<Store> make(const TestFolder& folder) {
    SqliteStore::Options options;
    options.kept_revisions = kKept;
    auto store = SqliteStore::open(folder.file(), options);
    GINNEL_CHECK(store, "a new store opens");
    return std::move(*store);
  }
};

Transaction put(std::string key, std::string value) { return {{}, {}, {}, {{std::move(key), std::move(value)}}}; }
Transaction erase(std::string key) { return {{}, {}, {std::move(key)}, {}}; }

std::vector<std::string> keys(const Result<std::vector<Entry>>& entries) {
  std::vector<std::string> out;
  for (const auto& entry : entries.value()) out.push_back(entry.key);
  return out;
}

template <typename Implementation>
class StoreTest : public testing::Test {
 protected:
  Revision must_commit(const Transaction& transaction) {
    const auto revision = store_->commit(transaction);
    EXPECT_TRUE(revision) << revision.error().text();
    return revision ? *revision : 0;
  }

  TestFolder folder_;
  std::unique_ptr<Store> store_ = Implementation::make(folder_);
};

using Implementations = testing::Types<Memory, Sqlite>;
TYPED_TEST_SUITE(StoreTest, Implementations);

TYPED_TEST(StoreTest, BeginsEmptyAtRevisionZero) {
  EXPECT_EQ(this->store_->revision(), 0u);
  EXPECT_FALSE(this->store_->get("a").value());
  EXPECT_TRUE(this->store_->range("").value().empty());
  EXPECT_TRUE(this->store_->changes(0, kNoLimit).value().empty());
}

TYPED_TEST(StoreTest, KeepsWhatWasPutWithItsRevisions) {
  EXPECT_EQ(this->must_commit(put("a", "1")), 1u);
  EXPECT_EQ(this->must_commit(put("b", "2")), 2u);
  EXPECT_EQ(this->must_commit(put("a", "3")), 3u);
  EXPECT_EQ(this->store_->get("a").value(), (Entry{"a", "3", 1, 3}));
  EXPECT_EQ(this->store_->get("b").value(), (Entry{"b", "2", 2, 2}));
  this->must_commit(erase("a"));
  EXPECT_FALSE(this->store_->get("a").value());
  this->must_commit(put("a", "again"));
  EXPECT_EQ(this->store_->get("a").value(), (Entry{"a", "again", 5, 5}));
}

TYPED_TEST(StoreTest, TakesAnyBytes) {
  const std::string key("\0\xff key\0", 7), value("\0\0\xfe", 3);
  this->must_commit(put(key, value));
  this->must_commit(put("empty", ""));
  EXPECT_EQ(this->store_->get(key).value()->value, value);
  EXPECT_EQ(this->store_->get("empty").value()->value, "");
}

TYPED_TEST(StoreTest, RangesAreInOrderAndBounded) {
  for (const auto* key : {"vpc/2", "vpc/1", "vpc", "vpc0", "vpc/10", "a", "\xff\xff", "\xff"}) {
    this->must_commit(put(key, "x"));
  }
  EXPECT_THAT(keys(this->store_->range("vpc/")), ElementsAre("vpc/1", "vpc/10", "vpc/2"));
  EXPECT_THAT(keys(this->store_->range("vpc/", 2)), ElementsAre("vpc/1", "vpc/10"));
  EXPECT_THAT(keys(this->store_->range("\xff")), ElementsAre("\xff", "\xff\xff"));
  EXPECT_THAT(keys(this->store_->range_between("b", "vpc/10", kNoLimit)), ElementsAre("vpc", "vpc/1"));
  EXPECT_THAT(keys(this->store_->range_between("vpc/2", "", kNoLimit)),
              ElementsAre("vpc/2", "vpc0", "\xff", "\xff\xff"));
  EXPECT_EQ(keys(this->store_->range("")).size(), 8u);
  EXPECT_TRUE(this->store_->range("", 0).value().empty());
}

TYPED_TEST(StoreTest, AConditionThatDoesNotHoldStopsTheWholeTransaction) {
  this->must_commit(put("a", "1"));
  const auto refused = [&](Compare compare, const std::string& cause) {
    Transaction transaction{{}, {{"a", Compare::Is::present}, std::move(compare)}, {"a"}, {{"b", "2"}}};
    const auto result = this->store_->commit(transaction);
    ASSERT_FALSE(result);
    EXPECT_TRUE(is_conflict(result.error()));
    EXPECT_THAT(result.error().text(), HasSubstr(cause));
    EXPECT_TRUE(this->store_->get("a").value());
    EXPECT_FALSE(this->store_->get("b").value());
    EXPECT_EQ(this->store_->revision(), 1u);
  };
  refused({"a", Compare::Is::absent}, "a: the key exists");
  refused({"z", Compare::Is::present}, "z: the key does not exist");
  refused({"a", Compare::Is::modified_at, 7}, "modified at revision 1, not 7");
  refused({"z", Compare::Is::modified_at, 1}, "z: the key does not exist");
}

TYPED_TEST(StoreTest, ATransactionWhoseConditionsHoldHappens) {
  this->must_commit(put("a", "1"));
  this->must_commit({Revision{1},
                     {{"a", Compare::Is::present}, {"a", Compare::Is::modified_at, 1}, {"b", Compare::Is::absent}},
                     {"a"},
                     {{"b", "2"}}});
  EXPECT_THAT(keys(this->store_->range("")), ElementsAre("b"));
}

TYPED_TEST(StoreTest, AnotherStoreRevisionIsAConflict) {
  this->must_commit(put("a", "1"));
  Transaction transaction = put("a", "2");
  transaction.expected_revision = 0;
  const auto result = this->store_->commit(transaction);
  ASSERT_FALSE(result);
  EXPECT_TRUE(is_conflict(result.error()));
  EXPECT_THAT(result.error().text(), HasSubstr("at revision 1, not 0"));
}

TYPED_TEST(StoreTest, DeletesComeBeforePutsAndTheLastPutCounts) {
  this->must_commit({{}, {}, {"a"}, {{"a", "1"}, {"a", "2"}}});
  EXPECT_EQ(this->store_->get("a").value()->value, "2");
  EXPECT_EQ(this->store_->changes(0, kNoLimit).value(), (std::vector<Commit>{{1, {{"a", "2"}}}}));
}

TYPED_TEST(StoreTest, WhatChangesNothingMakesNoRevision) {
  this->must_commit(put("a", "1"));
  EXPECT_EQ(this->must_commit(erase("b")), 1u);
  EXPECT_EQ(this->must_commit({}), 1u);
  EXPECT_EQ(this->store_->revision(), 1u);
  EXPECT_EQ(this->must_commit(put("a", "1")), 2u) << "a put is a change, even of the same value";
}

TYPED_TEST(StoreTest, AGroupHasOneResultForEach) {
  Transaction late = put("a", "late");
  late.compares.push_back({"a", Compare::Is::absent});
  Transaction expects = put("c", "3");
  expects.expected_revision = 2;
  const auto results = this->store_->commit_all(
      std::vector<Transaction>{put("a", "1"), late, put("", "no key"), put("b", "2"), expects, erase("none")});
  ASSERT_TRUE(results) << results.error().text();
  ASSERT_EQ(results->size(), 6u);
  EXPECT_EQ((*results)[0].value(), 1u);
  EXPECT_TRUE(is_conflict((*results)[1].error()));
  EXPECT_THAT((*results)[2].error().text(), HasSubstr("a key is empty"));
  EXPECT_EQ((*results)[3].value(), 2u);
  EXPECT_EQ((*results)[4].value(), 3u);
  EXPECT_EQ((*results)[5].value(), 3u);
  EXPECT_EQ(this->store_->get("a").value()->value, "1");
  EXPECT_EQ(this->store_->revision(), 3u);
  EXPECT_TRUE(this->store_->commit_all({}).value().empty());
}

TYPED_TEST(StoreTest, RefusesWhatIsOverTheLimits) {
  EXPECT_TRUE(this->store_->commit(put(std::string(kLongestKey, 'k'), std::string(kLargestValue, 'v'))));
  auto result = this->store_->commit(put(std::string(kLongestKey + 1, 'k'), ""));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text(), HasSubstr("a key of 1025 bytes; 1024 are allowed"));
  result = this->store_->commit(put("k", std::string(kLargestValue + 1, 'v')));
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text(), HasSubstr("k: a value of 1048577 bytes"));
  Transaction many;
  many.deletes.assign(kMostOperations + 1, "k");
  result = this->store_->commit(many);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text(), HasSubstr("65537 puts and deletes"));
  EXPECT_FALSE(is_conflict(result.error()));
}

TYPED_TEST(StoreTest, ChangesAreToldInOrderAndWhole) {
  this->must_commit({{}, {}, {}, {{"b", "1"}, {"a", "2"}}});
  this->must_commit(erase("b"));
  this->must_commit(put("a", ""));
  const std::vector<Commit> all = {{1, {{"a", "2"}, {"b", "1"}}}, {2, {{"b", std::nullopt}}}, {3, {{"a", ""}}}};
  EXPECT_EQ(this->store_->changes(0, kNoLimit).value(), all);
  EXPECT_EQ(this->store_->changes(0, 2).value(), std::vector<Commit>(all.begin(), all.begin() + 2));
  EXPECT_EQ(this->store_->changes(2, kNoLimit).value(), std::vector<Commit>(all.begin() + 2, all.end()));
  const auto future = this->store_->changes(4, kNoLimit);
  ASSERT_FALSE(future);
  EXPECT_THAT(future.error().text(), HasSubstr("only at revision 3"));
  EXPECT_FALSE(is_compacted(future.error()));
}

TYPED_TEST(StoreTest, OldChangesAreCompactedAndSaidToBe) {
  for (Revision n = 0; n < kKept + 5; ++n) this->must_commit(put("a", std::to_string(n)));
  EXPECT_EQ(this->store_->changes(5, kNoLimit).value().size(), kKept);
  const auto old = this->store_->changes(4, kNoLimit);
  ASSERT_FALSE(old);
  EXPECT_TRUE(is_compacted(old.error()));
  ASSERT_TRUE(this->store_->compact(20));
  EXPECT_TRUE(is_compacted(this->store_->changes(19, kNoLimit).error()));
  EXPECT_EQ(this->store_->changes(20, 1).value().at(0).revision, 21u);
  ASSERT_TRUE(this->store_->compact(10000)) << "up to what there is";
  EXPECT_TRUE(this->store_->changes(kKept + 5, 1).value().empty());
  EXPECT_TRUE(this->store_->get("a").value()) << "keys stay";
}

TYPED_TEST(StoreTest, AWatchSeesEveryCommitOnceWhileOthersWrite) {
  constexpr int kWriters = 3, kEach = 15;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([this, writer] {
      for (int n = 0; n < kEach; ++n) {
        (void)this->store_->commit(put(std::to_string(writer), std::to_string(n)));
      }
    });
  }
  Watch watch(*this->store_, 0);
  Revision seen = 0;
  while (seen < kWriters * kEach) {
    const auto commits = watch.next(std::chrono::seconds(30), 4);
    ASSERT_TRUE(commits) << commits.error().text();
    ASSERT_FALSE(commits->empty()) << "no commit within the deadline";
    for (const auto& commit : *commits) {
      EXPECT_EQ(commit.revision, ++seen);
      EXPECT_EQ(commit.events.size(), 1u);
    }
  }
  for (auto& writer : writers) writer.join();
  EXPECT_TRUE(watch.next(milliseconds(0)).value().empty());
}

TYPED_TEST(StoreTest, OneOfManyRacersWins) {
  constexpr int kRacers = 4;
  std::vector<std::thread> racers;
  std::atomic<int> won = 0, lost = 0;
  for (int racer = 0; racer < kRacers; ++racer) {
    racers.emplace_back([&] {
      Transaction transaction = put("name", "mine");
      transaction.compares.push_back({"name", Compare::Is::absent});
      const auto result = this->store_->commit(transaction);
      if (result) ++won;
      if (!result && is_conflict(result.error())) ++lost;
    });
  }
  for (auto& racer : racers) racer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kRacers - 1);
}

TEST(PrefixTest, EndsAfterTheLastKeyThatBeginsWithIt) {
  EXPECT_EQ(end_of_prefix("vpc/"), "vpc0");
  EXPECT_EQ(end_of_prefix("a\xff\xff"), "b");
  EXPECT_EQ(end_of_prefix("\xff"), "");
  EXPECT_EQ(end_of_prefix(""), "");
}

}  // namespace
}  // namespace ginnel::store
