#include "cli/text.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <vector>

namespace ginnel::cli {
namespace {

std::string spaced(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

std::string plain(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return {text->data(), text->size()};
  if (const auto* truth = value.if_bool()) return *truth ? "yes" : "no";
  if (value.is_null()) return "-";
  if (const auto* list = value.if_array()) {
    std::string out;
    for (const auto& item : *list) out += (out.empty() ? "" : ", ") + plain(item);
    return out.empty() ? "none" : out;
  }
  return boost::json::serialize(value);
}

bool is_table(const boost::json::value& value) {
  const auto* list = value.if_array();
  return list != nullptr && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const auto& item) { return item.is_object(); });
}

using Row = std::vector<std::string>;

void append_row(std::string& out, const Row& row, const std::vector<size_t>& widths, const std::string& indent) {
  std::string line = indent;
  for (size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
  }
  out += line + '\n';
}

void append_table(std::string& out, const boost::json::array& list, const std::string& indent) {
  Row names;
  for (const auto& item : list)
    for (const auto& [key, value] : item.get_object())
      if (std::find(names.begin(), names.end(), key) == names.end()) names.emplace_back(key);
  std::vector<Row> rows(1);
  for (const auto& name : names) rows[0].push_back(spaced(name));
  for (const auto& item : list) {
    Row& row = rows.emplace_back();
    for (const auto& name : names) {
      const auto* value = item.get_object().if_contains(name);
      row.push_back(value == nullptr ? "-" : plain(*value));
    }
  }
  std::vector<size_t> widths(names.size());
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const Row& row : rows) append_row(out, row, widths, indent);
}

void append_object(std::string& out, const boost::json::object& object, const std::string& indent) {
  for (const auto& [key, value] : object) {
    const std::string name = indent + spaced({key.data(), key.size()}) + ":";
    if (const auto* inner = value.if_object(); inner != nullptr && !inner->empty()) {
      out += name + '\n';
      append_object(out, *inner, indent + "  ");
    } else if (is_table(value)) {
      out += name + '\n';
      append_table(out, value.get_array(), indent + "  ");
    } else {
      out += name + ' ' + (value.is_object() ? "none" : plain(value)) + '\n';
    }
  }
}

}  // namespace

std::string in_words(const boost::json::value& value) {
  std::string out;
  if (const auto* object = value.if_object())
    append_object(out, *object, "");
  else if (is_table(value))
    append_table(out, value.get_array(), "");
  else
    out = plain(value) + '\n';
  return out;
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

}  // namespace ginnel::cli
