#include "frame.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::packet_test {
namespace {

using Bytes = std::vector<uint8_t>;

void put16(Bytes& bytes, uint32_t value) {
  bytes.push_back(static_cast<uint8_t>(value >> 8));
  bytes.push_back(static_cast<uint8_t>(value));
}

void put32(Bytes& bytes, uint32_t value) {
  put16(bytes, value >> 16);
  put16(bytes, value & 0xffff);
}

void put(Bytes& bytes, std::span<const uint8_t> more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void set16(Bytes& bytes, size_t at, uint32_t value) {
  bytes[at] = static_cast<uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<uint8_t>(value);
}

Bytes payload(Words& words) {
  Bytes bytes(words.number_or("data", 0));
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = static_cast<uint8_t>('a' + i % 26);
  return bytes;
}

// As haproxy's proxy-protocol.txt says, with the elements of AWS's network load balancers: "A:P>B:P/ID", or without ID.
Bytes proxy_header(const std::string& text) {
  const size_t arrow = text.find('>'), slash = text.find('/');
  if (arrow == std::string::npos) throw BadCase("no PROXY header: " + text);
  const Endpoint from = endpoint(text.substr(0, arrow)), to = endpoint(text.substr(arrow + 1, slash - arrow - 1));
  const std::string id = slash == std::string::npos ? "" : text.substr(slash + 1);
  Bytes out = {13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10, 0x21, 0x11, 0, 84};
  put32(out, from.address.v4());
  put32(out, to.address.v4());
  put16(out, from.port);
  put16(out, to.port);
  put(out, Bytes{3, 0, 4, 0, 0, 0, 0});
  if (!id.empty()) {
    put(out, Bytes{0xea, 0, static_cast<uint8_t>(id.size() + 1), 1});
    out.insert(out.end(), id.begin(), id.end());
  }
  put(out, Bytes{4, 0, static_cast<uint8_t>(100 - out.size() - 3)});
  out.resize(100);
  uint32_t crc = ~0u;
  for (const uint8_t byte : out) {
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  for (size_t i = 0; i < 4; i++) out[31 + i] = static_cast<uint8_t>(~crc >> (24 - 8 * i));
  return out;
}

uint8_t tcp_flags(const std::string& letters) {
  static constexpr std::string_view kLetters = "FSRPAUEC";
  uint8_t flags = 0;
  for (char letter : letters) {
    const size_t bit = kLetters.find(letter);
    if (bit == std::string_view::npos) throw BadCase("no TCP flag: " + letters);
    flags |= static_cast<uint8_t>(1u << bit);
  }
  return flags;
}

Bytes tcp(Words& words, uint16_t from, uint16_t to) {
  Bytes options = bytes_of_hex(words.take_or("options", ""));
  if (const auto mss = words.take("mss")) {
    Bytes option = {2, 4};
    put16(option, static_cast<uint32_t>(number(*mss)));
    options.insert(options.begin(), option.begin(), option.end());
  }
  while (options.size() % 4 != 0) options.push_back(0);
  Bytes out;
  put16(out, from);
  put16(out, to);
  put32(out, static_cast<uint32_t>(words.number_or("seq", 1000)));
  put32(out, static_cast<uint32_t>(words.number_or("ack", 0)));
  const uint64_t offset = words.number_or("doff", 5 + options.size() / 4);
  out.push_back(static_cast<uint8_t>(offset << 4));
  out.push_back(tcp_flags(words.take_or("flags", "A")));
  put16(out, static_cast<uint32_t>(words.number_or("window", 0xffff)));
  put32(out, 0);
  put(out, options);
  if (const auto header = words.take("proxy")) put(out, proxy_header(*header));
  put(out, payload(words));
  return out;
}

Bytes udp(Words& words, uint16_t from, uint16_t to) {
  const Bytes data = payload(words);
  Bytes out;
  put16(out, from);
  put16(out, to);
  put16(out, static_cast<uint32_t>(words.number_or("udp_length", 8 + data.size())));
  put16(out, 0);
  put(out, data);
  return out;
}

Bytes icmp(Words& words) {
  Bytes out = {static_cast<uint8_t>(words.number_or("type", 8)), static_cast<uint8_t>(words.number_or("code", 0))};
  put16(out, 0);
  put16(out, static_cast<uint32_t>(words.number_or("id", 7)));
  put16(out, static_cast<uint32_t>(words.number_or("seq", 1)));
  put(out, payload(words));
  return out;
}

// Where the checksum stands in the transport header; 0: there is none.
size_t checksum_offset(uint8_t protocol) { return protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 1 ? 2 : 0; }

uint32_t pseudo_header(std::span<const uint8_t> ip, uint8_t protocol, size_t length) {
  return protocol == 1 ? 0 : ones_sum(ip.subspan(12, 8)) + protocol + static_cast<uint32_t>(length);
}

Bytes ipv4(Words& words, const std::string& kind) {
  const Endpoint from = endpoint(words.next("source"));
  if (words.next(">") != ">") throw BadCase("expected '>' between source and destination");
  const Endpoint to = endpoint(words.next("destination"));
  const uint8_t protocol_number = kind == "ip" ? static_cast<uint8_t>(words.number_or("protocol", 47)) : protocol(kind);
  Bytes transport = kind == "tcp"    ? tcp(words, from.port, to.port)
                    : kind == "udp"  ? udp(words, from.port, to.port)
                    : kind == "icmp" ? icmp(words)
                                     : payload(words);
  const Bytes options = bytes_of_hex(words.take_or("ip_options", ""));
  Bytes out;
  const uint64_t version = words.number_or("version", 4), header = words.number_or("ihl", 5 + options.size() / 4);
  out.push_back(static_cast<uint8_t>(version << 4 | header));
  out.push_back(0);
  put16(out, static_cast<uint32_t>(words.number_or("total", 20 + options.size() + transport.size())));
  put16(out, static_cast<uint32_t>(words.number_or("ip_id", 1)));
  put16(out, static_cast<uint32_t>(words.number_or("fragment", 0x4000)));
  out.push_back(static_cast<uint8_t>(words.number_or("ttl", 64)));
  out.push_back(protocol_number);
  put16(out, 0);
  put32(out, from.address.v4());
  put32(out, to.address.v4());
  put(out, options);
  set16(out, 10, static_cast<uint16_t>(~ones_sum(out)));

  const size_t check = checksum_offset(protocol_number);
  const auto asked = words.take("check");
  if (asked) {
    set16(transport, check, static_cast<uint32_t>(number(*asked)));
  } else if (check != 0 && transport.size() >= check + 2) {
    const uint16_t sum = ~ones_sum(transport, pseudo_header(out, protocol_number, transport.size()));
    set16(transport, check, protocol_number == 17 && sum == 0 ? 0xffff : sum);
  }
  put(out, transport);
  return out;
}

Bytes arp(Words& words) {
  Bytes out = {0, 1, 8, 0, 6, static_cast<uint8_t>(words.number_or("address_length", 4))};
  const std::string operation = words.next("request or reply");
  if (operation != "request" && operation != "reply") throw BadCase("no ARP operation: " + operation);
  put16(out, operation == "request" ? 1 : 2);
  const std::string sender_mac = words.next("sender's MAC"), sender = words.next("sender");
  const std::string target_mac = words.next("target's MAC"), target = words.next("target");
  put(out, mac(sender_mac).bytes);
  put32(out, address(sender).v4());
  put(out, mac(target_mac).bytes);
  put32(out, address(target).v4());
  return out;
}

}  // namespace

Frame build(Words words, const MacAddress& from, const MacAddress& to) {
  Frame frame;
  const std::string kind = words.next("kind of packet");
  if (kind == "hex") {
    frame.bytes = bytes_of_hex(words.next("bytes"));
    words.finish();
    return frame;
  }
  const auto source = words.take("from_mac"), destination = words.take("to_mac");
  put(frame.bytes, (destination ? mac(*destination) : to).bytes);
  put(frame.bytes, (source ? mac(*source) : from).bytes);
  frame.gso_size = static_cast<uint16_t>(words.number_or("gso", 0));
  const uint64_t cut = words.number_or("cut", 0), pad = words.number_or("pad", 0);
  if (kind == "ethernet") {
    put16(frame.bytes, static_cast<uint32_t>(words.number_or("type", 0)));
    put(frame.bytes, payload(words));
  } else if (kind == "arp") {
    put16(frame.bytes, 0x0806);
    put(frame.bytes, arp(words));
  } else {
    put16(frame.bytes, 0x0800);
    put(frame.bytes, ipv4(words, kind));
  }
  words.finish();
  frame.bytes.resize(frame.bytes.size() + pad);
  if (cut != 0) frame.bytes.resize(cut);
  return frame;
}

uint16_t ones_sum(std::span<const uint8_t> bytes, uint32_t start) {
  uint64_t sum = start;
  for (size_t i = 0; i < bytes.size(); i++) sum += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

bool checksums_right(std::span<const uint8_t> frame) {
  if (frame.size() < 34) return false;
  const auto ip = frame.subspan(14);
  const size_t header = size_t{ip[0] & 15u} * 4, total = size_t{ip[2]} << 8 | ip[3];
  if (header < 20 || total < header || total > ip.size()) return false;
  if (ones_sum(ip.first(header)) != 0xffff) return false;
  const auto transport = ip.subspan(header, total - header);
  const size_t check = checksum_offset(ip[9]);
  if (check == 0 || transport.size() < check + 2) return true;
  if (ip[9] == 17 && transport[6] == 0 && transport[7] == 0) return true;
  return ones_sum(transport, pseudo_header(ip, ip[9], transport.size())) == 0xffff;
}

std::string dump(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i++) text += fmt::format("{:02x}{}", bytes[i], i % 16 == 15 ? "\n" : " ");
  return text;
}

}  // namespace ginnel::packet_test
