// The data plane: the only code that touches the kernel. It makes what stands there equal to the plans.
//
// Everything that it makes outlives it: closing a Dataplane, or killing its process, leaves programs, ports and flows
// at work. Opening it again adopts them: the new program takes over the maps of the old one and is swapped in on every
// port without a gap, and a plan that is already in force needs no operation. Maps of another layout are carried over
// first (migration.h). Where the new program cannot be loaded, open() fails and the old one works on.
//
// Threads: one thread calls all members, except collect(), counts(), drops(), port_errors() and flow_count(), which any
// thread may call. The calling thread's network namespace at open() is the daemon's: the host's ends of all ports are
// there. Errors name the object and carry the errno. A failed apply() has done what it could; calling it again does the
// rest. Needs CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN and CAP_BPF; no bpffs. See
// docs/decisions/0010-devices-hold-the-data-plane.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/log.h"
#include "base/result.h"
#include "dataplane/attach.h"
#include "dataplane/counts.h"
#include "dataplane/flow_gc.h"
#include "maglev/maglev.h"
#include "planner/plan.h"

namespace ginnel::dataplane {

// The router of every subnet, of every VPC. Ports cache it, so it is the same for good.
inline constexpr MacAddress kRouterMac{{0x02, 0xfe, 0x00, 0x00, 0x00, 0x01}};

struct Options {
  uint32_t flow_entries = 1 << 18;  // two a flow; a running flow map keeps its size
  uint32_t port_flows = 1 << 18;    // that one port may have opened
  AttachMode attach = AttachMode::automatic;
  bool big_tcp = false;  // of pairs: see plan::Port; open() fails where the kernel has none (before 6.3)
  uint32_t table_size = maglev::kTableSize;  // of a balancer: a prime; no balancer has more targets. 8 bytes each
};

// What one apply() did.
struct Applied {
  size_t operations = 0;
};

class Dataplane {
 public:
  static Result<std::unique_ptr<Dataplane>> open(const plan::HostPlan& host, const Options& options, Log& log);
  ~Dataplane();
  Dataplane(const Dataplane&) = delete;
  Dataplane& operator=(const Dataplane&) = delete;

  // The synthetic addresses that ports and probes hold now.
  [[nodiscard]] plan::HostFacts facts() const;

  // Brings one VPC to its plan. Work is proportional to that VPC. The system VPC has no plan.
  Result<Applied> apply(const plan::VpcPlan& plan);
  // Takes away all of one VPC.
  Status remove(plan::VpcNumber vpc);
  // Once, after every plan of the store was applied: takes away what belongs to no VPC in `known`.
  Status sweep(const std::set<plan::VpcNumber>& known);

  // Removes idle flows; to be called every few seconds with monotonic_seconds().
  Result<CollectReport> collect(uint32_t now_s);
  // Cuts the flows of one link, which stays.
  Status cut(plan::LinkNumber link);
  // Packets by the reason of their drop, reasons without any left out: "ingress_denied". Since the first
  // program of the tag was loaded.
  [[nodiscard]] Result<std::map<std::string, uint64_t>> drops() const;
  // What passed and was dropped, by port and by link (counts.h). From any thread. Reads the whole flow table.
  [[nodiscard]] Result<Counts> counts() const;
  // New flows that found no free source port, by balancer; balancers without any left out.
  [[nodiscard]] Result<std::map<plan::BalancerNumber, uint64_t>> port_errors() const;
  // Entries of the flow map, two a flow. Reads the whole map.
  [[nodiscard]] Result<size_t> flow_count() const;
  // Flows that the map has room for. From any thread.
  [[nodiscard]] size_t flow_limit() const;

  // Ports on somebody else's namespace or device, or on a tap, that could not be made, by interface id, and why; the
  // other ports of their VPC stand. From any thread.
  [[nodiscard]] std::map<std::string, std::string> problems() const;

  // Looks whether the ports on somebody else's namespace or device, and on taps, still are as they were left, and
  // whether one of problems() could be made now. The plans of the VPCs that it gives are to be applied again. Cheap
  // where there are no such ports.
  Result<std::set<plan::VpcNumber>> look_after();

  // The index of the device of each tap and device that carries a port now, by interface id. In the thread of apply().
  [[nodiscard]] std::map<std::string, uint32_t> guest_devices() const;

  // What was found at open() and how programs are attached, for the status page.
  [[nodiscard]] bool adopted() const;
  [[nodiscard]] const char* attachment() const;

 private:
  class Impl;
  explicit Dataplane(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ginnel::dataplane
