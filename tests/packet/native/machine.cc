#include "machine.h"

#include <algorithm>

#include "native.h"

namespace ginnel::packet_test::native {

Packet::Packet(const uint8_t* bytes, size_t size, size_t first) { set(Bytes(bytes, bytes + size), first); }

Bytes Packet::all() const {
  Bytes bytes(linear.get(), linear.get() + linear_size);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

void Packet::set(const Bytes& bytes, size_t first) {
  linear_size = std::min(first, bytes.size());
  linear = std::make_unique<uint8_t[]>(linear_size);
  std::copy_n(bytes.begin(), linear_size, linear.get());
  rest.assign(bytes.begin() + static_cast<std::ptrdiff_t>(linear_size), bytes.end());
  context.len = static_cast<uint32_t>(bytes.size());
}

Machine& Machine::get() {
  static Machine machine;
  return machine;
}

void Machine::add(const void* owner, const void* definition, const void* handle, const std::shared_ptr<MapOf>& map) {
  by_owner_[owner][definition] = map;
  by_handle_[handle] = number_of(map);
}

int Machine::number_of(const std::shared_ptr<MapOf>& map) {
  by_number_[++next_] = map;
  return next_;
}

int Machine::number_of(const void* handle) const {
  const auto found = by_handle_.find(handle);
  return found == by_handle_.end() ? -1 : found->second;
}

std::shared_ptr<MapOf> Machine::by_number(int number) const {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

MapOf* Machine::by_address(const void* map) const {
  const auto found = active_->find(map);
  if (found != active_->end()) return found->second.get();
  return static_cast<MapOf*>(const_cast<void*>(map));  // what a map of maps gave
}

Redirection& redirection() {
  static Redirection last;
  return last;
}

}  // namespace ginnel::packet_test::native

using ginnel::packet_test::native::Machine;
using ginnel::packet_test::native::MapOf;

void* native_lookup(const void* map, const void* key) {
  MapOf* of = Machine::get().by_address(map);
  const auto* bytes = static_cast<const uint8_t*>(key);
  if (of->shape().type == BPF_MAP_TYPE_HASH_OF_MAPS) return of->inner(bytes);
  return of->lookup(bytes);
}

long native_update(const void* map, const void* key, const void* value, __u64 flags) {
  return Machine::get().by_address(map)->update(static_cast<const uint8_t*>(key), static_cast<const uint8_t*>(value),
                                                flags);
}

long native_delete(const void* map, const void* key) {
  return Machine::get().by_address(map)->remove(static_cast<const uint8_t*>(key));
}
