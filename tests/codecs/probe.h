// What the generated probes share: members by path, and the operations as functions of texts.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "aws/query.h"
#include "aws/scalars.h"
#include "aws/xml_writer.h"
#include "base/clock.h"

namespace ginnel::probe {

std::string scalar_text(const std::string& value);
std::string scalar_text(bool value);
std::string scalar_text(double value);
std::string scalar_text(std::int64_t value);
std::string scalar_text(WallTime value);

template <typename T>
inline constexpr bool is_scalar =
    std::is_arithmetic_v<T> || std::is_same_v<T, std::string> || std::is_same_v<T, WallTime>;

template <typename T>
void dump_value(const T& value, const std::string& path, std::string& out) {
  if constexpr (std::is_same_v<T, int>) {
    out += path + "=" + scalar_text(static_cast<std::int64_t>(value)) + "\n";
  } else if constexpr (is_scalar<T>) {
    out += path + "=" + scalar_text(value) + "\n";
  } else {
    dump(value, path, out);
  }
}
template <typename T>
void dump_member(const std::optional<T>& value, const std::string& path, std::string& out) {
  if (value) dump_value(*value, path, out);
}
template <typename T>
void dump_member(const std::vector<T>& values, const std::string& path, std::string& out) {
  for (std::size_t i = 0; i < values.size(); ++i) dump_value(values[i], path + "[" + std::to_string(i) + "]", out);
}

inline constexpr int kNumber = 7;
inline constexpr WallTime kTime{std::chrono::milliseconds(1'769'860'800'123)};

template <typename T>
void fill_value(T& value, const std::string& path) {
  if constexpr (std::is_same_v<T, std::string>) {
    value = path;
  } else if constexpr (std::is_same_v<T, bool>) {
    value = true;
  } else if constexpr (std::is_same_v<T, WallTime>) {
    value = kTime;
  } else if constexpr (std::is_arithmetic_v<T>) {
    value = kNumber;
  } else {
    fill(value, path);
  }
}
template <typename T>
void fill_member(std::optional<T>& value, const std::string& path) {
  fill_value(value.emplace(), path);
}
template <typename T>
void fill_member(std::vector<T>& values, const std::string& path) {
  values.resize(2);
  for (std::size_t i = 0; i < values.size(); ++i) fill_value(values[i], path + "[" + std::to_string(i) + "]");
}

struct OperationProbe {
  std::string name;  // "ec2.CreateVpc"
  // The lines of `dump`, or "CODE: MESSAGE".
  std::function<std::string(const aws::Query&)> decode;
  // The members of a filled answer in XML.
  std::function<void(aws::XmlWriter&)> encode;
};
using Operations = std::vector<OperationProbe>;

template <typename Operation>
OperationProbe operation(std::string_view service) {
  const auto decode = [](const aws::Query& query) {
    std::string out;
    const auto request = Operation::decode(query);
    if (!request) return "!" + request.error().code + ": " + request.error().message + "\n";
    dump_value(*request, "", out);
    return out;
  };
  const auto encode = [](aws::XmlWriter& xml) {
    typename Operation::Response response;
    if constexpr (!std::is_empty_v<typename Operation::Response>) fill_value(response, "");
    Operation::encode(xml, response);
  };
  return {std::string(service) + "." + std::string(Operation::kInfo.name), decode, encode};
}

void add_ec2(Operations& operations);
void add_elbv2(Operations& operations);
void add_sts(Operations& operations);

}  // namespace ginnel::probe
