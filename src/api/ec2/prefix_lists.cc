#include "api/ec2/prefix_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "api/checks.h"
#include "api/describe.h"
#include "api/ec2/prefix_list_entries.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::PrefixList;

constexpr aws::PageForm kListPages{.operation = "DescribeManagedPrefixLists", .smallest = 1, .largest = 100};
constexpr aws::PageForm kAssociationPages{
    .operation = "GetManagedPrefixListAssociations", .smallest = 5, .largest = 255};

const Attributes<PrefixList>& prefix_list_attributes() {
  using Values = aws::FilterValues;
  static const Attributes<PrefixList> kAttributes{
      {"owner-id", [](const Call&, const PrefixList& list) { return Values{list.account}; }},
      {"prefix-list-id", [](const Call&, const PrefixList& list) { return Values{list.id}; }},
      {"prefix-list-name", [](const Call&, const PrefixList& list) { return Values{list.name}; }},
  };
  return kAttributes;
}

std::string state_of(const Call& call, const PrefixList& list) {
  const bool in_force = std::none_of(list.pending.begin(), list.pending.end(),
                                     [&](const auto& vpc) { return call.snapshot.find<model::Vpc>(vpc) != nullptr; });
  return list.last_change + (in_force ? "-complete" : "-in-progress");
}

aws::ApiStatus check_family(const std::string& family) {
  if (family == "IPv4" || family == "IPv6") return {};
  return aws::invalid_value("AddressFamily", family, "The address family must be IPv4 or IPv6.");
}

}  // namespace

aws::ApiStatus check_prefix_list_name(const std::string& name) {
  if (name.empty() || name.size() > 255) {
    return aws::invalid_value("PrefixListName", name, "A prefix list's name has 1 to 255 characters.");
  }
  if (!name.starts_with("com.amazonaws")) return {};
  return aws::invalid_value("PrefixListName", name, "The name cannot start with com.amazonaws.");
}

aws::ApiStatus check_max_entries(int max_entries) {
  if (max_entries >= 1 && max_entries <= kMaxPrefixListEntries) return {};
  return aws::invalid_value("MaxEntries", fmt::to_string(max_entries),
                            fmt::format("A prefix list has room for 1 to {} entries.", kMaxPrefixListEntries));
}

ec2::ManagedPrefixList to_wire(const Call& call, const PrefixList& list) {
  ec2::ManagedPrefixList out;
  out.prefix_list_id = list.id;
  out.address_family = list.address_family;
  out.state = state_of(call, list);
  out.prefix_list_arn =
      fmt::format("arn:{}:ec2:{}:{}:prefix-list/{}", call.region.partition, call.region.name, list.account, list.id);
  out.prefix_list_name = list.name;
  out.max_entries = list.max_entries;
  out.version = list.version;
  out.tags = tag_set(call, list.id);
  out.owner_id = list.account;
  return out;
}

ActionResult<ec2::CreateManagedPrefixListResponse> create_prefix_list(
    const Call& call, const ec2::CreateManagedPrefixListRequest& request) {
  GINNEL_CHECKED(check_prefix_list_name(*request.prefix_list_name));
  GINNEL_CHECKED(check_family(*request.address_family));
  GINNEL_CHECKED(check_max_entries(*request.max_entries));
  GINNEL_TRY(const NewTags tags, NewTags::parse(request.tag_specifications, {"prefix-list"}));
  if (all_owned<PrefixList>(call).size() >= kMaxPrefixLists) {
    return aws::api_error("PrefixListLimitExceeded",
                          fmt::format("The maximum number of prefix lists ({}) has been reached.", kMaxPrefixLists));
  }
  PrefixList list{.id = make_resource_id("pl", call.random),
                  .account = call.account,
                  .name = *request.prefix_list_name,
                  .address_family = *request.address_family,
                  .max_entries = *request.max_entries,
                  .created = call.now_ms()};
  GINNEL_TRY(list.entries, with_changes(list, "Entry", request.entries, {}));
  Done<ec2::CreateManagedPrefixListResponse> done;
  tags.put(call, done.change, "prefix-list", list.id);
  done.change.put(version_of(list));
  done.change.put(list);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.prefix_list = to_wire(call.on(later), list);
  return done;
}

ActionResult<ec2::DeleteManagedPrefixListResponse> delete_prefix_list(
    const Call& call, const ec2::DeleteManagedPrefixListRequest& request) {
  GINNEL_TRY(const PrefixList* list, find_owned<PrefixList>(call, *request.prefix_list_id));
  std::vector<std::string> users;
  for (const auto* rule : call.snapshot.table<model::SecurityGroupRule>().referring_to(list->id)) {
    users.push_back(fmt::format("{} of {}", rule->id, rule->group));
  }
  GINNEL_CHECKED(check_unused(fmt::format("The prefix list '{}'", list->id), users));
  Done<ec2::DeleteManagedPrefixListResponse> done;
  done.response.prefix_list = to_wire(call, *list);
  done.response.prefix_list->state = "delete-complete";
  for (const auto* version : call.snapshot.table<model::PrefixListVersion>().referring_to(list->id)) {
    done.change.erase(*version);
  }
  done.change.erase(*list);
  erase_tags(call, done.change, list->id);
  return done;
}

aws::ApiResult<ec2::DescribeManagedPrefixListsResponse> describe_managed_prefix_lists(
    const Call& call, const ec2::DescribeManagedPrefixListsRequest& request) {
  GINNEL_TRY(const auto page, select(call, kListPages, request, request.prefix_list_ids, prefix_list_attributes()));
  ec2::DescribeManagedPrefixListsResponse response;
  for (const PrefixList* list : page.items) response.prefix_lists.push_back(to_wire(call, *list));
  response.next_token = page.next_token;
  return response;
}

aws::ApiResult<ec2::GetManagedPrefixListAssociationsResponse> get_prefix_list_associations(
    const Call& call, const ec2::GetManagedPrefixListAssociationsRequest& request) {
  GINNEL_TRY(const PrefixList* list, find_owned<PrefixList>(call, *request.prefix_list_id));
  std::set<std::string> groups;
  for (const auto* rule : call.snapshot.table<model::SecurityGroupRule>().referring_to(list->id)) {
    groups.insert(rule->group);
  }
  GINNEL_TRY(const auto page, aws::paginate(kAssociationPages, {request.max_results, request.next_token},
                                            std::vector<std::string>(groups.begin(), groups.end()),
                                            [](const std::string& id) { return id; }));
  ec2::GetManagedPrefixListAssociationsResponse response;
  for (const auto& id : page.items) {
    response.prefix_list_associations.push_back({.resource_id = id, .resource_owner = list->account});
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
