#include "base/result.h"

#include <system_error>

namespace ginnel {

std::string Error::text() const {
  std::string out = operation;
  if (!object.empty()) out += (out.empty() ? "" : " ") + object;
  if (!cause.empty()) out += (out.empty() ? "" : ": ") + cause;
  return out;
}

tl::unexpected<Error> fail(std::string_view operation, std::string_view object, std::string_view cause) {
  return tl::unexpected(Error{std::string(operation), std::string(object), std::string(cause), 0});
}

tl::unexpected<Error> fail_errno(std::string_view operation, std::string_view object, int code) {
  return tl::unexpected(
      Error{std::string(operation), std::string(object), std::generic_category().message(code), code});
}

}  // namespace ginnel
