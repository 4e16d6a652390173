// The ports of the packet program (abi/port.h): the map `port_slots` for devices of low numbers, `ports` for the
// others. A row is in one of them. One thread, except that for_each() may be called from any.
#pragma once

#include <utility>

#include "abi/port.h"
#include "base/result.h"
#include "dataplane/maps.h"

namespace ginnel::dataplane {

class PortTable {
 public:
  PortTable() = default;
  PortTable(Map<__u32, ginnel_port> slots, Map<__u32, ginnel_port> others)
      : slots_(std::move(slots)), others_(std::move(others)) {}

  // No packet meets half of a row.
  Status put(__u32 ifindex, const ginnel_port& port);
  // False if there was none.
  Result<bool> erase(__u32 ifindex);

  // `each(ifindex, port)`.
  template <typename Each>
  Status for_each(Each each) const {
    GINNEL_CHECKED(slots_.for_each([&](__u32 ifindex, const ginnel_port& port) {
      if (ginnel_port_is_there(&port) != 0) each(ifindex, port);
    }));
    return others_.for_each(each);
  }

 private:
  Status clear_slot(__u32 ifindex, ginnel_port row);

  Map<__u32, ginnel_port> slots_, others_;
};

}  // namespace ginnel::dataplane
