#include "aws/page.h"

#include <fmt/format.h>

#include <limits>

#include "aws/digest.h"
#include "aws/query.h"

namespace ginnel::aws {
namespace {

constexpr std::size_t kCheckDigits = 16;

// Tells the tokens of one operation from those of another, and from texts that are no tokens.
std::string check_digits(const PageForm& form, std::string_view key) {
  return sha256_hex(fmt::format("{}\n{}", form.operation, key)).substr(0, kCheckDigits);
}

// The key in hexadecimal, so that a token can go through any shell and URL unchanged.
std::optional<std::string> from_hex(std::string_view digits) {
  std::string escaped;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    fmt::format_to(std::back_inserter(escaped), "%{}", digits.substr(i, 2));
  return percent_decode(escaped, false);
}

ApiError bad_token(const PageForm& form, std::string_view token) {
  if (form.protocol == Protocol::kEc2) {
    return api_error("InvalidNextToken", fmt::format("The token '{}' in {} is not valid.", token, form.token_name));
  }
  return invalid_value(form.token_name, token, "It is not a token of this operation.", form.protocol);
}

ApiResult<std::string> read_token(const PageForm& form, const std::string& token) {
  if (token.size() <= kCheckDigits) return bad_token(form, token);
  const std::string_view digits = std::string_view(token).substr(kCheckDigits);
  const std::optional<std::string> key = from_hex(digits);
  if (!key || make_page_token(form, *key) != token) return bad_token(form, token);
  return *key;
}

ApiResult<std::size_t> read_size(const PageForm& form, const PageRequest& request) {
  if (!request.size) {
    // ELBv2 pages by itself; EC2 gives everything.
    const bool all = form.protocol == Protocol::kEc2;
    return all ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(form.largest);
  }
  const int size = *request.size;
  if (size < form.smallest) {
    return invalid_value(form.size_name, std::to_string(size),
                         fmt::format("Expecting a value of at least {}.", form.smallest), form.protocol);
  }
  if (size > form.largest && !form.clamps) {
    return invalid_value(form.size_name, std::to_string(size),
                         fmt::format("Expecting a value of at most {}.", form.largest), form.protocol);
  }
  return static_cast<std::size_t>(std::min(size, form.largest));
}

}  // namespace

ApiResult<PageCut> read_page_request(const PageForm& form, const PageRequest& request) {
  if (!request.ids_name.empty() && request.size) {
    return invalid_combination(
        fmt::format("The parameter {} cannot be used with the parameter {}", request.ids_name, form.size_name));
  }
  GINNEL_TRY(const std::size_t size, read_size(form, request));
  std::string after;
  if (request.token) {
    GINNEL_TRY(after, read_token(form, *request.token));
  }
  return PageCut{size, std::move(after)};
}

std::string make_page_token(const PageForm& form, std::string_view last_key) {
  return check_digits(form, last_key) + to_hex(last_key);
}

}  // namespace ginnel::aws
