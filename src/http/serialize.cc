#include "http/serialize.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

namespace ginnel::http {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool is_good(const Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  return std::all_of(response.headers.begin(), response.headers.end(),
                     [](const Header& header) { return is_token(header.name) && is_value(header.value); });
}

bool is_ours(const Header& header) {
  const Headers one{header};
  for (const char* name : {"Content-Length", "Transfer-Encoding", "Connection", "Date"}) {
    if (find_header(one, name)) return true;
  }
  return false;
}

bool has_no_body(unsigned status) { return status == 204 || status == 304; }

std::string_view reason(unsigned status) {
  const auto text = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {text.data(), text.size()};
}

}  // namespace

std::string http_date(WallTime time) {
  using namespace std::chrono;
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(time - day));
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

WireResponse serialize(Response response, const WireOptions& options) {
  if (!is_good(response)) response = Response{500, {}, ""};
  WireResponse out;
  auto to = std::back_inserter(out.head);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  for (const Header& header : response.headers) {
    if (!is_ours(header)) fmt::format_to(to, "{}: {}\r\n", header.name, header.value);
  }
  if (!has_no_body(response.status)) fmt::format_to(to, "Content-Length: {}\r\n", response.body.size());
  if (!options.keep_alive) {
    out.head += "Connection: close\r\n";
  } else if (options.old_client) {
    out.head += "Connection: keep-alive\r\n";
  }
  fmt::format_to(to, "Date: {}\r\n\r\n", http_date(options.now));
  if (!options.head_only && !has_no_body(response.status)) out.body = std::move(response.body);
  return out;
}

}  // namespace ginnel::http
