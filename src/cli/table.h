// A table that is printed while it is made, however long it gets.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace ginnel::cli {

// Columns are as wide as the widest of their first rows; a longer field further on moves its own line only. What is
// added appears with the flush at the latest.
class Table {
 public:
  using Row = std::vector<std::string>;
  explicit Table(Row header, std::FILE* out = stdout);

  void add(Row row);
  void flush();

 private:
  void widen(const Row& row);
  void print(const Row& row) const;

  std::FILE* out_;
  std::vector<size_t> widths_;
  std::vector<Row> waiting_;  // the header first
  bool begun_ = false;
};

}  // namespace ginnel::cli
