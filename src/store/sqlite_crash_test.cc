// A writer that is killed at any moment loses nothing that it acknowledged, and leaves no part of a transaction.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <random>

#include "base/unique_fd.h"
#include "store/crash/layout.h"
#include "store/sqlite_store.h"
#include "store/test_folder.h"

namespace ginnel::store {
namespace {

constexpr int kRounds = 25;
constexpr int kDeadlineMs = 30000;

struct Writer {
  pid_t pid = -1;
  UniqueFd out;
};

Writer start_writer(const std::string& path) {
  int ends[2];
  GINNEL_CHECK(::pipe2(ends, O_CLOEXEC) == 0, "a pipe");
  Writer writer;
  writer.out.reset(ends[0]);
  const UniqueFd in(ends[1]);
  writer.pid = ::fork();
  if (writer.pid == 0) {
    ::dup2(in.get(), STDOUT_FILENO);
    ::execl(CRASH_WRITER, CRASH_WRITER, path.c_str(), nullptr);
    ::_exit(127);
  }
  return writer;
}

// Reads at least `bytes` (or to the end), appending to `text`. False: nothing came within the deadline.
bool read_some(int fd, size_t bytes, std::string& text) {
  const size_t want = text.size() + bytes;
  while (text.size() < want) {
    pollfd wait{fd, POLLIN, 0};
    if (::poll(&wait, 1, kDeadlineMs) != 1) return false;
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) return got == 0;
    text.append(buffer, static_cast<size_t>(got));
  }
  return true;
}

// The number of the last whole line, or 0.
uint64_t last_number(const std::string& text) {
  const auto end = text.rfind('\n');
  if (end == std::string::npos) return 0;
  const auto before = text.rfind('\n', end - 1);
  return std::stoull(text.substr(before == std::string::npos ? 0 : before + 1));
}

// The number of the last transaction that is there; everything about it and its forerunners must be whole.
uint64_t check_whole(const std::string& path) {
  auto store = SqliteStore::open(path);
  if (!store) {
    ADD_FAILURE() << store.error().text();
    return 0;
  }
  const auto last = (*store)->get("last").value();
  const uint64_t number = last ? std::stoull(last->value) : 0;
  EXPECT_EQ((*store)->revision(), number) << "one revision for each transaction";
  const uint64_t first = number > crash::kKept ? number - crash::kKept + 1 : 1;
  size_t expected = 0;
  for (uint64_t n = first; n <= number; ++n) {
    for (int part = 0; part < crash::kParts; ++part, ++expected) {
      const auto entry = (*store)->get(crash::key(n, part)).value();
      EXPECT_TRUE(entry && entry->value == crash::value(n) && entry->modified == n) << crash::key(n, part);
    }
  }
  EXPECT_EQ((*store)->range("part/").value().size(), expected) << "parts of another transaction";
  if (number > 0) {
    EXPECT_EQ((*store)->changes(number - 1, 1).value().at(0).revision, number);
  }
  return number;
}

TEST(SqliteCrashTest, WhatWasAcknowledgedSurvivesBeingKilled) {
  const TestFolder folder;
  std::mt19937 random(20260131);  // NOLINT: repeatable on purpose
  uint64_t before = 0;
  for (int round = 0; round < kRounds; ++round) {
    Writer writer = start_writer(folder.file());
    std::string text;
    const bool came = read_some(writer.out.get(), 1 + random() % 200, text);
    // Another fraction of a commit goes by, which a busy loop of random length measures without a clock.
    for (std::atomic<unsigned> spin = static_cast<unsigned>(random() % 1000000); spin > 0; --spin) {
    }
    ASSERT_EQ(::kill(writer.pid, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(writer.pid, &status, 0), writer.pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself with " << status;
    ASSERT_TRUE(came) << "the writer says nothing";
    ASSERT_TRUE(read_some(writer.out.get(), 1U << 20, text));  // what was still in the pipe
    const uint64_t acknowledged = last_number(text);
    ASSERT_GT(acknowledged, before);
    const uint64_t found = check_whole(folder.file());
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 3) << "at most the group in flight is there besides";
    before = found;
  }
}

}  // namespace
}  // namespace ginnel::store
