// Reads one TOML table key by key; what is left over at the end is unknown. Errors name file, line, key and value.
//
// The value that is read must outlive the reader. Used by one thread. Throws nothing of its own.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <toml.hpp>
#include <vector>

#include "base/result.h"

namespace ginnel::config {

class Reader {
 public:
  // `what` says which table it is in messages ("" for the file's top).
  Reader(const toml::value& table, std::string file, std::string what)
      : table_(table), file_(std::move(file)), what_(std::move(what)) {}

  // The value of a key, or nullptr. The key counts as known from now on.
  const toml::value* find(const std::string& key);
  // The key must be there.
  Result<const toml::value*> require(const std::string& key);
  Result<std::string> text(const std::string& key, const toml::value& value) const;
  Result<int64_t> integer(const std::string& key, const toml::value& value, int64_t least, int64_t most) const;
  Result<const toml::array*> list(const std::string& key, const toml::value& value) const;

  // Where the key is given: reads its text with `parse` into `out`.
  template <typename T, typename Parse>
  Status read(const std::string& key, T& out, Parse parse) {
    const toml::value* value = find(key);
    if (value == nullptr) return {};
    GINNEL_TRY(out, parsed(key, *value, parse));
    return {};
  }
  // Likewise for a list of texts, which must be distinct.
  template <typename T, typename Parse>
  Status read_list(const std::string& key, std::vector<T>& out, Parse parse) {
    const toml::value* value = find(key);
    if (value == nullptr) return {};
    GINNEL_TRY(const toml::array* items, list(key, *value));
    out.clear();
    for (const toml::value& item : *items) {
      GINNEL_TRY(T one, parsed(key, item, parse));
      for (const T& earlier : out)
        if (earlier == one) return error(key, item, "is given twice");
      out.push_back(std::move(one));
    }
    return {};
  }

  // An error at a value: "FILE:LINE: KEY = VALUE CAUSE".
  [[nodiscard]] tl::unexpected<Error> error(const std::string& key, const toml::value& value,
                                            std::string_view cause) const;
  // An error of the whole table.
  [[nodiscard]] tl::unexpected<Error> error(std::string_view cause) const;
  // Every key has been read.
  [[nodiscard]] Status finish() const;

 private:
  template <typename Parse>
  auto parsed(const std::string& key, const toml::value& value, Parse parse) const -> decltype(parse("")) {
    GINNEL_TRY(const std::string given, text(key, value));
    auto result = parse(given);
    if (!result) return error(key, value, result.error().cause);
    return result;
  }
  [[nodiscard]] std::string name(const std::string& key) const;

  const toml::value& table_;
  std::string file_, what_;
  std::set<std::string> known_;
};

// "FILE:LINE", for messages.
std::string place(const std::string& file, const toml::source_location& location);

}  // namespace ginnel::config
