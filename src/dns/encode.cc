#include <algorithm>

#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/wire.h"

namespace ginnel::dns {
namespace {

constexpr size_t kFlagsAt = 2, kCountsAt = 4;
constexpr uint16_t kTruncatedFlag = 0x0200;

uint16_t flags_of(const Header& header) {
  unsigned flags = (header.opcode & 0xfU) << 11 | (header.rcode & 0xfU);
  if (header.response) flags |= 0x8000;
  if (header.authoritative) flags |= 0x0400;
  if (header.truncated) flags |= kTruncatedFlag;
  if (header.recursion_desired) flags |= 0x0100;
  if (header.recursion_available) flags |= 0x0080;
  if (header.authentic_data) flags |= 0x0020;
  if (header.checking_disabled) flags |= 0x0010;
  return static_cast<uint16_t>(flags);
}

// The data with its names compressed; as it is where it is not what its type asks for.
void write_data(Writer& writer, const Record& record) {
  const auto layout = layout_of(record.type);
  if (!layout || !layout->compressed) return writer.bytes(record.data);
  Reader reader(std::span(reinterpret_cast<const uint8_t*>(record.data.data()), record.data.size()));
  const auto before = reader.take(layout->before);
  std::vector<Name> names;
  while (before && names.size() < layout->names) {
    auto name = reader.name();
    if (!name) return writer.bytes(record.data);
    names.push_back(std::move(*name));
  }
  const auto after = reader.take(layout->after);
  if (!before || !after || reader.left() > 0) return writer.bytes(record.data);
  writer.bytes(*before);
  for (const auto& name : names) writer.name(name, true);
  writer.bytes(*after);
}

void write_record(Writer& writer, const Record& record) {
  writer.name(record.name, true);
  writer.u16(record.type);
  writer.u16(record.rclass);
  writer.u32(record.ttl_s);
  const size_t length_at = writer.size();
  writer.u16(0);
  write_data(writer, record);
  writer.put_u16(length_at, static_cast<uint16_t>(writer.size() - length_at - 2));
}

size_t size_of(const Edns& edns) {
  size_t size = 11;
  for (const auto& option : edns.options) size += 4 + option.data.size();
  return size;
}

void write_edns(Writer& writer, const Edns& edns, uint16_t rcode) {
  writer.u8(0);
  writer.u16(type::kOpt);
  writer.u16(edns.udp_size);
  writer.u32(static_cast<uint32_t>(rcode >> 4) << 24 | static_cast<uint32_t>(edns.version) << 16 |
             (edns.dnssec_ok ? 0x8000U : 0U));
  writer.u16(static_cast<uint16_t>(size_of(edns) - 11));
  for (const auto& option : edns.options) {
    writer.u16(option.code);
    writer.u16(static_cast<uint16_t>(option.data.size()));
    writer.bytes(option.data);
  }
}

// Writes records as long as they fit; gives how many did.
size_t write_section(Writer& writer, const std::vector<Record>& section, size_t limit) {
  size_t written = 0;
  for (const auto& record : section) {
    const size_t before = writer.size();
    write_record(writer, record);
    if (writer.size() > limit) {
      writer.cut(before);
      break;
    }
    ++written;
  }
  return written;
}

}  // namespace

Bytes encode(const Message& message, size_t limit) {
  limit = std::clamp(limit, kPlainUdpSize, kLargestMessage);
  const size_t reserved = message.edns ? size_of(*message.edns) : 0;
  limit -= std::min(reserved, limit);
  Bytes out;
  out.reserve(kPlainUdpSize);
  Writer writer(out);
  writer.u16(message.header.id);
  writer.u16(flags_of(message.header));
  for (int n = 0; n < 4; ++n) writer.u16(0);

  size_t questions = 0;
  for (const auto& question : message.questions) {
    writer.name(question.name, true);
    writer.u16(question.type);
    writer.u16(question.qclass);
    ++questions;
  }
  const size_t after_questions = writer.size();
  size_t answers = write_section(writer, message.answers, limit);
  size_t authorities = 0, additionals = 0;
  if (answers == message.answers.size()) authorities = write_section(writer, message.authorities, limit);
  if (answers < message.answers.size() || authorities < message.authorities.size()) {
    writer.cut(after_questions);
    answers = authorities = 0;
    writer.put_u16(kFlagsAt, static_cast<uint16_t>(flags_of(message.header) | kTruncatedFlag));
  } else {
    additionals = write_section(writer, message.additionals, limit);
  }
  if (message.edns) {
    write_edns(writer, *message.edns, message.header.rcode);
    ++additionals;
  }
  const size_t counts[] = {questions, answers, authorities, additionals};
  for (size_t n = 0; n < 4; ++n) writer.put_u16(kCountsAt + 2 * n, static_cast<uint16_t>(counts[n]));
  return out;
}

}  // namespace ginnel::dns
