#include "dns/wire.h"

#include <fmt/format.h>

#include <algorithm>

namespace ginnel::dns {
namespace {

constexpr uint8_t kPointerBits = 0xc0;
constexpr size_t kLargestPointer = 0x3fff;
// Bounds the search for a suffix, and with it the time to write a message of many different names.
constexpr size_t kMostSuffixes = 128;

}  // namespace

tl::unexpected<Error> Reader::broken(std::string_view cause) const {
  return fail("read DNS message", fmt::format("byte {}", position_), cause);
}

Result<uint8_t> Reader::u8() {
  if (left() < 1) return broken("it ends too early");
  return bytes_[position_++];
}

Result<uint16_t> Reader::u16() {
  if (left() < 2) return broken("it ends too early");
  const auto number = static_cast<uint16_t>(bytes_[position_] << 8 | bytes_[position_ + 1]);
  position_ += 2;
  return number;
}

Result<uint32_t> Reader::u32() {
  GINNEL_TRY(const uint32_t high, u16());
  GINNEL_TRY(const uint32_t low, u16());
  return high << 16 | low;
}

Result<std::string> Reader::take(size_t count) {
  if (left() < count) return broken("it ends too early");
  const auto piece = bytes_.subspan(position_, count);
  position_ += count;
  return std::string(piece.begin(), piece.end());
}

Result<Name> Reader::name() {
  std::string wire;
  size_t at = position_;
  size_t lowest = position_;  // every pointer must lead below all places that were read: no loops
  bool jumped = false;
  for (;;) {
    if (at >= bytes_.size()) return broken("a name passes the end");
    const uint8_t length = bytes_[at];
    if ((length & kPointerBits) == kPointerBits) {
      if (at + 1 >= bytes_.size()) return broken("a name passes the end");
      const size_t target = static_cast<size_t>(length & ~kPointerBits) << 8 | bytes_[at + 1];
      if (target >= lowest) return broken("a compression pointer does not point backwards");
      if (!jumped) position_ = at + 2;
      jumped = true;
      at = lowest = target;
      continue;
    }
    if ((length & kPointerBits) != 0) return broken("an unknown kind of label");
    if (at + 1 + length > bytes_.size()) return broken("a name passes the end");
    wire.append(bytes_.begin() + static_cast<long>(at), bytes_.begin() + static_cast<long>(at + 1 + length));
    if (wire.size() > kLongestName || (length != 0 && wire.size() == kLongestName)) {
      return broken("a name is longer than 255 bytes");
    }
    at += 1U + length;
    if (length == 0) break;
  }
  if (!jumped) position_ = at;
  return Name::from_wire(std::move(wire));
}

void Writer::u16(uint16_t number) {
  out_.push_back(static_cast<uint8_t>(number >> 8));
  out_.push_back(static_cast<uint8_t>(number));
}

void Writer::u32(uint32_t number) {
  u16(static_cast<uint16_t>(number >> 16));
  u16(static_cast<uint16_t>(number));
}

void Writer::put_u16(size_t position, uint16_t number) {
  out_[position] = static_cast<uint8_t>(number >> 8);
  out_[position + 1] = static_cast<uint8_t>(number);
}

void Writer::name(const Name& name, bool compress) {
  const std::string_view wire = name.wire();
  size_t start = 0;
  while (wire[start] != 0) {
    const auto suffix = wire.substr(start);
    if (compress) {
      const auto found =
          std::find_if(suffixes_.begin(), suffixes_.end(), [&](uint16_t offset) { return is_at(offset, suffix); });
      if (found != suffixes_.end()) {
        u16(static_cast<uint16_t>(kPointerBits << 8 | *found));
        return;
      }
    }
    if (out_.size() <= kLargestPointer && suffixes_.size() < kMostSuffixes) {
      suffixes_.push_back(static_cast<uint16_t>(out_.size()));
    }
    const size_t length = 1U + static_cast<uint8_t>(wire[start]);
    bytes(wire.substr(start, length));
    start += length;
  }
  u8(0);
}

void Writer::cut(size_t size) {
  out_.resize(size);
  std::erase_if(suffixes_, [&](uint16_t offset) { return offset >= size; });
}

// Whether the name that stands at the offset, pointers followed, is these bytes. The name that is being written has no
// end yet. Pointers lead backwards.
bool Writer::is_at(size_t offset, std::string_view wire) const {
  size_t compared = 0;
  while (compared < wire.size()) {
    while (offset + 1 < out_.size() && (out_[offset] & kPointerBits) == kPointerBits) {
      offset = static_cast<size_t>(out_[offset] & ~kPointerBits) << 8 | out_[offset + 1];
    }
    if (offset >= out_.size()) return false;
    const size_t length = 1U + out_[offset];
    if (compared + length > wire.size() || offset + length > out_.size()) return false;
    if (!std::equal(wire.begin() + static_cast<long>(compared), wire.begin() + static_cast<long>(compared + length),
                    out_.begin() + static_cast<long>(offset),
                    [](char a, uint8_t b) { return static_cast<uint8_t>(a) == b; })) {
      return false;
    }
    compared += length;
    offset += length;
  }
  return true;
}

}  // namespace ginnel::dns
