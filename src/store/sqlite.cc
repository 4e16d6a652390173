#include "store/sqlite.h"

#include <cerrno>
#include <cstring>

namespace ginnel::store {
namespace {

// The errno value that says nearest what a primary result code says, or 0.
int errno_of(int primary) {
  switch (primary) {
    case SQLITE_FULL:
      return ENOSPC;
    case SQLITE_IOERR:
      return EIO;
    case SQLITE_BUSY:
      return EBUSY;
    case SQLITE_NOMEM:
      return ENOMEM;
    case SQLITE_READONLY:
      return EROFS;
    default:
      return 0;
  }
}

tl::unexpected<Error> failure_of(sqlite3* handle, std::string_view operation, std::string_view path) {
  const int primary = handle ? sqlite3_errcode(handle) & 0xff : SQLITE_NOMEM;
  std::string cause = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(SQLITE_NOMEM);
  int code = errno_of(primary);
  const int system = handle ? sqlite3_system_errno(handle) : 0;
  if (system != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL)) {
    cause += std::string(": ") + std::strerror(system);
    code = system;
  }
  return tl::unexpected(Error{std::string(operation), std::string(path), std::move(cause), code});
}

}  // namespace

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle, path);
  if (result != SQLITE_OK) return failure_of(handle, "open", path);
  sqlite3_extended_result_codes(handle, 1);
  return database;
}

int Database::result_code() const { return sqlite3_errcode(handle_.get()) & 0xff; }

tl::unexpected<Error> Database::failure(std::string_view operation) const {
  return failure_of(handle_.get(), operation, path_);
}

Status Database::run(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failure("write");
}

Result<int64_t> Database::number(const char* sql) {
  GINNEL_TRY(auto statement, Statement::prepare(*this, sql));
  GINNEL_TRY(const bool row, statement.step());
  if (!row) return fail("read", path_, std::string("no row from ") + sql);
  return statement.number(0);
}

Result<std::string> Database::text(const char* sql) {
  GINNEL_TRY(auto statement, Statement::prepare(*this, sql));
  GINNEL_TRY(const bool row, statement.step());
  if (!row) return fail("read", path_, std::string("no row from ") + sql);
  return statement.bytes(0);
}

Result<Statement> Statement::prepare(const Database& database, std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (result != SQLITE_OK) return database.failure("prepare a statement for");
  return Statement(database, handle);
}

Statement::Statement(const Database& database, sqlite3_stmt* handle) : path_(database.path()), handle_(handle) {}

Statement& Statement::bind(int parameter, std::string_view bytes) {
  // A null pointer would bind NULL, but an empty view is an empty blob.
  const char* data = bytes.data() ? bytes.data() : "";
  const int result = sqlite3_bind_blob64(handle_.get(), parameter, data, bytes.size(), SQLITE_STATIC);
  if (result != SQLITE_OK) bind_result_ = result;
  return *this;
}

Statement& Statement::bind(int parameter, int64_t number) {
  const int result = sqlite3_bind_int64(handle_.get(), parameter, number);
  if (result != SQLITE_OK) bind_result_ = result;
  return *this;
}

Statement& Statement::bind(int parameter, const std::optional<std::string_view>& bytes) {
  if (bytes) return bind(parameter, *bytes);
  const int result = sqlite3_bind_null(handle_.get(), parameter);
  if (result != SQLITE_OK) bind_result_ = result;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_result_ != SQLITE_OK) {
    return tl::unexpected(
        Error{"bind a parameter for", path_, sqlite3_errstr(bind_result_), errno_of(bind_result_ & 0xff)});
  }
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  const bool reads = sqlite3_column_count(handle_.get()) > 0;
  return failure_of(sqlite3_db_handle(handle_.get()), reads ? "read" : "write", path_);
}

Status Statement::run() {
  const ResetAtEnd reset_at_end(*this);
  GINNEL_CHECKED(step());
  return {};
}

void Statement::reset() {
  sqlite3_reset(handle_.get());  // repeats the error of the last step, which step() has returned
  sqlite3_clear_bindings(handle_.get());
  bind_result_ = SQLITE_OK;
}

std::string Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data ? std::string(data, static_cast<size_t>(size)) : std::string();
}

}  // namespace ginnel::store
