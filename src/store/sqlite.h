// SQLite's connection and prepared statement as owned types, with Results in place of return codes.
//
// One thread at a time; the owner locks. A Statement may not outlive its Database.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ginnel::store {

class Database {
 public:
  // Opens an existing file for reading and writing.
  static Result<Database> open(const std::string& path);

  // Runs statements without parameters and drops their rows.
  Status run(const char* sql);
  // The first column of the first row.
  Result<int64_t> number(const char* sql);
  Result<std::string> text(const char* sql);
  // The last failure: as an Error, and as SQLite's primary result code.
  [[nodiscard]] tl::unexpected<Error> failure(std::string_view operation) const;
  [[nodiscard]] int result_code() const;
  // Whether a transaction is open; a failed statement may have ended it.
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::string path_;
};

class Statement {
 public:
  static Result<Statement> prepare(const Database& database, std::string_view sql);

  // Parameters and columns count from 1 and 0, as in SQLite. Bound bytes must live until reset().
  Statement& bind(int parameter, std::string_view bytes);
  Statement& bind(int parameter, int64_t number);
  Statement& bind(int parameter, const std::optional<std::string_view>& bytes);  // no value: NULL
  // True: a row is there to be read.
  Result<bool> step();
  // Steps to the end of a statement that has no rows to give, and resets.
  Status run();
  // Ready to be bound and stepped again.
  void reset();

  [[nodiscard]] int64_t number(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  [[nodiscard]] std::string bytes(int column) const;
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  Statement(const Database& database, sqlite3_stmt* handle);

  std::string path_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_result_ = SQLITE_OK;
};

// Resets a statement at the end of a scope.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

}  // namespace ginnel::store
