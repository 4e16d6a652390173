// What is the embedded store's own: its file, its lock, full disks, and being killed.
#include "store/sqlite_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/unique_fd.h"
#include "store/test_folder.h"

namespace ginnel::store {
namespace {

using testing::HasSubstr;

Transaction put(std::string key, std::string value) { return {{}, {}, {}, {{std::move(key), std::move(value)}}}; }

std::unique_ptr<SqliteStore> must_open(const std::string& path, const SqliteStore::Options& options = {}) {
  auto store = SqliteStore::open(path, options);
  GINNEL_CHECK(store, store ? "" : store.error().text());
  return std::move(*store);
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
  sqlite3_close(handle);
}

TEST(SqliteStoreTest, IsThereAgainAfterItIsClosed) {
  const TestFolder folder;
  ASSERT_TRUE(must_open(folder.file())->commit(put("a", "1")));
  const auto store = must_open(folder.file());
  EXPECT_EQ(store->revision(), 1u);
  EXPECT_EQ(store->get("a").value(), (Entry{"a", "1", 1, 1}));
  EXPECT_EQ(store->changes(0, kNoLimit).value().size(), 1u);
}

TEST(SqliteStoreTest, NobodyElseMayReadTheFiles) {
  const TestFolder folder;
  std::ofstream(folder.file()).close();
  ASSERT_EQ(::chmod(folder.file().c_str(), 0644), 0);
  const auto store = must_open(folder.file());
  ASSERT_TRUE(store->commit(put("a", "1")));
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    struct stat status {};
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << file.path();
    ++files;
  }
  EXPECT_EQ(files, 2) << "the file and its log";
}

TEST(SqliteStoreTest, ASecondOpenIsRefused) {
  const TestFolder folder;
  auto store = must_open(folder.file());
  const auto here = SqliteStore::open(folder.file());
  ASSERT_FALSE(here);
  EXPECT_THAT(here.error().text(), HasSubstr("another process uses it"));

  const pid_t child = ::fork();
  if (child == 0) {
    const auto there = SqliteStore::open(folder.file());
    ::_exit(!there && there.error().code == EBUSY ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "another process got in";

  ASSERT_TRUE(store->commit(put("a", "1"))) << "the first is not disturbed";
  store.reset();
  EXPECT_TRUE(SqliteStore::open(folder.file()));
}

TEST(SqliteStoreTest, RefusesFilesThatAreNotItsOwn) {
  const TestFolder folder;
  const auto refused = [&](const std::string& name) {
    const auto store = SqliteStore::open(folder.file(name));
    return store ? "opened" : store.error().text();
  };
  std::ofstream(folder.file("text")) << std::string(5000, 'x');
  EXPECT_THAT(refused("text"), HasSubstr("not a store of Ginnel"));
  run_sql(folder.file("other"), "CREATE TABLE a(b)");
  EXPECT_THAT(refused("other"), HasSubstr("not a store of Ginnel"));
  EXPECT_THAT(refused("no/such/folder"), HasSubstr("No such file"));
  must_open(folder.file("newer")).reset();
  run_sql(folder.file("newer"), "PRAGMA user_version=2");
  EXPECT_THAT(refused("newer"), HasSubstr("its version is 2; this program knows 1"));
}

// Puts until the store refuses; gives the error and how many were taken.
std::pair<Error, int> fill(Store& store) {
  for (int n = 0; n < 100000; ++n) {
    const auto result = store.commit(
        {{},
         {},
         {},
         {{fmt::format("{:06}/a", n), std::string(3000, 'a')}, {fmt::format("{:06}/b", n), std::string(3000, 'b')}}});
    if (!result) return {result.error(), n};
  }
  return {Error{}, -1};
}

// Of `count` acknowledged transactions of fill(), all are there, whole, and nothing more.
void expect_whole(Store& store, int count) {
  EXPECT_EQ(store.revision(), static_cast<Revision>(count));
  EXPECT_EQ(store.range("").value().size(), 2u * static_cast<size_t>(count));
}

TEST(SqliteStoreTest, AFullStoreRefusesAndGoesOnWhenThereIsRoomAgain) {
  const TestFolder folder;
  SqliteStore::Options options;
  options.largest_file = 300000;
  options.kept_revisions = 1;
  auto store = must_open(folder.file(), options);
  const auto [error, count] = fill(*store);
  EXPECT_EQ(error.code, ENOSPC) << error.text();
  ASSERT_GT(count, 10);
  expect_whole(*store, count);
  Transaction drop;
  for (int n = 0; n < count; ++n) drop.deletes.push_back(fmt::format("{:06}/a", n));
  // Deleting needs room for the history first.
  ASSERT_TRUE(store->compact(store->revision()));
  ASSERT_TRUE(store->commit(drop));
  EXPECT_TRUE(store->commit(put("small", "1")));
  store.reset();
  EXPECT_EQ(must_open(folder.file(), options)->revision(), static_cast<Revision>(count) + 2);
}

TEST(SqliteStoreTest, AFullFileSystemLosesNothingAndHalvesNothing) {
  const TestFolder folder;
  bool mounted = false;
  // A mount namespace belongs to a thread.
  std::thread([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
    if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) return;
    mounted = true;
    auto store = must_open(folder.file());
    const auto [error, count] = fill(*store);
    EXPECT_EQ(error.code, ENOSPC) << error.text();
    EXPECT_GT(count, 10);
    expect_whole(*store, count);
    EXPECT_FALSE(store->commit(put("large", std::string(100000, 'x'))));
    store.reset();
    expect_whole(*must_open(folder.file()), count);
  }).join();
  if (!mounted) GTEST_SKIP() << "mounting a tmpfs needs root";
}

TEST(SqliteStoreTest, AWriteErrorStopsCommitsUntilTheStoreIsOpenedAnew) {
  const TestFolder folder;
  auto store = must_open(folder.file());
  ASSERT_EQ(::signal(SIGXFSZ, SIG_IGN), SIG_DFL);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const rlimit small{1500000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto [error, count] = fill(*store);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_TRUE(error.code == EFBIG || error.code == EIO) << error.text();
  ASSERT_GT(count, 10);
  expect_whole(*store, count);
  const auto again = store->commit(put("a", "1"));
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().text(), HasSubstr("refused until the store is opened anew"));
  store.reset();
  store = must_open(folder.file());
  expect_whole(*store, count);
  EXPECT_TRUE(store->commit(put("a", "1")));
}

}  // namespace
}  // namespace ginnel::store
