#include "aws/xml_writer.h"

#include <fmt/format.h>

#include "aws/utf8.h"
#include "base/check.h"

namespace ginnel::aws {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// XML 1.0, section 2.2.
bool is_xml_char(char32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return point != kBadCodePoint && point != 0xFFFE && point != 0xFFFF;
}

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t point = next_code_point(text, at);
    if (!is_xml_char(point)) {
      out += kReplacement;
    } else if (point == '&') {
      out += "&amp;";
    } else if (point == '<') {
      out += "&lt;";
    } else if (point == '>') {
      out += "&gt;";
    } else if (point == '"') {
      out += "&quot;";
    } else if (point == '\r') {
      out += "&#13;";  // a bare one would be read as a line feed
    } else {
      out += text.substr(begin, at - begin);
    }
  }
}

}  // namespace

XmlWriter::XmlWriter() : out_("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") {}

void XmlWriter::open(std::string_view name, std::string_view xmlns) {
  out_ += '<';
  out_ += name;
  if (!xmlns.empty()) {
    out_ += " xmlns=\"";
    append_escaped(out_, xmlns);
    out_ += '"';
  }
  out_ += '>';
  open_.emplace_back(name);
}

void XmlWriter::close() {
  GINNEL_CHECK(!open_.empty(), "close() ends an element that open() began");
  out_ += "</";
  out_ += open_.back();
  out_ += '>';
  open_.pop_back();
}

void XmlWriter::element(std::string_view name, std::string_view text) {
  open(name);
  append_escaped(out_, text);
  close();
}

void XmlWriter::write(std::string_view name, bool value) { element(name, value ? "true" : "false"); }
void XmlWriter::write(std::string_view name, int value) { element(name, fmt::to_string(value)); }
void XmlWriter::write(std::string_view name, std::int64_t value) { element(name, fmt::to_string(value)); }
void XmlWriter::write(std::string_view name, double value) { element(name, fmt::to_string(value)); }
void XmlWriter::write(std::string_view name, WallTime value) { element(name, to_iso8601(value)); }

std::string XmlWriter::finish() {
  while (!open_.empty()) close();
  return std::move(out_);
}

}  // namespace ginnel::aws
