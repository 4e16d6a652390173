// Result<T>: a value, or an Error that says what was tried, on what, and why it failed.
//
// Used for everything that can go wrong in normal use. Programming errors are GINNEL_CHECKs (check.h);
// exceptions of libraries are turned into an Error at the module that calls the library.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace ginnel {

// The text reads "OPERATION OBJECT: CAUSE", for example "open /sys/fs/bpf/x: Permission denied".
struct Error {
  std::string operation;
  std::string object;
  std::string cause;
  int code = 0;  // an errno value where the cause is one, else 0

  [[nodiscard]] std::string text() const;
};

template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

[[nodiscard]] tl::unexpected<Error> fail(std::string_view operation, std::string_view object, std::string_view cause);
// The cause is the text of the errno value `code`.
[[nodiscard]] tl::unexpected<Error> fail_errno(std::string_view operation, std::string_view object, int code = errno);

}  // namespace ginnel

// Evaluates `expr` (a Result), returns its Error from the calling function, or binds its value to `lhs`.
#define GINNEL_CONCAT_(a, b) a##b
#define GINNEL_CONCAT(a, b) GINNEL_CONCAT_(a, b)
#define GINNEL_TRY_(tmp, lhs, expr)                        \
  auto tmp = (expr);                                       \
  if (!tmp) return tl::unexpected(std::move(tmp).error()); \
  lhs = std::move(*tmp)
#define GINNEL_TRY(lhs, expr) GINNEL_TRY_(GINNEL_CONCAT(try_, __COUNTER__), lhs, expr)
// The same for a Status, or where the value is not wanted.
#define GINNEL_CHECKED(expr)                                                                   \
  do {                                                                                         \
    if (auto checked_ = (expr); !checked_) return tl::unexpected(std::move(checked_).error()); \
  } while (false)
