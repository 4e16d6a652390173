#include "maps.h"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ginnel::packet_test::native {
namespace {

// Values that are no longer in their map while a program may still look at them.
std::vector<std::unique_ptr<Bytes>> g_old;  // NOLINT: the program's end forgets them

uint32_t word(const uint8_t* at) {
  uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

bool same_prefix(const uint8_t* a, const uint8_t* b, uint32_t bits) {
  if (std::memcmp(a, b, bits / 8) != 0) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

}  // namespace

MapOf::MapOf(std::string name, const Shape& shape) : name_(std::move(name)), shape_(shape) {
  if (!is_array()) return;
  for (uint32_t i = 0; i < shape_.max_entries; i++) {
    Bytes key(sizeof i);
    std::memcpy(key.data(), &i, sizeof i);
    entries_[key] = std::make_unique<Bytes>(shape_.value_size);
  }
}

bool MapOf::is_array() const { return shape_.type == BPF_MAP_TYPE_ARRAY || shape_.type == BPF_MAP_TYPE_PERCPU_ARRAY; }

uint8_t* MapOf::lookup(const uint8_t* key) {
  if (shape_.type == BPF_MAP_TYPE_LPM_TRIE) return longest_match(key);
  const auto found = entries_.find(bytes(key));
  if (found == entries_.end()) return nullptr;
  if (shape_.type == BPF_MAP_TYPE_LRU_HASH) {
    used_.remove(found->first);
    used_.push_back(found->first);
  }
  return found->second->data();
}

// The key's first word is the length of the prefix in bits.
uint8_t* MapOf::longest_match(const uint8_t* key) {
  Bytes* best = nullptr;
  uint32_t best_bits = 0;
  for (const auto& [entry, value] : entries_) {
    const uint32_t bits = word(entry.data());
    if (bits > word(key) || !same_prefix(entry.data() + 4, key + 4, bits) || (best != nullptr && bits < best_bits))
      continue;
    best = value.get();
    best_bits = bits;
  }
  return best != nullptr ? best->data() : nullptr;
}

void MapOf::make_room() {
  if (shape_.type != BPF_MAP_TYPE_LRU_HASH || used_.empty()) return;
  const Bytes oldest = used_.front();
  remove(oldest.data());
}

int MapOf::update(const uint8_t* key, const uint8_t* value, uint64_t flags) {
  if (flags > BPF_EXIST) return -EINVAL;
  const auto found = entries_.find(bytes(key));
  if (found != entries_.end() && flags == BPF_NOEXIST) return -EEXIST;
  if (found == entries_.end()) {
    if (flags == BPF_EXIST) return -ENOENT;
    if (is_array()) return -E2BIG;
    if (entries_.size() >= shape_.max_entries) make_room();
    if (entries_.size() >= shape_.max_entries) return shape_.type == BPF_MAP_TYPE_LPM_TRIE ? -ENOSPC : -E2BIG;
  }
  if (is_array()) {
    std::copy_n(value, shape_.value_size, found->second->data());
    return 0;
  }
  Value& place = entries_[bytes(key)];
  if (place) g_old.push_back(std::move(place));
  place = std::make_unique<Bytes>(value, value + shape_.value_size);
  if (shape_.type == BPF_MAP_TYPE_LRU_HASH) lookup(key);
  return 0;
}

int MapOf::remove(const uint8_t* key) {
  if (is_array()) return -EINVAL;
  const auto found = entries_.find(bytes(key));
  if (found == entries_.end()) return -ENOENT;
  used_.remove(found->first);
  inner_.erase(found->first);
  g_old.push_back(std::move(found->second));
  entries_.erase(found);
  return 0;
}

int MapOf::next(const uint8_t* key, uint8_t* out) const {
  const auto found = key == nullptr ? entries_.begin() : entries_.upper_bound(bytes(key));
  if (found == entries_.end()) return -ENOENT;
  std::copy(found->first.begin(), found->first.end(), out);
  return 0;
}

MapOf* MapOf::inner(const uint8_t* key) {
  const auto found = inner_.find(bytes(key));
  return found == inner_.end() ? nullptr : found->second.get();
}

void MapOf::forget_old() { g_old.clear(); }

}  // namespace ginnel::packet_test::native
