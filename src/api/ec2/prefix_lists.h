// CreateManagedPrefixList, DeleteManagedPrefixList, DescribeManagedPrefixLists, GetManagedPrefixListAssociations.
//
// A list's state ends in -in-progress as long as its entries are not in force in every VPC whose rules name it.
// Lists that AWS manages are there for gateway endpoints; this region has none.
#pragma once

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

inline constexpr size_t kMaxPrefixLists = 100;  // of an account (Amazon VPC quotas)
inline constexpr int kMaxPrefixListEntries = 1000;

ActionResult<ec2::CreateManagedPrefixListResponse> create_prefix_list(
    const Call& call, const ec2::CreateManagedPrefixListRequest& request);
// Not while rules name it.
ActionResult<ec2::DeleteManagedPrefixListResponse> delete_prefix_list(
    const Call& call, const ec2::DeleteManagedPrefixListRequest& request);
aws::ApiResult<ec2::DescribeManagedPrefixListsResponse> describe_managed_prefix_lists(
    const Call& call, const ec2::DescribeManagedPrefixListsRequest& request);
// The security groups with rules that name it.
aws::ApiResult<ec2::GetManagedPrefixListAssociationsResponse> get_prefix_list_associations(
    const Call& call, const ec2::GetManagedPrefixListAssociationsRequest& request);

[[nodiscard]] ec2::ManagedPrefixList to_wire(const Call& call, const model::PrefixList& list);
// Names of up to 255 characters, and not AWS's own.
aws::ApiStatus check_prefix_list_name(const std::string& name);
aws::ApiStatus check_max_entries(int max_entries);

}  // namespace ginnel::api
