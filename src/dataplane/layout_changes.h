// What a change of layout asks for beyond copying members by name, version by version.
#pragma once

#include "abi/flow.h"
#include "base/result.h"
#include "dataplane/maps.h"
#include "dataplane/tables.h"

namespace ginnel::dataplane {

// Whether flows of that version lack members that complete_flow() can find out.
[[nodiscard]] bool lacks_flow_members(uint32_t from_version);
// Fills in what a flow of that version lacks, with the help of the other entry if that is in `flows`. False if nothing
// was changed.
Result<bool> complete_flow(uint32_t from_version, const Map<ginnel_flow_key, ginnel_flow>& flows,
                           const ginnel_flow_key& key, ginnel_flow& flow);

// Of a flow of any version.
[[nodiscard]] bool is_marked_as_cut(const ginnel_flow& flow);

// Where the old layout has no counters beside its flows (before version 4): they begin with the flows that are open, as
// if these had just been opened, so that none ends that was never counted. While no flow is opened.
Status begin_counts(Tables& tables);

}  // namespace ginnel::dataplane
