#include "dataplane/maps.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

namespace ginnel::dataplane {

Result<bpf_map_info> map_info(int fd, const std::string& name) {
  bpf_map_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return fail_errno("query map", name);
  return info;
}

Status read_batches(int fd, const std::string& name, size_t key_size, size_t value_size, const EachBatch& each,
                    uint32_t batch) {
  std::vector<uint8_t> keys(batch * key_size), values(batch * value_size);
  std::vector<uint8_t> cursor(std::max<size_t>(key_size, 16));  // opaque; its size differs by the kind of map
  void* from = nullptr;
  while (true) {
    uint32_t count = batch;
    const int status = bpf_map_lookup_batch(fd, from, cursor.data(), keys.data(), values.data(), &count, nullptr);
    const int code = status == 0 ? 0 : errno;
    if (code == ENOSPC && count == 0) {  // one bucket holds more than the batch
      batch *= 2;
      keys.resize(batch * key_size);
      values.resize(batch * value_size);
      continue;
    }
    if (code != 0 && code != ENOENT) return fail_errno("read map", name, code);
    if (count != 0) GINNEL_CHECKED(each(keys.data(), values.data(), count));
    if (code == ENOENT) return {};
    from = cursor.data();
  }
}

Status write_failed(const std::string& name, uint32_t entries, int code) {
  if (code == E2BIG) return fail("write map", name, fmt::format("all of its {} entries are in use", entries));
  return fail_errno("write map", name, code);
}

Result<Counters> Counters::bind(int fd, std::string name) {
  GINNEL_TRY(const bpf_map_info info, map_info(fd, name));
  if (info.type != BPF_MAP_TYPE_PERCPU_ARRAY || info.key_size != 4 || info.value_size != 8) {
    return fail("use map", name, "it is not a per-CPU array of counters");
  }
  Counters out;
  out.fd_.reset(dup(fd));
  if (!out.fd_) return fail_errno("use map", name);
  out.name_ = std::move(name);
  return out;
}

Result<uint64_t> Counters::sum(uint32_t index) const {
  const int processors = libbpf_num_possible_cpus();
  if (processors < 1) return fail_errno("count", "processors", -processors);
  std::vector<uint64_t> values(static_cast<size_t>(processors));
  if (bpf_map_lookup_elem(fd_.get(), &index, values.data()) != 0) {
    if (errno == ENOENT) return 0U;  // a map of an older program, which did not know this counter
    return fail_errno("look up in map", name_);
  }
  return std::accumulate(values.begin(), values.end(), uint64_t{0});
}

}  // namespace ginnel::dataplane
