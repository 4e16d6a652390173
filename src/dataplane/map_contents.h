// Any map of the kernel as bytes: what it is, and all that it holds.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataplane/maps.h"
#include "dataplane/record_copy.h"

namespace ginnel::dataplane {

// BTF objects of the kernel, each read once; they live as long as this. One thread.
class KernelTypes {
 public:
  // Null for id 0.
  Result<const btf*> get(uint32_t btf_id);

 private:
  struct Free {
    void operator()(btf* types) const { btf__free(types); }
  };
  std::map<uint32_t, std::unique_ptr<btf, Free>> read_;
};

// The descriptor is not owned.
struct MapContents {
  int fd = -1;
  std::string name;
  uint32_t kind = 0;  // BPF_MAP_TYPE_*
  uint32_t entries = 0;
  RecordType key, value;
  uint32_t copies = 1;  // of the value in one entry, 8 bytes or a multiple apart: one a processor

  static Result<MapContents> of(int fd, const std::string& name, KernelTypes& types);

  [[nodiscard]] uint32_t copy_stride() const { return copies == 1 ? value.size : (value.size + 7) / 8 * 8; }
  [[nodiscard]] uint32_t entry_size() const { return copies * copy_stride(); }

  // So many entries at a time: keys, values, their number. What programs change meanwhile may be seen or not.
  Status read(const EachBatch& each) const;
  // Puts entries in, over those that are there.
  Status write(const std::vector<uint8_t>& keys, const std::vector<uint8_t>& values, uint32_t count) const;
  // False if there is no such entry.
  Result<bool> get(const uint8_t* key, uint8_t* entry) const;

 private:
  Status read_singly(const EachBatch& each) const;
};

}  // namespace ginnel::dataplane
