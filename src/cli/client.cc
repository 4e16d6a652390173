#include "cli/client.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "http/unix_client.h"

namespace ginnel::cli {

Result<boost::json::value> read_answer(std::string_view request, unsigned status, std::string_view body) {
  boost::json::error_code error;
  boost::json::value answer = boost::json::parse({body.data(), body.size()}, error);
  if (status < 200 || status > 299) {
    const auto said = text_member(error ? boost::json::value() : answer, "error");
    if (said) return fail("", "", *said);
    return fail("ask the daemon", request, fmt::format("it answered with status {}", status));
  }
  if (error) return fail("ask the daemon", request, "its answer is not JSON");
  return answer;
}

Result<std::string> text_member(const boost::json::value& value, std::string_view name) {
  const boost::json::object* object = value.if_object();
  const boost::json::value* member = object == nullptr ? nullptr : object->if_contains({name.data(), name.size()});
  const boost::json::string* text = member == nullptr ? nullptr : member->if_string();
  if (text == nullptr) return fail("ask the daemon", "", fmt::format("its answer has no text '{}'", name));
  return std::string(text->data(), text->size());
}

Result<boost::json::value> Client::get(std::string_view target) const { return call("GET", target, ""); }

Result<boost::json::value> Client::post(std::string_view target, const boost::json::object& body) const {
  return call("POST", target, boost::json::serialize(body));
}

Result<boost::json::value> Client::call(std::string_view method, std::string_view target, std::string_view body) const {
  auto response = http::unix_call(socket_, std::string(method), std::string(target), std::string(body));
  if (!response) {
    Error error = response.error();
    return tl::unexpected(Error{"no daemon answers on", socket_, error.cause, error.code});
  }
  return read_answer(fmt::format("{} {}", method, target), response->status, response->body);
}

}  // namespace ginnel::cli
