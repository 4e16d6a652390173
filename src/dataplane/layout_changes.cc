#include "dataplane/layout_changes.h"

namespace ginnel::dataplane {

bool lacks_flow_members(uint32_t from_version) { return from_version < 3; }

Result<bool> complete_flow(uint32_t from_version, const Map<ginnel_flow_key, ginnel_flow>& flows,
                           const ginnel_flow_key& key, ginnel_flow& flow) {
  // Version 3: `iif`, which is the other entry's `oif`.
  if (from_version >= 3 || flow.iif != 0) return false;
  GINNEL_TRY(const auto partner, flows.get(ginnel_flow_partner(&key, &flow)));
  if (!partner) return false;
  flow.iif = partner->oif;
  return true;
}

}  // namespace ginnel::dataplane
