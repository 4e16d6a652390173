// What passed and what was dropped, by port and by link: the counters of abi/count.h and the live flows put together.
//
// Numbers are exact when nothing passes while they are read; else what a flow held that ended in the meantime may be
// missing until the next reading, and no number is ever lower than one that was read before by the same reader. They
// count on when the daemon is killed or stopped and started again, since the kernel holds them; those of a port or link
// begin with it and go with it. From any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "abi/count.h"
#include "base/ip.h"
#include "base/result.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

using DropsByReason = std::map<std::string, uint64_t>;  // "ingress_denied"; reasons without any left out

struct PortCounts {
  uint64_t sent_packets = 0, sent_bytes = 0;          // by the port, Ethernet headers included
  uint64_t received_packets = 0, received_bytes = 0;  // to it
  uint64_t opened = 0, accepted = 0;                  // new flows, from it and to it
  uint64_t sent_resets = 0, received_resets = 0;      // TCP segments with RST
  uint64_t tracked = 0;                               // flows from it that are in the table, which its limit is for
  uint64_t active = 0;                                // flows from it and to it now, TCP ones that are closed left out
  DropsByReason drops;                                // of packets that came from it
  friend bool operator==(const PortCounts&, const PortCounts&) = default;
};

// A link as its flows name it. `link` is the plan's number: that of an endpoint, of a load balancer in a VPC, of a
// resolver. An endpoint has one address a subnet and family; which balancer its flows were led to is told apart.
struct LinkCountKey {
  plan::VpcNumber vpc = 0;  // of who opens
  plan::LinkNumber link = 0;
  plan::BalancerNumber balancer = 0;  // 0: to the system
  IpAddress address;                  // that is talked to
  friend auto operator<=>(const LinkCountKey&, const LinkCountKey&) = default;
};

struct LinkCounts {
  uint64_t forward_packets = 0, forward_bytes = 0;  // from those who open to the target
  uint64_t reverse_packets = 0, reverse_bytes = 0;
  uint64_t opened = 0;
  uint64_t forward_resets = 0, reverse_resets = 0;
  uint64_t active = 0;  // flows now, TCP ones that are closed left out
  DropsByReason drops;  // either way
  LinkCounts& operator+=(const LinkCounts& other);
  friend bool operator==(const LinkCounts&, const LinkCounts&) = default;
};

struct Counts {
  std::map<std::string, PortCounts> ports;  // by interface id; "system" is the system VPC's
  std::map<LinkCountKey, LinkCounts> links;
};

// "ingress_denied" of GINNEL_DROP_INGRESS_DENIED.
[[nodiscard]] std::string drop_reason_name(uint32_t reason);

class CountReader {
 public:
  // Reads the whole flow table, in batches.
  Result<Counts> read(const Tables& tables);

 private:
  std::mutex mutex_;
  Counts last_;
};

// Takes away the counters of ports and links that are gone and have no flows any more; returns how many rows.
Result<size_t> collect_counts(Tables& tables);

}  // namespace ginnel::dataplane
