// What the parser lets pass and a server must not (RFC 9112 sections 3.2, 6.1, 6.3). Internal to this module.
#pragma once

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "http/message.h"

namespace ginnel::http {

using ParsedRequest = boost::beast::http::request<boost::beast::http::string_body>;

// The refusal, or nothing where the request may go on.
[[nodiscard]] std::optional<Response> check_request(const ParsedRequest& request);

// The answer to what the parser refused; no value where the connection itself failed, so that nobody listens.
[[nodiscard]] std::optional<Response> answer_to_parse_error(const boost::system::error_code& error);

// Copies headers and moves the body out.
[[nodiscard]] Request to_request(ParsedRequest& request);

}  // namespace ginnel::http
