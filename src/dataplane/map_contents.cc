#include "dataplane/map_contents.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ginnel::dataplane {
namespace {

constexpr uint32_t kBatch = 4096;

bool is_per_cpu(uint32_t kind) {
  return kind == BPF_MAP_TYPE_PERCPU_ARRAY || kind == BPF_MAP_TYPE_PERCPU_HASH || kind == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

}  // namespace

Result<const btf*> KernelTypes::get(uint32_t btf_id) {
  if (btf_id == 0) return nullptr;
  auto& types = read_[btf_id];
  if (!types) {
    types.reset(btf__load_from_kernel_by_id(btf_id));
    if (!types) return fail_errno("read BTF", fmt::format("id {}", btf_id));
  }
  return types.get();
}

Result<MapContents> MapContents::of(int fd, const std::string& name, KernelTypes& types) {
  bpf_map_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return fail_errno("query map", name);
  MapContents out;
  out.fd = fd;
  out.name = name;
  out.kind = info.type;
  out.entries = info.max_entries;
  GINNEL_TRY(const btf* known, types.get(info.btf_id));
  out.key = {known, info.btf_key_type_id, info.key_size};
  out.value = {known, info.btf_value_type_id, info.value_size};
  if (is_per_cpu(info.type)) {
    const int processors = libbpf_num_possible_cpus();
    if (processors < 1) return fail_errno("count", "processors", -processors);
    out.copies = static_cast<uint32_t>(processors);
  }
  return out;
}

Status MapContents::read(const Each& each) const {
  if (copies != 1) return read_singly(each);
  std::vector<uint8_t> keys, values;
  std::vector<uint8_t> cursor(std::max<size_t>(key.size, 16));  // opaque; its size differs by the kind of map
  void* from = nullptr;
  uint32_t batch = kBatch;
  while (true) {
    keys.resize(size_t{batch} * key.size);
    values.resize(size_t{batch} * value.size);
    uint32_t count = batch;
    const int status = bpf_map_lookup_batch(fd, from, cursor.data(), keys.data(), values.data(), &count, nullptr);
    const int code = status == 0 ? 0 : errno;
    if (code == ENOSPC && count == 0) {  // one bucket holds more than the batch
      batch *= 2;
      continue;
    }
    if (code != 0 && code != ENOENT) return fail_errno("read map", name, code);
    if (count != 0) GINNEL_CHECKED(each(keys.data(), values.data(), count));
    if (code == ENOENT) return {};
    from = cursor.data();
  }
}

Status MapContents::read_singly(const Each& each) const {
  std::vector<uint8_t> at(key.size), entry(entry_size());
  const void* before = nullptr;
  std::vector<uint8_t> last(key.size);
  while (bpf_map_get_next_key(fd, before, at.data()) == 0) {
    GINNEL_TRY(const bool there, get(at.data(), entry.data()));
    if (there) GINNEL_CHECKED(each(at.data(), entry.data(), 1));
    last = at;
    before = last.data();
  }
  if (errno != ENOENT) return fail_errno("read map", name);
  return {};
}

Status MapContents::write(const std::vector<uint8_t>& keys, const std::vector<uint8_t>& values, uint32_t count) const {
  const auto refused = [&](int code) -> Status {
    if (code == E2BIG) return fail("write map", name, fmt::format("all of its {} entries are in use", entries));
    return fail_errno("write map", name, code);
  };
  if (copies == 1) {
    uint32_t done = count;
    if (count != 0 && bpf_map_update_batch(fd, keys.data(), values.data(), &done, nullptr) != 0) return refused(errno);
    return {};
  }
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* at = keys.data() + size_t{i} * key.size;
    const uint8_t* entry = values.data() + size_t{i} * entry_size();
    if (bpf_map_update_elem(fd, at, entry, BPF_ANY) != 0) return refused(errno);
  }
  return {};
}

Result<bool> MapContents::get(const uint8_t* at, uint8_t* entry) const {
  if (bpf_map_lookup_elem(fd, at, entry) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("look up in map", name);
}

}  // namespace ginnel::dataplane
