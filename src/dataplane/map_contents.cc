#include "dataplane/map_contents.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/bpf.h>

#include <cerrno>

namespace ginnel::dataplane {
namespace {

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
  GINNEL_TRY(const bpf_map_info info, map_info(fd, name));
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

Status MapContents::read(const EachBatch& each) const {
  if (copies != 1) return read_singly(each);
  return read_batches(fd, name, key.size, value.size, each);
}

Status MapContents::read_singly(const EachBatch& each) const {
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
  if (copies == 1) {
    uint32_t done = count;
    if (count != 0 && bpf_map_update_batch(fd, keys.data(), values.data(), &done, nullptr) != 0)
      return write_failed(name, entries, errno);
    return {};
  }
  for (uint32_t i = 0; i < count; ++i) {
    const uint8_t* at = keys.data() + size_t{i} * key.size;
    const uint8_t* entry = values.data() + size_t{i} * entry_size();
    if (bpf_map_update_elem(fd, at, entry, BPF_ANY) != 0) return write_failed(name, entries, errno);
  }
  return {};
}

Result<bool> MapContents::get(const uint8_t* at, uint8_t* entry) const {
  if (bpf_map_lookup_elem(fd, at, entry) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("look up in map", name);
}

}  // namespace ginnel::dataplane
