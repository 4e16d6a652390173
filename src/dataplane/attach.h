// How the packet program is tied to a device's ingress: tcx where the kernel has it (6.6 and later), clsact else.
//
// Both kinds of attachment are held by the device itself: they live as long as it does, whoever made them, and need no
// pin in a file system. The program holds the maps. So a restarted daemon finds everything by its devices, also from
// another mount namespace, where a bpffs would be a new and empty one. Sources: bpf(2) BPF_PROG_ATTACH with
// BPF_TCX_INGRESS (linux/bpf.h of 6.6), tc-bpf(8). See docs/decisions/0010-devices-hold-the-data-plane.md.
#pragma once

#include <cstdint>
#include <memory>

#include "abi/config.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace ginnel::dataplane {

// Devices are those of the calling thread's network namespace. One thread at a time.
class Attacher {
 public:
  virtual ~Attacher() = default;
  // Puts the program on the device, in place of an earlier one of ours, without a moment in between.
  virtual Status attach(uint32_t ifindex, int program_fd) = 0;
  // The kernel's id of our program on the device; 0 if there is none.
  virtual Result<uint32_t> attached(uint32_t ifindex) = 0;
  // Nothing to detach is no error.
  virtual Status detach(uint32_t ifindex) = 0;
  [[nodiscard]] virtual const char* name() const = 0;
};

enum class AttachMode { automatic, tcx, clsact };

// Our program is recognised by its name, which the kernel keeps up to 15 characters of.
inline constexpr const char* kProgramName = GINNEL_PROGRAM;

// `probe_ifindex`: any device, to ask the kernel what it has. Refuses tcx where there is none.
Result<std::unique_ptr<Attacher>> make_attacher(AttachMode mode, uint32_t probe_ifindex);

Result<UniqueFd> program_by_id(uint32_t id);
Result<uint32_t> program_id(int program_fd);

}  // namespace ginnel::dataplane
