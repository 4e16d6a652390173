// A line of a case file: words, of which those with "=" are options. See README.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/ip.h"

namespace ginnel::packet_test {

// What is wrong with a case file. Tests let it end them.
class BadCase : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Words {
  std::vector<std::string> plain;
  std::map<std::string, std::string> options;

  // The next plain word; removes it.
  std::string next(const std::string& what);
  // The option's value, which counts as used.
  std::optional<std::string> take(const std::string& key);
  std::string take_or(const std::string& key, const std::string& otherwise);
  uint64_t number_or(const std::string& key, uint64_t otherwise);  // decimal, or 0x…
  // Throws if anything was not used.
  void finish() const;
};

// A part in braces, by itself, is a packet that the line quotes: the option "quote".
Words split(const std::string& line);

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;
};
IpAddress address(const std::string& text);
MacAddress mac(const std::string& text);
Endpoint endpoint(const std::string& text);  // "10.0.0.1:80", "[fd00::1]:80"; without a port 0
uint64_t number(const std::string& text);
std::vector<uint8_t> bytes_of_hex(const std::string& text);
uint8_t protocol(const std::string& text);  // "tcp", "udp", "icmp", "icmp6", "any", or a number

}  // namespace ginnel::packet_test
