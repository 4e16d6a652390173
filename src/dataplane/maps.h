// A BPF map with the types of its key and value, as abi/ has them.
//
// The sizes are compared with the kernel's when a map is bound, so that a wrong layout is an error and not a stray
// write. One thread at a time; the kernel's side is safe against the programs. Source: bpf(2).
#pragma once

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

template <typename Key, typename Value>
class Map {
  static_assert(std::has_unique_object_representations_v<Key>, "padding would reach the map's key");
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  Map() = default;

  // Takes a descriptor of its own. Refuses a map of other sizes.
  static Result<Map> bind(int fd, std::string name) {
    bpf_map_info info{};
    uint32_t length = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return fail_errno("query map", name);
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
    if (errno == E2BIG) return fail("write map", name_, fmt::format("all of its {} entries are in use", capacity_));
    return fail_errno("write map", name_);
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

  // Everything, in batches of a bounded number of entries: `each(key, value)`. Entries that the programs add or delete
  // meanwhile may be seen or not, and never twice while their bucket is unchanged.
  template <typename Each>
  Status for_each(Each each, uint32_t batch = 4096) const {
    std::vector<Key> keys(batch);
    std::vector<Value> values(batch);
    union {
      Key key;
      uint64_t place[2];
    } cursor{.place = {}};  // opaque to us; its size differs by the kind of map
    void* from = nullptr;
    while (true) {
      uint32_t count = static_cast<uint32_t>(keys.size());
      const int status = bpf_map_lookup_batch(fd_.get(), from, &cursor, keys.data(), values.data(), &count, nullptr);
      const int code = status == 0 ? 0 : errno;
      if (code == ENOSPC && count == 0) {  // one bucket holds more than the batch
        keys.resize(keys.size() * 2);
        values.resize(values.size() * 2);
        continue;
      }
      if (code != 0 && code != ENOENT) return fail_errno("read map", name_, code);
      for (uint32_t i = 0; i < count; ++i) each(keys[i], values[i]);
      if (code == ENOENT) return {};
      from = &cursor;
    }
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
