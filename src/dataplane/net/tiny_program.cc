#include "dataplane/net/tiny_program.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <array>

#include "abi/config.h"

namespace ginnel::dataplane {

UniqueFd tiny_program(const char* name, int32_t verdict) {
  const std::array<bpf_insn, 2> code{
      {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, verdict}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}}};
  return UniqueFd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, name, "GPL", code.data(), code.size(), nullptr));
}

UniqueFd program_of_layout(uint32_t version) {
  constexpr int kDrop = 2;  // TC_ACT_SHOT
  UniqueFd program = tiny_program(GINNEL_PROGRAM, kDrop);
  const UniqueFd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "ginnel.rodata", 4, sizeof(ginnel_config), 1, nullptr));
  const uint32_t key = 0;
  ginnel_config config{};
  config.layout_version = version;
  if (bpf_map_update_elem(map.get(), &key, &config, BPF_ANY) != 0) return {};
  if (bpf_prog_bind_map(program.get(), map.get(), nullptr) != 0) return {};
  return program;
}

}  // namespace ginnel::dataplane
