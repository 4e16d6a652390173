#include "frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <utility>

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

void put_address(Bytes& bytes, const IpAddress& address) {
  if (address.is_v4()) return put32(bytes, address.v4());
  put(bytes, address.bytes());
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
  if (!from.address.is_v4()) out[13] = 0x21;
  put_address(out, from.address);
  put_address(out, to.address);
  put16(out, from.port);
  put16(out, to.port);
  const size_t crc_at = out.size() + 3;
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
  for (size_t i = 0; i < 4; i++) out[crc_at + i] = static_cast<uint8_t>(~crc >> (24 - 8 * i));
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

Bytes ip_packet(Words& words, const std::string& kind);

// An error quotes a packet, of which so many bytes; or an echo.
Bytes icmp(Words& words, int echo) {
  Bytes out = {static_cast<uint8_t>(words.number_or("type", static_cast<uint64_t>(echo))),
               static_cast<uint8_t>(words.number_or("code", 0))};
  put16(out, 0);
  if (const auto quote = words.take("quote")) {
    Words inner = split(*quote);
    const std::string kind = inner.next("kind of the quoted packet");
    Bytes packet = ip_packet(inner, kind);
    packet.resize(inner.number_or("bytes", packet.size()));
    inner.finish();
    put32(out, static_cast<uint32_t>(words.number_or("mtu", words.number_or("pointer", 0))));
    put(out, packet);
    return out;
  }
  put16(out, static_cast<uint32_t>(words.number_or("id", 7)));
  put16(out, static_cast<uint32_t>(words.number_or("seq", 1)));
  put(out, payload(words));
  return out;
}

// "ns SOURCE > DESTINATION target=A [source_mac=MAC]", "na … [target_mac=MAC] [nd_flags=]"; also other types.
Bytes neighbour(Words& words, uint8_t type) {
  Bytes out = {static_cast<uint8_t>(words.number_or("type", type)), static_cast<uint8_t>(words.number_or("code", 0))};
  put16(out, 0);
  put32(out, static_cast<uint32_t>(words.number_or("nd_flags", 0)));
  put_address(out, address(words.take_or("target", "::")));
  for (const auto& [name, option] : {std::pair{"source_mac", 1}, std::pair{"target_mac", 2}}) {
    const auto value = words.take(name);
    if (!value) continue;
    put(out, Bytes{static_cast<uint8_t>(option), 1});
    put(out, mac(*value).bytes);
  }
  put(out, bytes_of_hex(words.take_or("options", "")));
  return out;
}

// Where the checksum stands in the transport header; 0: there is none.
size_t checksum_offset(uint8_t protocol) {
  return protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 1 || protocol == 58 ? 2 : 0;
}

// `addresses`: of both families those of the IP header.
uint32_t pseudo_header(std::span<const uint8_t> addresses, uint8_t protocol, size_t length) {
  return protocol == 1 ? 0 : ones_sum(addresses) + protocol + static_cast<uint32_t>(length);
}

Bytes transport_of(Words& words, const std::string& kind, const Endpoint& from, const Endpoint& to) {
  if (kind == "tcp") return tcp(words, from.port, to.port);
  if (kind == "udp") return udp(words, from.port, to.port);
  if (kind == "icmp") return icmp(words, 8);
  if (kind == "icmp6") return icmp(words, 128);
  if (kind == "ns") return neighbour(words, 135);
  if (kind == "na") return neighbour(words, 136);
  return payload(words);
}

uint8_t protocol_of(Words& words, const std::string& kind) {
  if (kind == "ip") return static_cast<uint8_t>(words.number_or("protocol", 47));
  return protocol(kind == "ns" || kind == "na" ? "icmp6" : kind);
}

void set_checksum(Words& words, Bytes& transport, uint8_t protocol_number, std::span<const uint8_t> addresses) {
  const size_t check = checksum_offset(protocol_number);
  const auto asked = words.take("check");
  if (asked) {
    set16(transport, check, static_cast<uint32_t>(number(*asked)));
  } else if (check != 0 && transport.size() >= check + 2) {
    const uint16_t sum = ~ones_sum(transport, pseudo_header(addresses, protocol_number, transport.size()));
    set16(transport, check, protocol_number == 17 && sum == 0 ? 0xffff : sum);
  }
}

// The part of a datagram: "part=8" from there on, "part=0-16" so much of it.
Bytes part_of(Words& words, const Bytes& whole) {
  const auto part = words.take("part");
  if (!part) return whole;
  const size_t dash = part->find('-');
  const size_t from = number(part->substr(0, dash));
  const size_t to = dash == std::string::npos ? whole.size() : number(part->substr(dash + 1));
  if (from > to || to > whole.size()) throw BadCase("no such part: " + *part);
  return {whole.begin() + static_cast<ptrdiff_t>(from), whole.begin() + static_cast<ptrdiff_t>(to)};
}

Bytes ipv4(Words& words, const std::string& kind, const Endpoint& from, const Endpoint& to) {
  const uint8_t protocol_number = protocol_of(words, kind);
  Bytes transport = transport_of(words, kind, from, to);
  const Bytes options = bytes_of_hex(words.take_or("ip_options", ""));
  Bytes addresses;
  put32(addresses, from.address.v4());
  put32(addresses, to.address.v4());
  set_checksum(words, transport, protocol_number, addresses);
  transport = part_of(words, transport);
  Bytes out;
  const uint64_t version = words.number_or("version", 4), header = words.number_or("ihl", 5 + options.size() / 4);
  out.push_back(static_cast<uint8_t>(version << 4 | header));
  out.push_back(static_cast<uint8_t>(words.number_or("class", 0)));
  put16(out, static_cast<uint32_t>(words.number_or("total", 20 + options.size() + transport.size())));
  put16(out, static_cast<uint32_t>(words.number_or("ip_id", 1)));
  put16(out, static_cast<uint32_t>(words.number_or("fragment", 0x4000)));
  out.push_back(static_cast<uint8_t>(words.number_or("ttl", 64)));
  out.push_back(protocol_number);
  put16(out, 0);
  put(out, addresses);
  put(out, options);
  set16(out, 10, static_cast<uint16_t>(~ones_sum(out)));
  put(out, transport);
  return out;
}

// "extensions=0:HEX,60:HEX": each with its type and all but its first byte, which is the next one's type.
Bytes extensions(Words& words, uint8_t protocol_number, uint8_t& first) {
  Bytes out;
  size_t type_at = 0;
  first = protocol_number;
  std::istringstream in(words.take_or("extensions", ""));
  for (std::string each; std::getline(in, each, ',');) {
    const size_t colon = each.find(':');
    if (colon == std::string::npos) throw BadCase("no extension header: " + each);
    const auto type = static_cast<uint8_t>(number(each.substr(0, colon)));
    (out.empty() ? first : out[type_at]) = type;
    type_at = out.size();
    out.push_back(protocol_number);
    put(out, bytes_of_hex(each.substr(colon + 1)));
  }
  return out;
}

Bytes ipv6(Words& words, const std::string& kind, const Endpoint& from, const Endpoint& to) {
  const uint8_t protocol_number = protocol_of(words, kind);
  Bytes transport = transport_of(words, kind, from, to);
  Bytes addresses;
  put(addresses, from.address.bytes());
  put(addresses, to.address.bytes());
  set_checksum(words, transport, protocol_number, addresses);
  transport = part_of(words, transport);
  uint8_t first = 0;
  const Bytes more = extensions(words, protocol_number, first);
  Bytes out;
  const auto version = static_cast<uint32_t>(words.number_or("version", 6));
  put32(out, version << 28 | static_cast<uint32_t>(words.number_or("class", 0)) << 20 |
                 static_cast<uint32_t>(words.number_or("label", 0)));
  put16(out, static_cast<uint32_t>(words.number_or("total", more.size() + transport.size())));
  out.push_back(first);
  out.push_back(static_cast<uint8_t>(words.number_or("ttl", kind == "ns" || kind == "na" ? 255 : 64)));
  put(out, addresses);
  put(out, more);
  put(out, transport);
  return out;
}

Bytes ip_packet(Words& words, const std::string& kind) {
  const Endpoint from = endpoint(words.next("source"));
  if (words.next(">") != ">") throw BadCase("expected '>' between source and destination");
  const Endpoint to = endpoint(words.next("destination"));
  const bool v4 = from.address.is_v4() && to.address.is_v4() && !words.take("mapped");
  return v4 ? ipv4(words, kind, from, to) : ipv6(words, kind, from, to);
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
    const Bytes packet = ip_packet(words, kind);
    put16(frame.bytes, packet[0] >> 4 == 6 ? 0x86dd : 0x0800);
    put(frame.bytes, packet);
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

bool transport_right(std::span<const uint8_t> addresses, uint8_t protocol, std::span<const uint8_t> transport) {
  const size_t check = checksum_offset(protocol);
  if (check == 0 || transport.size() < check + 2) return true;
  if (protocol == 17 && addresses.size() == 8 && transport[6] == 0 && transport[7] == 0) return true;
  return ones_sum(transport, pseudo_header(addresses, protocol, transport.size())) == 0xffff;
}

// Extension headers are not looked through: what begins with one is not judged.
bool checksums_right6(std::span<const uint8_t> ip) {
  if (ip.size() < 40) return false;
  const size_t said = size_t{ip[4]} << 8 | ip[5], length = said == 0 ? ip.size() - 40 : said;  // 0: BIG TCP
  if (40 + length > ip.size()) return false;
  return transport_right(ip.subspan(8, 32), ip[6], ip.subspan(40, length));
}

bool checksums_right(std::span<const uint8_t> frame) {
  if (frame.size() < 34) return false;
  const auto ip = frame.subspan(14);
  if (frame[12] == 0x86 && frame[13] == 0xdd) return checksums_right6(ip);
  const size_t header = size_t{ip[0] & 15u} * 4, total = size_t{ip[2]} << 8 | ip[3];
  if (header < 20 || total < header || total > ip.size()) return false;
  if (ones_sum(ip.first(header)) != 0xffff) return false;
  if (((ip[6] << 8 | ip[7]) & 0x3fff) != 0) return true;  // a part of a datagram has no sum of its own
  return transport_right(ip.subspan(12, 8), ip[9], ip.subspan(header, total - header));
}

std::string dump(std::span<const uint8_t> bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i++) text += fmt::format("{:02x}{}", bytes[i], i % 16 == 15 ? "\n" : " ");
  return text;
}

}  // namespace ginnel::packet_test
