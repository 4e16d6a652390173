#include "aws/query_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "aws/scalars.h"

namespace ginnel::aws {
namespace {

std::string full_name(const QueryNode& node, std::string_view name) {
  return node.path.empty() ? std::string(name) : fmt::format("{}.{}", node.path, name);
}

// The name of the first parameter at or under the node.
const std::string& first_name(const QueryNode& node) {
  const QueryNode* at = &node;
  while (!at->value && !at->children.empty()) at = &at->children.begin()->second;
  return at->path;
}

// 0 where the text is no index.
int list_index(std::string_view text) {
  int index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && text.front() != '0' && index > 0 && index <= kMaxListIndex ? index : 0;
}

}  // namespace

void QueryReader::set_error(ApiError error) {
  if (!error_) error_ = std::move(error);
}

void QueryReader::require(std::string_view name) {
  if (node_.child(name) == nullptr) set_error(missing_parameter(full_name(node_, name), protocol_));
}

void QueryReader::unsupported(std::string_view name) {
  const QueryNode* child = node_.child(name);
  if (child != nullptr) set_error(unsupported_parameter(first_name(*child), protocol_));
}

void QueryReader::only(std::string_view name, std::string_view value) {
  const QueryNode* child = node_.child(name);
  if (child == nullptr || !child->value || *child->value == value) return;
  set_error(unsupported_value(child->path, *child->value, protocol_));
}

void QueryReader::one_of(std::string_view name, std::span<const std::string_view> values) {
  if (const QueryNode* child = node_.child(name)) check_value(*child, values);
}

void QueryReader::each_one_of(std::string_view name, std::string_view item, std::span<const std::string_view> values) {
  const QueryNode* child = node_.child(name);
  if (child == nullptr) return;
  for (const QueryNode* element : elements(*child, item)) check_value(*element, values);
}

void QueryReader::check_value(const QueryNode& node, std::span<const std::string_view> values) {
  if (!node.value || std::find(values.begin(), values.end(), *node.value) != values.end()) return;
  set_error(invalid_value(node.path, *node.value,
                          fmt::format("The valid values are: {}.", fmt::join(values.begin(), values.end(), ", ")),
                          protocol_));
}

const QueryNode* QueryReader::take(std::string_view name) {
  read_.insert(name);
  return error_ ? nullptr : node_.child(name);
}

std::vector<const QueryNode*> QueryReader::take_list(std::string_view name, std::string_view item) {
  const QueryNode* child = take(name);
  return child == nullptr ? std::vector<const QueryNode*>{} : elements(*child, item);
}

// In the order of the indexes.
std::vector<const QueryNode*> QueryReader::elements(const QueryNode& list, std::string_view item) {
  const QueryNode* holder = &list;
  if (!item.empty()) {
    // "Names=" is how the query services are told an empty list.
    if (list.value && list.value->empty() && list.children.empty()) return {};
    holder = list.child(item);
    if (holder == nullptr || list.children.size() != 1) {
      set_error(unknown_parameter(first_name(list)));
      return {};
    }
  }
  if (list.value || holder->value) {
    set_error(unknown_parameter(list.value ? list.path : holder->path));
    return {};
  }
  std::vector<std::pair<int, const QueryNode*>> sorted;
  for (const auto& [name, node] : holder->children) {
    const int index = list_index(name);
    if (index == 0) {
      set_error(unknown_parameter(first_name(node)));
      return {};
    }
    sorted.emplace_back(index, &node);
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<const QueryNode*> out;
  out.reserve(sorted.size());
  for (const auto& [index, node] : sorted) out.push_back(node);
  return out;
}

const std::string* QueryReader::scalar(const QueryNode& node) {
  if (node.children.empty()) return &*node.value;
  set_error(unknown_parameter(first_name(node.children.begin()->second)));
  return nullptr;
}

void QueryReader::decode_value(const QueryNode& node, std::string& out) {
  if (const std::string* text = scalar(node)) out = *text;
}

void QueryReader::decode_value(const QueryNode& node, bool& out) {
  const std::string* text = scalar(node);
  if (text == nullptr) return;
  const std::optional<bool> value = parse_bool(*text);
  if (!value) return set_error(invalid_value(node.path, *text, "Expected true or false.", protocol_));
  out = *value;
}

void QueryReader::decode_value(const QueryNode& node, int& out) {
  const std::string* text = scalar(node);
  if (text == nullptr) return;
  const std::optional<int> value = parse_int(*text);
  if (!value) return set_error(invalid_value(node.path, *text, "Expected an integer of 32 bits.", protocol_));
  out = *value;
}

void QueryReader::decode_value(const QueryNode& node, std::int64_t& out) {
  const std::string* text = scalar(node);
  if (text == nullptr) return;
  const std::optional<std::int64_t> value = parse_long(*text);
  if (!value) return set_error(invalid_value(node.path, *text, "Expected an integer of 64 bits.", protocol_));
  out = *value;
}

void QueryReader::decode_value(const QueryNode& node, double& out) {
  const std::string* text = scalar(node);
  if (text == nullptr) return;
  const std::optional<double> value = parse_double(*text);
  if (!value) return set_error(invalid_value(node.path, *text, "Expected a number.", protocol_));
  out = *value;
}

void QueryReader::decode_value(const QueryNode& node, WallTime& out) {
  const std::string* text = scalar(node);
  if (text == nullptr) return;
  const std::optional<WallTime> value = parse_timestamp(*text);
  if (!value) {
    return set_error(invalid_value(node.path, *text, "Expected a time like 2026-01-31T12:00:00Z.", protocol_));
  }
  out = *value;
}

ApiStatus QueryReader::finish() {
  if (error_) return std::move(*error_);
  if (node_.value) return unknown_parameter(node_.path);
  for (const auto& [name, child] : node_.children) {
    if (!read_.contains(name)) return unknown_parameter(first_name(child));
  }
  return {};
}

}  // namespace ginnel::aws
