// Maps of the program that is built for the machine itself: those kinds that it has, as bpf(2) describes them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ginnel::packet_test::native {

using Bytes = std::vector<uint8_t>;

struct Shape {
  uint32_t type = 0, key_size = 0, value_size = 0, max_entries = 0;
};

// One map. Errors are negated errno, as the kernel's.
class MapOf {
 public:
  MapOf(std::string name, const Shape& shape);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }

  // The value itself, or null. It stays readable until `forget_old`, also if the entry is replaced or removed
  // meanwhile.
  uint8_t* lookup(const uint8_t* key);
  int update(const uint8_t* key, const uint8_t* value, uint64_t flags);
  int remove(const uint8_t* key);
  // The key after this one, or the first.
  int next(const uint8_t* key, uint8_t* out) const;
  // What the entry of a map of maps leads to.
  void put_inner(const uint8_t* key, std::shared_ptr<MapOf> inner) { inner_[bytes(key)] = std::move(inner); }
  MapOf* inner(const uint8_t* key);
  static void forget_old();

 private:
  using Value = std::unique_ptr<Bytes>;
  [[nodiscard]] Bytes bytes(const uint8_t* key) const { return {key, key + shape_.key_size}; }
  [[nodiscard]] bool is_array() const;
  uint8_t* longest_match(const uint8_t* key);
  void make_room();

  std::string name_;
  Shape shape_;
  std::map<Bytes, Value> entries_;
  std::map<Bytes, std::shared_ptr<MapOf>> inner_;
  std::list<Bytes> used_;  // LRU: the oldest first
};

}  // namespace ginnel::packet_test::native
