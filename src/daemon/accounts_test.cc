#include "daemon/accounts.h"

#include <gtest/gtest.h>

namespace ginnel::daemon {
namespace {

constexpr WallTime kNow{std::chrono::milliseconds(1700000000000)};

model::Snapshot holding(const model::Account& account) {
  model::Change change;
  change.put(account);
  return model::Snapshot().with(change);
}

TEST(Accounts, ChoosesIdAndKeyWhereNoneAreGiven) {
  SeededRandom random(1);
  const auto account = make_account({}, {}, random, kNow);
  ASSERT_TRUE(account);
  EXPECT_EQ(account->id.size(), 12U);
  ASSERT_EQ(account->keys.size(), 1U);
  EXPECT_EQ(account->keys[0].id.size(), 20U);
  EXPECT_EQ(account->keys[0].secret.size(), 40U);
}

TEST(Accounts, AnExistingAccountGetsAnotherKey) {
  SeededRandom random(1);
  const auto first = *make_account({}, {"111122223333", "", ""}, random, kNow);
  const auto second = make_account(holding(first), {"111122223333", "", ""}, random, kNow);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->keys.size(), 2U);
  EXPECT_EQ(second->keys[0], first.keys[0]);
}

TEST(Accounts, RefusesValuesOfAWrongForm) {
  SeededRandom random(1);
  const std::string key = "AKIAIOSFODNN7EXAMPLE";
  for (const auto& bad : std::vector<AccountRequest>{{"123", "", ""},
                                                     {"12345678901x", "", ""},
                                                     {"", key, ""},
                                                     {"", "", "secret"},
                                                     {"", "short", "secret"},
                                                     {"", key, "has space"},
                                                     {"", key, std::string(129, 'x')}}) {
    EXPECT_FALSE(make_account({}, bad, random, kNow)) << bad.account_id << ' ' << bad.access_key_id;
  }
}

TEST(Accounts, RefusesAKeyIdThatIsInUse) {
  SeededRandom random(1);
  const AccountRequest request{"111122223333", "AKIAIOSFODNN7EXAMPLE", "secret"};
  const auto first = *make_account({}, request, random, kNow);
  const auto again = make_account(holding(first), {"444455556666", request.access_key_id, "other"}, random, kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().text(), "create account AKIAIOSFODNN7EXAMPLE: the access key id is in use");
}

TEST(Accounts, TheFirstIsTheOldestWithAKey) {
  model::Change change;
  change.put(model::Account{.id = "000000000001", .created = 1});
  change.put(model::Account{.id = "000000000002", .keys = {{"AKIA2", "s"}}, .created = 9});
  change.put(model::Account{.id = "000000000003", .keys = {{"AKIA3", "s"}}, .created = 5});
  const auto snapshot = model::Snapshot().with(change);
  EXPECT_EQ(first_account(snapshot)->id, "000000000003");
  EXPECT_EQ(first_account({}), nullptr);
}

}  // namespace
}  // namespace ginnel::daemon
