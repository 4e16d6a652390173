#include "dataplane/port_table.h"

#include <cstring>

namespace ginnel::dataplane {

// Takes the row's name away, by which the program knows that it is one, and nothing else.
Status PortTable::clear_slot(__u32 ifindex, ginnel_port row) {
  std::memset(row.interface_id, 0, sizeof row.interface_id);
  return slots_.put(ifindex, row);
}

// The kernel writes over an array's entry while packets read it. So one that becomes another's is none in between.
Status PortTable::put(__u32 ifindex, const ginnel_port& port) {
  if (ifindex >= slots_.capacity()) return others_.put(ifindex, port);
  GINNEL_TRY(const auto before, slots_.get(ifindex));
  const bool same = before && before->vpc == port.vpc &&
                    std::memcmp(before->interface_id, port.interface_id, sizeof port.interface_id) == 0;
  if (!same) {
    if (before) GINNEL_CHECKED(clear_slot(ifindex, *before));
    GINNEL_CHECKED(clear_slot(ifindex, port));
  }
  GINNEL_CHECKED(slots_.put(ifindex, port));
  GINNEL_CHECKED(others_.erase(ifindex));  // from a layout without slots
  return {};
}

Result<bool> PortTable::erase(__u32 ifindex) {
  GINNEL_TRY(const bool other, others_.erase(ifindex));
  if (other || ifindex >= slots_.capacity()) return other;
  GINNEL_TRY(const auto before, slots_.get(ifindex));
  if (!before || ginnel_port_is_there(&*before) == 0) return false;
  GINNEL_CHECKED(clear_slot(ifindex, *before));
  GINNEL_CHECKED(slots_.put(ifindex, {}));
  return true;
}

}  // namespace ginnel::dataplane
