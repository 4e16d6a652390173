#include "daemon/committer.h"

#include <gtest/gtest.h>

#include <future>

#include "store/memory_store.h"

namespace ginnel::daemon {
namespace {

model::Change put_vpc(const std::string& id, uint32_t number) {
  model::Change change;
  change.put(model::Vpc{.id = id, .account = "111122223333", .number = number, .cidr = "10.0.0.0/16"});
  return change;
}

class CommitterTest : public ::testing::Test {
 protected:
  void start() {
    auto opened = Committer::open(store_, log_, [this](const model::SnapshotPtr&, const std::vector<std::string>& ids) {
      touched_.insert(touched_.end(), ids.begin(), ids.end());
    });
    ASSERT_TRUE(opened) << opened.error().text();
    committer_ = std::move(*opened);
  }

  store::MemoryStore store_;
  Log log_ = Log::discard();
  std::vector<std::string> touched_;  // written by the committer's thread, read after run()
  std::unique_ptr<Committer> committer_;
};

TEST_F(CommitterTest, AChangeIsPublishedAndReadBackByTheNext) {
  start();
  ASSERT_TRUE(committer_->run([](const model::Snapshot&) { return put_vpc("vpc-1", 1); }));
  EXPECT_NE(committer_->snapshot()->find<model::Vpc>("vpc-1"), nullptr);
  EXPECT_EQ(touched_, std::vector<std::string>{"vpc-1"});
  committer_.reset();
  start();
  ASSERT_NE(committer_->snapshot()->find<model::Vpc>("vpc-1"), nullptr);
  EXPECT_EQ(committer_->snapshot()->revision, store_.revision());
}

TEST_F(CommitterTest, CommandsSeeTheStateThatTheOnesBeforeLeft) {
  start();
  constexpr int kCommands = 2000;
  std::promise<void> all;
  std::atomic<int> left = kCommands;
  for (int i = 0; i < kCommands; ++i) {
    committer_->submit([&](const model::Snapshot& snapshot) {
      const auto* counter = snapshot.find<model::Counter>("n");
      model::Change change;
      change.put(model::Counter{.id = "n", .next = (counter ? counter->next : 0) + 1});
      return Decision{change, [&](const Status& status) {
                        EXPECT_TRUE(status);
                        if (--left == 0) all.set_value();
                      }};
    });
  }
  all.get_future().wait();
  EXPECT_EQ(committer_->snapshot()->find<model::Counter>("n")->next, static_cast<uint32_t>(kCommands));
}

TEST_F(CommitterTest, APutThatALaterCommandDeletesIsGone) {
  start();
  ASSERT_TRUE(committer_->run([](const model::Snapshot&) { return put_vpc("vpc-1", 1); }));
  ASSERT_TRUE(committer_->run([](const model::Snapshot& snapshot) {
    model::Change change;
    change.erase(*snapshot.find<model::Vpc>("vpc-1"));
    return change;
  }));
  EXPECT_EQ(committer_->snapshot()->find<model::Vpc>("vpc-1"), nullptr);
  EXPECT_FALSE(store_.get("vpc/vpc-1")->has_value());
}

TEST_F(CommitterTest, ABadChangeFailsAloneAndNothingOfItIsSeen) {
  start();
  std::promise<Status> bad, good;
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  committer_->submit([&](const model::Snapshot&) {  // holds the thread until both others wait, so that they batch
    opened.wait();
    return Decision{};
  });
  committer_->submit([&](const model::Snapshot&) {
    auto change = put_vpc(std::string(store::kLongestKey + 1, 'x'), 1);
    return Decision{std::move(change), [&](const Status& status) { bad.set_value(status); }};
  });
  committer_->submit([&](const model::Snapshot&) {
    return Decision{put_vpc("vpc-2", 2), [&](const Status& status) { good.set_value(status); }};
  });
  gate.set_value();
  EXPECT_FALSE(bad.get_future().get());
  EXPECT_TRUE(good.get_future().get());
  EXPECT_EQ(committer_->snapshot()->table<model::Vpc>().size(), 1U);
}

TEST_F(CommitterTest, ABrokenDocumentIsAnErrorThatNamesIt) {
  ASSERT_TRUE(store_.commit({.puts = {{"vpc/vpc-1", "{"}}}));
  const auto opened = Committer::open(store_, log_, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text().find("vpc/vpc-1"), std::string::npos);
}

}  // namespace
}  // namespace ginnel::daemon
