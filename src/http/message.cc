#include "http/message.h"

#include <algorithm>

namespace ginnel::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

const std::string* find_header(const Headers& headers, std::string_view name) {
  for (const Header& header : headers) {
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return &header.value;
    }
  }
  return nullptr;
}

Response plain_response(unsigned status, std::string_view text) {
  return Response{status, {{"Content-Type", "text/plain"}}, std::string(text) + "\n"};
}

}  // namespace ginnel::http
