// store_crash_writer FILE: commits groups of transactions without end and writes the number of the last transaction
// that is acknowledged to stdout, a line a group. Transaction N puts N into kParts keys of its own and into "last", and
// deletes the keys of transaction N - kKept; so whatever is found later shows whether a transaction is there whole.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "store/crash/layout.h"
#include "store/sqlite_store.h"

int main(int argc, char** argv) {
  using namespace ginnel::store;
  if (argc != 2) return 2;
  auto store = SqliteStore::open(argv[1]);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().text());
    return 1;
  }
  const auto last = (*store)->get("last");
  if (!last) return 1;
  uint64_t number = *last ? std::stoull((*last)->value) : 0;
  for (;;) {
    std::vector<Transaction> group(1 + number % 3);
    for (auto& transaction : group) transaction = crash::transaction(++number);
    const auto revisions = (*store)->commit_all(group);
    if (!revisions) {
      fmt::print(stderr, "{}\n", revisions.error().text());
      return 1;
    }
    const std::string line = fmt::format("{}\n", number);
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 1;
  }
}
