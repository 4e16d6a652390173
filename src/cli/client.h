// Asks the running daemon over its unix socket: HTTP/1.1 with JSON bodies, an error as {"error": "…"}.
// The calls and their answers are listed in daemon/control.h.
//
// Blocking; one connection a call; nothing is kept between calls.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ginnel::cli {

class Client {
 public:
  explicit Client(std::string socket) : socket_(std::move(socket)) {}

  // An Error where no daemon answers (code ENOENT or ECONNREFUSED: none runs), where it refuses, or where its answer
  // is not JSON.
  [[nodiscard]] Result<boost::json::value> get(std::string_view target) const;
  [[nodiscard]] Result<boost::json::value> post(std::string_view target, const boost::json::object& body) const;

 private:
  [[nodiscard]] Result<boost::json::value> call(std::string_view method, std::string_view target,
                                                std::string_view body) const;
  std::string socket_;
};

// What the daemon's answer says; separate for the tests.
Result<boost::json::value> read_answer(std::string_view request, unsigned status, std::string_view body);
// A member of an object; it must be a string.
Result<std::string> text_member(const boost::json::value& object, std::string_view name);

}  // namespace ginnel::cli
