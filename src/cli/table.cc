#include "cli/table.h"

#include <algorithm>

namespace ginnel::cli {
namespace {

constexpr size_t kSample = 500;  // rows that are held back to see how wide they are

// Of UTF-8, whose every character is taken to be one column wide.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Table::Table(Row header, std::FILE* out) : out_(out), widths_(header.size()) { waiting_.push_back(std::move(header)); }

void Table::add(Row row) {
  if (begun_) {
    print(row);
    return;
  }
  waiting_.push_back(std::move(row));
  if (waiting_.size() > kSample) flush();
}

void Table::flush() {
  for (const Row& row : waiting_) widen(row);
  for (const Row& row : waiting_) print(row);
  waiting_.clear();
  begun_ = true;
  std::fflush(out_);
}

void Table::widen(const Row& row) {
  for (size_t i = 0; i < std::min(row.size(), widths_.size()); ++i) widths_[i] = std::max(widths_[i], width_of(row[i]));
}

void Table::print(const Row& row) const {
  std::string line;
  for (size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 == row.size()) break;
    const size_t width = width_of(row[i]);
    line.append((width < widths_[i] ? widths_[i] - width : 0) + 2, ' ');
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), out_);
}

}  // namespace ginnel::cli
