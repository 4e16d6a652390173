#include "words.h"

#include <sstream>

namespace ginnel::packet_test {

std::string Words::next(const std::string& what) {
  if (plain.empty()) throw BadCase("missing: " + what);
  std::string word = plain.front();
  plain.erase(plain.begin());
  return word;
}

std::optional<std::string> Words::take(const std::string& key) {
  const auto found = options.find(key);
  if (found == options.end()) return std::nullopt;
  std::string value = found->second;
  options.erase(found);
  return value;
}

std::string Words::take_or(const std::string& key, const std::string& otherwise) {
  return take(key).value_or(otherwise);
}

uint64_t Words::number_or(const std::string& key, uint64_t otherwise) {
  const auto value = take(key);
  return value ? number(*value) : otherwise;
}

void Words::finish() const {
  if (!plain.empty()) throw BadCase("not understood: " + plain.front());
  if (!options.empty()) throw BadCase("not understood: " + options.begin()->first + "=");
}

Words split(const std::string& line) {
  Words words;
  std::istringstream in(line.substr(0, line.find('#')));
  for (std::string word; in >> word;) {
    if (word == "{") {
      std::string quoted;
      while (in >> word && word != "}") quoted += word + " ";
      words.options["quote"] = quoted;
      continue;
    }
    const size_t at = word.find('=');
    if (at == std::string::npos) {
      words.plain.push_back(word);
    } else {
      words.options[word.substr(0, at)] = word.substr(at + 1);
    }
  }
  return words;
}

IpAddress address(const std::string& text) {
  auto parsed = IpAddress::parse(text);
  if (!parsed) throw BadCase(parsed.error().text());
  return *parsed;
}

MacAddress mac(const std::string& text) {
  auto parsed = MacAddress::parse(text);
  if (!parsed) throw BadCase(parsed.error().text());
  return *parsed;
}

Endpoint endpoint(const std::string& text) {
  if (text.starts_with("[")) {
    const size_t end = text.find("]:");
    if (end == std::string::npos) throw BadCase("expected [ADDRESS]:PORT: " + text);
    return {address(text.substr(1, end - 1)), static_cast<uint16_t>(number(text.substr(end + 2)))};
  }
  const size_t at = text.find(':');
  if (at == std::string::npos || text.find(':', at + 1) != std::string::npos) return {address(text), 0};
  return {address(text.substr(0, at)), static_cast<uint16_t>(number(text.substr(at + 1)))};
}

uint64_t number(const std::string& text) {
  size_t used = 0;
  uint64_t value = 0;
  try {
    value = std::stoull(text, &used, 0);
  } catch (const std::exception&) {
  }
  if (used == 0 || used != text.size()) throw BadCase("not a number: " + text);
  return value;
}

std::vector<uint8_t> bytes_of_hex(const std::string& text) {
  if (text.size() % 2 != 0) throw BadCase("half a byte: " + text);
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(number("0x" + text.substr(i, 2))));
  }
  return bytes;
}

uint8_t protocol(const std::string& text) {
  if (text == "tcp") return 6;
  if (text == "udp") return 17;
  if (text == "icmp") return 1;
  if (text == "icmp6") return 58;
  if (text == "any") return 255;
  return static_cast<uint8_t>(number(text));
}

}  // namespace ginnel::packet_test
