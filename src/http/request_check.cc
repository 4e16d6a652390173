#include "http/request_check.h"

#include <boost/beast/core/string.hpp>

namespace ginnel::http {
namespace {

namespace bhttp = boost::beast::http;

std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

bool is_parse_error(const boost::system::error_code& error) {
  static const auto& category = bhttp::make_error_code(bhttp::error::bad_method).category();
  return error.category() == category;
}

}  // namespace

std::optional<Response> check_request(const ParsedRequest& request) {
  if (request.version() != 10 && request.version() != 11) return plain_response(505, "only HTTP/1.0 and HTTP/1.1");
  const auto hosts = request.count(bhttp::field::host);
  if (hosts > 1 || (hosts == 0 && request.version() == 11)) return plain_response(400, "one Host header is needed");
  if (request.count(bhttp::field::transfer_encoding) > 0) {
    const auto coding = request[bhttp::field::transfer_encoding];
    // Any other coding would leave the end of the body unknown.
    if (!boost::beast::iequals(coding, "chunked"))
      return plain_response(501, "unknown transfer coding: " + text(coding));
    if (request.version() == 10) return plain_response(400, "HTTP/1.0 has no chunked bodies");
  }
  if (request.count(bhttp::field::expect) > 0 &&
      !boost::beast::iequals(request[bhttp::field::expect], "100-continue")) {
    return plain_response(417, "unknown expectation: " + text(request[bhttp::field::expect]));
  }
  return std::nullopt;
}

std::optional<Response> answer_to_parse_error(const boost::system::error_code& error) {
  if (!is_parse_error(error) || error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) {
    return std::nullopt;
  }
  if (error == bhttp::error::body_limit) return plain_response(413, "the body is too long");
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) {
    return plain_response(431, "the headers are too long");
  }
  return plain_response(400, "malformed request: " + error.message());
}

Request to_request(ParsedRequest& request) {
  Request out;
  out.method = text(request.method_string());
  out.target = text(request.target());
  for (const auto& field : request) out.headers.push_back({text(field.name_string()), text(field.value())});
  out.body = std::move(request.body());
  return out;
}

}  // namespace ginnel::http
