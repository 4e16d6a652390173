#include "dns/rdata.h"

#include <algorithm>

#include "dns/wire.h"

namespace ginnel::dns {
namespace {

constexpr size_t kLongestString = 255;

// Writes a record's data, never compressed.
class DataWriter {
 public:
  DataWriter& name(const Name& name) {
    data_ += name.wire();
    return *this;
  }
  DataWriter& u16(uint16_t number) {
    data_ += static_cast<char>(number >> 8);
    data_ += static_cast<char>(number);
    return *this;
  }
  DataWriter& u32(uint32_t number) {
    return u16(static_cast<uint16_t>(number >> 16)).u16(static_cast<uint16_t>(number));
  }
  [[nodiscard]] std::string take() { return std::move(data_); }

 private:
  std::string data_;
};

Reader reader_of(const Record& record) {
  return Reader(std::span(reinterpret_cast<const uint8_t*>(record.data.data()), record.data.size()));
}

template <typename T>
std::optional<T> if_all(Result<T> value, const Reader& reader) {
  return value && reader.left() == 0 ? std::optional<T>(std::move(*value)) : std::nullopt;
}

Result<Soa> read_soa(Reader& reader) {
  Soa soa;
  GINNEL_TRY(soa.primary, reader.name());
  GINNEL_TRY(soa.mailbox, reader.name());
  for (uint32_t* number : {&soa.serial, &soa.refresh_s, &soa.retry_s, &soa.expire_s, &soa.minimum_s}) {
    GINNEL_TRY(*number, reader.u32());
  }
  return soa;
}

Result<Srv> read_srv(Reader& reader) {
  Srv srv;
  GINNEL_TRY(srv.priority, reader.u16());
  GINNEL_TRY(srv.weight, reader.u16());
  GINNEL_TRY(srv.port, reader.u16());
  GINNEL_TRY(srv.target, reader.name());
  return srv;
}

Result<std::vector<std::string>> read_txt(Reader& reader) {
  std::vector<std::string> strings;
  do {
    GINNEL_TRY(const uint8_t length, reader.u8());
    GINNEL_TRY(auto string, reader.take(length));
    strings.push_back(std::move(string));
  } while (reader.left() > 0);
  return strings;
}

}  // namespace

Record address_record(const Name& name, const IpAddress& address, uint32_t ttl_s) {
  const auto& bytes = address.bytes();
  const auto begin = bytes.begin() + (address.is_v4() ? 12 : 0);
  return {name, address.is_v4() ? type::kA : type::kAaaa, kClassIn, ttl_s, std::string(begin, bytes.end())};
}

Record name_record(const Name& name, uint16_t type, const Name& target, uint32_t ttl_s) {
  return {name, type, kClassIn, ttl_s, target.wire()};
}

Record soa_record(const Name& name, const Soa& soa, uint32_t ttl_s) {
  DataWriter data;
  data.name(soa.primary).name(soa.mailbox);
  data.u32(soa.serial).u32(soa.refresh_s).u32(soa.retry_s).u32(soa.expire_s).u32(soa.minimum_s);
  return {name, type::kSoa, kClassIn, ttl_s, data.take()};
}

Record srv_record(const Name& name, const Srv& srv, uint32_t ttl_s) {
  DataWriter data;
  data.u16(srv.priority).u16(srv.weight).u16(srv.port).name(srv.target);
  return {name, type::kSrv, kClassIn, ttl_s, data.take()};
}

Record txt_record(const Name& name, const std::vector<std::string>& strings, uint32_t ttl_s) {
  std::string data;
  for (const auto& string : strings) {
    size_t start = 0;
    do {
      const auto piece = std::string_view(string).substr(start, kLongestString);
      data += static_cast<char>(piece.size());
      data += piece;
      start += piece.size();
    } while (start < string.size());
  }
  if (data.empty()) data += '\0';  // at least one string
  return {name, type::kTxt, kClassIn, ttl_s, std::move(data)};
}

std::optional<IpAddress> address_of(const Record& record) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(record.data.data());
  if (record.type == type::kA && record.data.size() == 4) {
    return IpAddress::from_v4(static_cast<uint32_t>(bytes[0]) << 24 | static_cast<uint32_t>(bytes[1]) << 16 |
                              static_cast<uint32_t>(bytes[2]) << 8 | bytes[3]);
  }
  IpAddress::Bytes address{};
  if (record.type != type::kAaaa || record.data.size() != address.size()) return std::nullopt;
  std::copy_n(bytes, address.size(), address.begin());
  return IpAddress(address);
}

std::optional<Name> target_of(const Record& record) {
  const auto layout = layout_of(record.type);
  if (!layout || layout->before != 0 || layout->names != 1 || layout->after != 0) return std::nullopt;
  Reader reader = reader_of(record);
  auto name = reader.name();
  return if_all(std::move(name), reader);
}

std::optional<Soa> soa_of(const Record& record) {
  if (record.type != type::kSoa) return std::nullopt;
  Reader reader = reader_of(record);
  auto soa = read_soa(reader);
  return if_all(std::move(soa), reader);
}

std::optional<Srv> srv_of(const Record& record) {
  if (record.type != type::kSrv) return std::nullopt;
  Reader reader = reader_of(record);
  auto srv = read_srv(reader);
  return if_all(std::move(srv), reader);
}

std::optional<std::vector<std::string>> txt_of(const Record& record) {
  if (record.type != type::kTxt) return std::nullopt;
  Reader reader = reader_of(record);
  auto strings = read_txt(reader);
  return if_all(std::move(strings), reader);
}

std::optional<DataLayout> layout_of(uint16_t type) {
  switch (type) {
    case type::kNs:
    case 3:  // MD
    case 4:  // MF
    case type::kCname:
    case 7:  // MB
    case 8:  // MG
    case 9:  // MR
    case type::kPtr:
      return DataLayout{0, 1, 0, true};
    case type::kSoa:
      return DataLayout{0, 2, 20, true};
    case 14:  // MINFO
      return DataLayout{0, 2, 0, true};
    case type::kMx:
      return DataLayout{2, 1, 0, true};
    case 17:  // RP
      return DataLayout{0, 2, 0, false};
    case 18:  // AFSDB
    case 21:  // RT
    case 36:  // KX
      return DataLayout{2, 1, 0, false};
    case 26:  // PX
      return DataLayout{2, 2, 0, false};
    case type::kSrv:
      return DataLayout{6, 1, 0, false};
    case type::kDname:
      return DataLayout{0, 1, 0, false};
    default:
      return std::nullopt;
  }
}

}  // namespace ginnel::dns
