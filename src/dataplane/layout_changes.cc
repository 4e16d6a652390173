#include "dataplane/layout_changes.h"

#include <map>
#include <vector>

namespace ginnel::dataplane {

namespace {

constexpr uint16_t kCutBefore4 = 8;  // in the flags, which have no other such bit since

}  // namespace

bool is_marked_as_cut(const ginnel_flow& flow) {
  return (flow.state & GINNEL_FLOW_CUT) != 0 || (flow.flags & kCutBefore4) != 0;
}

bool lacks_flow_members(uint32_t from_version) { return from_version < 4; }

Result<bool> complete_flow(uint32_t from_version, const Map<ginnel_flow_key, ginnel_flow>& flows,
                           const ginnel_flow_key& key, ginnel_flow& flow) {
  // Version 4: `iif`, which is the other entry's `oif`; GINNEL_FLOW_ESTABLISHED, without which a TCP flow would be
  // taken for one that is still to be opened; and the mark of a cut flow in its state.
  if (from_version >= 4 || flow.iif != 0) return false;
  GINNEL_TRY(const auto partner, flows.get(ginnel_flow_partner(&key, &flow)));
  if (!partner) return false;
  flow.iif = partner->oif;
  if (key.protocol == GINNEL_TCP && (flow.state & GINNEL_FLOW_ANSWERED) != 0) flow.state |= GINNEL_FLOW_ESTABLISHED;
  if (is_marked_as_cut(flow)) {
    flow.state |= GINNEL_FLOW_CUT;
    flow.flags &= static_cast<uint16_t>(~kCutBefore4);
  }
  return true;
}

Status begin_counts(Tables& tables) {
  std::map<uint32_t, ginnel_port_count> ports;
  std::vector<std::pair<ginnel_link_count_key, ginnel_link_count>> links;
  GINNEL_CHECKED(tables.flows.for_each([&](const ginnel_flow_key& key, const ginnel_flow& flow) {
    if ((flow.flags & GINNEL_FLOW_REVERSE) != 0) return;
    ++ports[flow.iif].opened;
    ++ports[flow.iif].tracked;
    ++ports[flow.oif].accepted;
    if (flow.link != 0) links.push_back({ginnel_link_of(&key, &flow), {}});
  }));
  for (const auto& [ifindex, count] : ports) GINNEL_CHECKED(tables.port_counts.put(ifindex, count));
  for (const auto& [key, count] : links) {
    GINNEL_TRY(const auto known, tables.link_counts.get(key));
    ginnel_link_count next = known.value_or(count);
    ++next.opened;
    GINNEL_CHECKED(tables.link_counts.put(key, next));
  }
  return {};
}

}  // namespace ginnel::dataplane
