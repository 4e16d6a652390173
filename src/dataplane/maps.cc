#include "dataplane/maps.h"

#include <bpf/libbpf.h>

#include <numeric>

namespace ginnel::dataplane {

Result<Counters> Counters::bind(int fd, std::string name) {
  bpf_map_info info{};
  uint32_t length = sizeof info;
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return fail_errno("query map", name);
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
