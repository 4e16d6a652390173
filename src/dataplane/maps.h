// A BPF map with the types of its key and value, as abi/ has them.
//
// The sizes are compared with the kernel's when a map is bound, so that a wrong layout is an error and not a stray
// write. One thread at a time; the kernel's side is safe against the programs. Source: bpf(2).
#pragma once

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

// What the kernel says of the map.
Result<bpf_map_info> map_info(int fd, const std::string& name);

// All entries of a map that is not per CPU, so many at a time: keys, values, their number. Entries that programs add or
// delete meanwhile may be seen or not, and never twice while their bucket is unchanged.
using EachBatch = std::function<Status(const uint8_t* keys, const uint8_t* values, uint32_t count)>;
Status read_batches(int fd, const std::string& name, size_t key_size, size_t value_size, const EachBatch& each,
                    uint32_t batch = 4096);

// The Error of a write to a map with room for so many entries that ended with this errno.
Status write_failed(const std::string& name, uint32_t entries, int code);

template <typename Key, typename Value>
class Map {
  static_assert(std::has_unique_object_representations_v<Key>, "padding would reach the map's key");
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  Map() = default;

  // Takes a descriptor of its own. Refuses a map of other sizes.
  static Result<Map> bind(int fd, std::string name) {
    GINNEL_TRY(const bpf_map_info info, map_info(fd, name));
    if (info.key_size != sizeof(Key) || info.value_size != sizeof(Value)) {
      return fail("use map", name,
                  fmt::format("it holds {} and {} bytes, not {} and {}", info.key_size, info.value_size, sizeof(Key),
                              sizeof(Value)));
    }
    Map out;
    out.fd_.reset(dup(fd));
    if (!out.fd_) return fail_errno("use map", name);
    out.name_ = std::move(name);
    out.capacity_ = info.max_entries;
    return out;
  }

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] Result<std::optional<Value>> get(const Key& key) const {
    Value value{};
    if (bpf_map_lookup_elem(fd_.get(), &key, &value) == 0) return std::optional<Value>(value);
    if (errno == ENOENT) return std::optional<Value>();
    return fail_errno("look up in map", name_);
  }
  Status put(const Key& key, const Value& value) {
    if (bpf_map_update_elem(fd_.get(), &key, &value, BPF_ANY) == 0) return {};
    return write_failed(name_, capacity_, errno);
  }
  // Many at once; values by the places of their keys.
  Status put_all(const std::vector<Key>& keys, const std::vector<Value>& values) {
    auto count = static_cast<uint32_t>(keys.size());
    if (bpf_map_update_batch(fd_.get(), keys.data(), values.data(), &count, nullptr) == 0) return {};
    return write_failed(name_, capacity_, errno);
  }
  // Only where there is an entry already; false if there is none.
  Result<bool> replace(const Key& key, const Value& value) {
    if (bpf_map_update_elem(fd_.get(), &key, &value, BPF_EXIST) == 0) return true;
    if (errno == ENOENT) return false;
    return fail_errno("write map", name_);
  }
  // False if there was none.
  Result<bool> erase(const Key& key) {
    if (bpf_map_delete_elem(fd_.get(), &key) == 0) return true;
    if (errno == ENOENT) return false;
    return fail_errno("delete from map", name_);
  }

  // Everything, as read_batches(): `each(key, value)`.
  template <typename Each>
  Status for_each(Each each, uint32_t batch = 4096) const {
    const auto one_by_one = [&](const uint8_t* keys, const uint8_t* values, uint32_t count) -> Status {
      for (uint32_t i = 0; i < count; ++i) {
        Key key;
        Value value;
        std::memcpy(&key, keys + i * sizeof key, sizeof key);
        std::memcpy(&value, values + i * sizeof value, sizeof value);
        each(key, value);
      }
      return {};
    };
    return read_batches(fd_.get(), name_, sizeof(Key), sizeof(Value), one_by_one, batch);
  }

 private:
  UniqueFd fd_;
  std::string name_;
  uint32_t capacity_ = 0;
};

// A per-CPU array of 64-bit counters.
class Counters {
 public:
  Counters() = default;
  static Result<Counters> bind(int fd, std::string name);
  // The sum over the processors.
  [[nodiscard]] Result<uint64_t> sum(uint32_t index) const;

 private:
  UniqueFd fd_;
  std::string name_;
};

}  // namespace ginnel::dataplane
