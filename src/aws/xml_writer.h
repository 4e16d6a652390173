// XmlWriter: writes an XML document into a string. Elements without attributes, except the namespace of the root.
//
// Characters that XML 1.0 cannot carry, and bytes that are not UTF-8, become U+FFFD.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ginnel::aws {

class XmlWriter {
 public:
  XmlWriter();

  // `xmlns` is written where it is not empty. close() ends the innermost open element.
  void open(std::string_view name, std::string_view xmlns = {});
  void close();

  // An element with text.
  void element(std::string_view name, std::string_view text);

  // For the generated encoders. A member that is not set writes nothing; a structure's `encode` is found in its
  // namespace.
  template <typename T>
  void member(std::string_view name, const std::optional<T>& value) {
    if (value) write(name, *value);
  }
  template <typename T>
  void list(std::string_view name, std::string_view item, const std::vector<T>& values) {
    open(name);
    for (const T& value : values) write(item, value);
    close();
  }

  // Closes what is open and gives the document away.
  [[nodiscard]] std::string finish();

 private:
  void write(std::string_view name, const std::string& value) { element(name, value); }
  void write(std::string_view name, bool value);
  void write(std::string_view name, int value);
  void write(std::string_view name, std::int64_t value);
  void write(std::string_view name, double value);
  void write(std::string_view name, WallTime value);
  template <typename T>
  void write(std::string_view name, const T& value) {
    open(name);
    encode(*this, value);
    close();
  }

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace ginnel::aws
