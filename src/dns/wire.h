// Reading and writing the pieces of a message, within bounds. For the codec.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/name.h"

namespace ginnel::dns {

// Reads from the front of a message. Every read that would pass the end is an Error.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Result<uint8_t> u8();
  Result<uint16_t> u16();
  Result<uint32_t> u32();
  Result<std::string> take(size_t count);
  // With decompression; pointers may lead anywhere before the name.
  Result<Name> name();

  [[nodiscard]] size_t position() const { return position_; }
  [[nodiscard]] size_t left() const { return bytes_.size() - position_; }

 private:
  [[nodiscard]] tl::unexpected<Error> broken(std::string_view cause) const;

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

// Appends to a message.
class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}

  void u8(uint8_t number) { out_.push_back(number); }
  void u16(uint16_t number);
  void u32(uint32_t number);
  void bytes(std::string_view bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  // Compressed against the names written before, where their case is the same too.
  void name(const Name& name, bool compress);
  void put_u16(size_t position, uint16_t number);

  [[nodiscard]] size_t size() const { return out_.size(); }
  // Takes back everything from `size` on.
  void cut(size_t size);

 private:
  [[nodiscard]] bool is_at(size_t offset, std::string_view wire) const;

  std::vector<uint8_t>& out_;
  std::vector<uint16_t> suffixes_;  // where names and their endings stand
};

}  // namespace ginnel::dns
