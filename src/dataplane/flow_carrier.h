// The flows on their way from a running program to one of another layout. See migration.h.
//
// There may be a million of them, so what is read while no flow may be opened is compared by time: an entry that saw no
// packet since the last reading is not written again. Counters of packets that the old program forwards while the ports
// change over, one after the other, are added at the end.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "abi/flow.h"
#include "base/result.h"
#include "dataplane/carrier.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

// One thread. `to` outlives it.
class FlowCarrier {
 public:
  using Flows = Map<ginnel_flow_key, ginnel_flow>;
  FlowCarrier(Carrier carrier, Flows& to, uint32_t from_version)
      : carrier_(std::move(carrier)), to_(to), from_version_(from_version) {}

  // As those of Carrier.
  Status copy();
  Status copy_again();
  Status finish();

  [[nodiscard]] size_t entries() const { return entries_; }
  [[nodiscard]] size_t unfit() const { return carrier_.unfit(); }

 private:
  struct Copied {
    uint64_t hash, packets, bytes;
    uint32_t state;
  };
  // Those seen since then, or cut; `seen` gets the hashes of all.
  Status each_since(uint32_t since_s, std::unordered_set<uint64_t>* seen,
                    const std::function<Status(const ginnel_flow_key&, ginnel_flow&)>& each);
  Status complete_all();
  Status remove_ended(const std::unordered_set<uint64_t>& seen);
  [[nodiscard]] const Copied* copied(uint64_t hash) const;
  Status tell_partner(const ginnel_flow_key& key, const ginnel_flow& flow, uint32_t before);
  Status add_what_passed(const ginnel_flow_key& key, const ginnel_flow& flow);

  Carrier carrier_;
  Flows& to_;
  uint32_t from_version_;
  uint32_t since_s_ = 0;                         // when the last reading began
  std::vector<Copied> first_;                    // of copy(), by hash
  std::unordered_map<uint64_t, Copied> second_;  // of copy_again()
  size_t entries_ = 0;
};

}  // namespace ginnel::dataplane
