// The packet program: loaded fresh, or loaded upon the maps that an earlier one left running.
#pragma once

#include <bpf/libbpf.h>

#include <map>
#include <memory>
#include <string>

#include "base/ip.h"
#include "base/log.h"
#include "base/result.h"
#include "dataplane/flow_end.h"
#include "dataplane/running.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// From its read-only data.
Result<uint32_t> layout_version_of(const RunningProgram& running);

struct LoadOptions {
  std::string tag;
  MacAddress router_mac;
  uint32_t flows = 0;       // entries of the flow map, two a flow; one that is taken over keeps its size
  uint32_t port_flows = 0;  // that one port may have opened; 0: any number
  // What is at work already. Its maps are taken over if they have this layout; else new ones are made, none smaller
  // than the old.
  const RunningProgram* running = nullptr;
  uint32_t running_version = 0;
};

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using ObjectPtr = std::unique_ptr<bpf_object, CloseObject>;

// Owns the loaded object. Devices and maps in use live on when it goes.
class Program {
 public:
  // On refusal by the kernel's verifier its words go to the log.
  static Result<Program> load(const LoadOptions& options, Log& log);

  [[nodiscard]] int fd() const { return bpf_program__fd(program_); }
  [[nodiscard]] uint32_t id() const { return id_; }
  Tables& tables() { return *tables_; }
  FlowEnder& ender() { return *ender_; }
  // Whether it works on the running program's maps.
  [[nodiscard]] bool took_over() const { return took_over_; }
  // All that it holds, by the full names; the descriptors are its own.
  [[nodiscard]] const std::map<std::string, int>& maps() const { return maps_; }

 private:
  Program() = default;

  Status prepare_maps(const LoadOptions& options);
  Status finish_maps(const LoadOptions& options);

  ObjectPtr object_;
  bpf_program* program_ = nullptr;
  uint32_t id_ = 0;
  bool took_over_ = false;
  UniqueFd policy_names_, probe_names_;
  std::map<std::string, int> maps_;
  std::unique_ptr<Tables> tables_;  // keeps its address when the program is moved
  std::unique_ptr<FlowEnder> ender_;
};

// The program `ginnel_end` alone, loaded upon the maps of a running program, for a process that is not the daemon.
class EndProgram {
 public:
  static Result<EndProgram> load(const RunningProgram& running);
  FlowEnder& ender() { return *ender_; }

 private:
  ObjectPtr object_;
  std::unique_ptr<FlowEnder> ender_;
};

}  // namespace ginnel::dataplane
