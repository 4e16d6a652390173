// ModifyManagedPrefixList, RestoreManagedPrefixListVersion, GetManagedPrefixListEntries: what is in a prefix list.
//
// Each change of the entries is a version. Rules that name the list mean the entries of the present one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr size_t kMaxEntryChanges = 100;           // added, and removed, in one call
inline constexpr int64_t kPrefixListVersionsKept = 1000;  // older ones are forgotten

// A new name, other entries, or more or less room; not the latter two together. The version must be the present one
// where it is given. RulesPerSecurityGroupLimitExceeded where rules that name the list have not so much room.
ActionResult<ec2::ModifyManagedPrefixListResponse> modify_prefix_list(
    const Call& call, const ec2::ModifyManagedPrefixListRequest& request);
// The entries of an older version become a new one.
ActionResult<ec2::RestoreManagedPrefixListVersionResponse> restore_prefix_list(
    const Call& call, const ec2::RestoreManagedPrefixListVersionRequest& request);
aws::ApiResult<ec2::GetManagedPrefixListEntriesResponse> get_prefix_list_entries(
    const Call& call, const ec2::GetManagedPrefixListEntriesRequest& request);

// The list's entries with some added and others removed, in order; `added_name` is the parameter's.
aws::ApiResult<std::vector<model::PrefixListEntry>> with_changes(
    const model::PrefixList& list, std::string_view added_name, const std::vector<ec2::AddPrefixListEntry>& added,
    const std::vector<ec2::RemovePrefixListEntry>& removed);
// What is kept of the present version.
[[nodiscard]] model::PrefixListVersion version_of(const model::PrefixList& list);

}  // namespace ginnel::api
