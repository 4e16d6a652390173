#include <fmt/format.h>

#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/wire.h"

namespace ginnel::dns {
namespace {

constexpr size_t kHeaderSize = 12;

struct Counts {
  uint16_t questions, answers, authorities, additionals;
};

tl::unexpected<Error> broken(const Reader& reader, std::string_view cause) {
  return fail("read DNS message", fmt::format("byte {}", reader.position()), cause);
}

Result<Header> read_header(Reader& reader) {
  Header header;
  GINNEL_TRY(header.id, reader.u16());
  GINNEL_TRY(const uint16_t flags, reader.u16());
  header.response = (flags & 0x8000) != 0;
  header.opcode = static_cast<uint8_t>(flags >> 11 & 0xf);
  header.authoritative = (flags & 0x0400) != 0;
  header.truncated = (flags & 0x0200) != 0;
  header.recursion_desired = (flags & 0x0100) != 0;
  header.recursion_available = (flags & 0x0080) != 0;
  header.authentic_data = (flags & 0x0020) != 0;
  header.checking_disabled = (flags & 0x0010) != 0;
  header.rcode = flags & 0xf;
  return header;
}

Result<Counts> read_counts(Reader& reader) {
  Counts counts{};
  for (uint16_t* count : {&counts.questions, &counts.answers, &counts.authorities, &counts.additionals}) {
    GINNEL_TRY(*count, reader.u16());
  }
  return counts;
}

Result<Question> read_question(Reader& reader) {
  Question question;
  GINNEL_TRY(question.name, reader.name());
  GINNEL_TRY(question.type, reader.u16());
  GINNEL_TRY(question.qclass, reader.u16());
  return question;
}

// The data of a type that holds names, without their compression.
Result<std::string> read_names(Reader& reader, const DataLayout& layout) {
  GINNEL_TRY(std::string data, reader.take(layout.before));
  for (int n = 0; n < layout.names; ++n) {
    GINNEL_TRY(const Name name, reader.name());
    data += name.wire();
  }
  GINNEL_TRY(const std::string after, reader.take(layout.after));
  return data + after;
}

Status check_data(const Reader& reader, const Record& record) {
  const bool good = record.type == type::kA      ? record.data.size() == 4
                    : record.type == type::kAaaa ? record.data.size() == 16
                    : record.type == type::kTxt  ? txt_of(record).has_value()
                                                 : true;
  if (good) return {};
  return broken(reader, fmt::format("the data of a record of type {} is wrong", record.type));
}

Result<Record> read_record(Reader& reader) {
  Record record;
  GINNEL_TRY(record.name, reader.name());
  GINNEL_TRY(record.type, reader.u16());
  GINNEL_TRY(record.rclass, reader.u16());
  GINNEL_TRY(record.ttl_s, reader.u32());
  GINNEL_TRY(const uint16_t length, reader.u16());
  if (length > reader.left()) return broken(reader, "a record passes the end");
  const size_t end = reader.position() + length;
  // Updates and the like have records without data (RFC 2136 section 2.4); a name cannot stand in none.
  const auto layout = layout_of(record.type);
  if (layout && length > 0) {
    GINNEL_TRY(record.data, read_names(reader, *layout));
    if (reader.position() != end) return broken(reader, "the data of a record has another length than it says");
  } else {
    GINNEL_TRY(record.data, reader.take(length));
  }
  if (length > 0 && record.rclass == kClassIn) GINNEL_CHECKED(check_data(reader, record));
  return record;
}

// What the OPT record says (RFC 6891 section 6.1); its TTL holds the upper bits of the rcode, version and flags.
Result<Edns> read_edns(const Record& record, Header& header) {
  Edns edns;
  edns.udp_size = record.rclass;
  edns.version = static_cast<uint8_t>(record.ttl_s >> 16);
  edns.dnssec_ok = (record.ttl_s & 0x8000) != 0;
  header.rcode = static_cast<uint16_t>((record.ttl_s >> 24) << 4 | header.rcode);
  Reader reader(std::span(reinterpret_cast<const uint8_t*>(record.data.data()), record.data.size()));
  while (reader.left() > 0) {
    EdnsOption option;
    GINNEL_TRY(option.code, reader.u16());
    GINNEL_TRY(const uint16_t length, reader.u16());
    GINNEL_TRY(option.data, reader.take(length));
    edns.options.push_back(std::move(option));
  }
  return edns;
}

Status read_additionals(Reader& reader, uint16_t count, Message& message) {
  for (uint16_t n = 0; n < count; ++n) {
    GINNEL_TRY(auto record, read_record(reader));
    if (record.type != type::kOpt) {
      message.additionals.push_back(std::move(record));
      continue;
    }
    if (message.edns) return broken(reader, "a second OPT record");
    if (!record.name.is_root()) return broken(reader, "an OPT record that is not the root's");
    GINNEL_TRY(message.edns, read_edns(record, message.header));
  }
  return {};
}

Status read_section(Reader& reader, uint16_t count, std::vector<Record>& section) {
  for (uint16_t n = 0; n < count; ++n) {
    GINNEL_TRY(auto record, read_record(reader));
    if (record.type == type::kOpt) return broken(reader, "an OPT record outside of the additional section");
    section.push_back(std::move(record));
  }
  return {};
}

}  // namespace

Result<Header> decode_header(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  if (bytes.size() < kHeaderSize) return broken(reader, "it is shorter than a header");
  return read_header(reader);
}

Result<Message> decode(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  if (bytes.size() < kHeaderSize) return broken(reader, "it is shorter than a header");
  if (bytes.size() > kLargestMessage) return broken(reader, "it is longer than 65535 bytes");
  Message message;
  GINNEL_TRY(message.header, read_header(reader));
  GINNEL_TRY(const Counts counts, read_counts(reader));
  for (uint16_t n = 0; n < counts.questions; ++n) {
    GINNEL_TRY(auto question, read_question(reader));
    message.questions.push_back(std::move(question));
  }
  GINNEL_CHECKED(read_section(reader, counts.answers, message.answers));
  GINNEL_CHECKED(read_section(reader, counts.authorities, message.authorities));
  GINNEL_CHECKED(read_additionals(reader, counts.additionals, message));
  if (reader.left() > 0) return broken(reader, "bytes are left over");
  return message;
}

}  // namespace ginnel::dns
