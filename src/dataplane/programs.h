// The packet program: loaded fresh, or loaded upon the maps that an earlier one left running.
#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <string>

#include "base/ip.h"
#include "base/log.h"
#include "base/result.h"
#include "dataplane/running.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// What a program was built for; read from its read-only data.
struct ProgramConfig {
  uint32_t layout_version = 0;
  MacAddress router_mac;
};

Result<ProgramConfig> config_of(const RunningProgram& running);

struct LoadOptions {
  std::string tag;
  MacAddress router_mac;
  uint32_t flows = 0;                     // entries of the flow map, two a flow; only where it is made anew
  const RunningProgram* adopt = nullptr;  // whose maps to take over; of the same layout version
};

// Owns the loaded object. Devices and maps in use live on when it goes.
class Program {
 public:
  // On refusal by the kernel's verifier its words go to the log.
  static Result<Program> load(const LoadOptions& options, Log& log);

  [[nodiscard]] int fd() const { return bpf_program__fd(program_); }
  [[nodiscard]] uint32_t id() const { return id_; }
  Tables& tables() { return *tables_; }

 private:
  struct Close {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };
  Program() = default;

  std::unique_ptr<bpf_object, Close> object_;
  bpf_program* program_ = nullptr;
  uint32_t id_ = 0;
  std::unique_ptr<Tables> tables_;  // keeps its address when the program is moved
};

}  // namespace ginnel::dataplane
