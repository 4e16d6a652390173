#include "api/ec2/prefix_list_entries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "api/ec2/prefix_lists.h"
#include "api/ec2/rules_in_force.h"
#include "api/lookup.h"
#include "aws/page.h"

namespace ginnel::api {
namespace {

using model::PrefixList;
using Entries = std::vector<model::PrefixListEntry>;

constexpr aws::PageForm kPages{.operation = "GetManagedPrefixListEntries", .smallest = 1, .largest = 100};

std::string version_id(const PrefixList& list, int64_t version) { return fmt::format("{}|{}", list.id, version); }

// In the one way of writing it, of the list's family.
aws::ApiResult<std::string> parse_entry(const PrefixList& list, const std::string& text, const std::string& parameter) {
  const auto cidr = Cidr::parse(text);
  if (!cidr || text.find('/') == std::string::npos) {
    return aws::invalid_value(parameter, text, "This is not a valid CIDR block.");
  }
  if (cidr->is_v4() == (list.address_family == "IPv4")) return cidr->to_string();
  return aws::invalid_value(parameter, text, fmt::format("The prefix list is of {}.", list.address_family));
}

aws::ApiStatus check_count(size_t count) {
  if (count <= kMaxEntryChanges) return {};
  return aws::api_error("InvalidParameterValue", fmt::format("Request cannot contain more than {} entry additions or "
                                                             "removals",
                                                             kMaxEntryChanges));
}

aws::ApiStatus check_description(const std::string& text, const std::string& parameter) {
  if (text.size() <= 255) return {};
  return aws::invalid_value(parameter, text, "A description has up to 255 characters.");
}

aws::ApiStatus check_version(const PrefixList& list, const std::optional<int64_t>& current) {
  if (!current || *current == list.version) return {};
  return aws::api_error("PrefixListVersionMismatch",
                        fmt::format("The prefix list has the incorrect version number. ({} has the version {}, the "
                                    "request names {})",
                                    list.id, list.version, *current));
}

aws::ApiStatus check_room(const PrefixList& list) {
  if (list.entries.size() <= static_cast<size_t>(list.max_entries)) return {};
  return aws::api_error(
      "PrefixListMaxEntriesExceeded",
      fmt::format("You've reached the maximum number of entries for the prefix list. ({} would have {} "
                  "entries, its MaxEntries is {})",
                  list.id, list.entries.size(), list.max_entries));
}

std::vector<const model::SecurityGroup*> groups_naming(const model::Snapshot& snapshot, const PrefixList& list) {
  std::set<std::string> ids;
  for (const auto* rule : snapshot.table<model::SecurityGroupRule>().referring_to(list.id)) ids.insert(rule->group);
  std::vector<const model::SecurityGroup*> out;
  for (const auto& id : ids) {
    if (const auto* group = snapshot.find<model::SecurityGroup>(id)) out.push_back(group);
  }
  return out;
}

// The next version, which is in force when every VPC that it concerns has it.
void put_version(const Call& call, PrefixList& list, const char* change_name, Entries entries, model::Change& change) {
  list.entries = std::move(entries);
  list.version += 1;
  list.last_change = change_name;
  std::set<std::string> vpcs;
  for (const auto* group : groups_naming(call.snapshot, list)) vpcs.insert(group->vpc);
  list.pending.assign(vpcs.begin(), vpcs.end());
  change.put(version_of(list));
  const auto* oldest =
      call.snapshot.find<model::PrefixListVersion>(version_id(list, list.version - kPrefixListVersionsKept));
  if (oldest != nullptr) change.erase(*oldest);
}

// Whether every group that names the list has room for it.
aws::ApiStatus check_users(const Call& later, const PrefixList& list) {
  for (const auto* group : groups_naming(later.snapshot, list)) {
    for (const bool egress : {false, true}) GINNEL_CHECKED(check_rules_of(later, *group, egress));
  }
  return {};
}

}  // namespace

model::PrefixListVersion version_of(const PrefixList& list) {
  return {
      .id = version_id(list, list.version), .prefix_list = list.id, .version = list.version, .entries = list.entries};
}

aws::ApiResult<Entries> with_changes(const PrefixList& list, std::string_view added_name,
                                     const std::vector<ec2::AddPrefixListEntry>& added,
                                     const std::vector<ec2::RemovePrefixListEntry>& removed) {
  GINNEL_CHECKED(check_count(added.size()));
  GINNEL_CHECKED(check_count(removed.size()));
  std::map<std::string, std::string> entries;  // descriptions by CIDR
  for (const auto& entry : list.entries) entries[entry.cidr] = entry.description;
  std::set<std::string> gone;
  for (size_t i = 0; i < removed.size(); ++i) {
    GINNEL_TRY(const auto cidr, parse_entry(list, *removed[i].cidr, fmt::format("RemoveEntry.{}.Cidr", i + 1)));
    if (entries.erase(cidr) == 0) {
      return aws::api_error("InvalidPrefixListModification",
                            fmt::format("The prefix list entry {} does not exist. ({})", cidr, list.id));
    }
    gone.insert(cidr);
  }
  for (size_t i = 0; i < added.size(); ++i) {
    const std::string path = fmt::format("{}.{}.", added_name, i + 1);
    GINNEL_TRY(auto cidr, parse_entry(list, *added[i].cidr, path + "Cidr"));
    GINNEL_CHECKED(check_description(added[i].description.value_or(""), path + "Description"));
    if (gone.contains(cidr)) {
      return aws::api_error(
          "InvalidParameterValue",
          fmt::format("Request cannot contain Cidr {} in both AddPrefixListEntries and RemovePrefixListEntries", cidr));
    }
    if (entries.contains(cidr)) {
      return aws::api_error("InvalidRequest",
                            fmt::format("The request received was invalid. ({} has the entry {} already)",
                                        removed.empty() && list.entries.empty() ? "The request" : list.id, cidr));
    }
    entries[cidr] = added[i].description.value_or("");
  }
  PrefixList next = list;
  next.entries.clear();
  for (const auto& [cidr, description] : entries) next.entries.push_back({cidr, description});
  GINNEL_CHECKED(check_room(next));
  return std::move(next.entries);
}

ActionResult<ec2::ModifyManagedPrefixListResponse> modify_prefix_list(
    const Call& call, const ec2::ModifyManagedPrefixListRequest& request) {
  GINNEL_TRY(const PrefixList* list, find_owned<PrefixList>(call, *request.prefix_list_id));
  GINNEL_CHECKED(check_version(*list, request.current_version));
  const bool changes_entries = !request.add_entries.empty() || !request.remove_entries.empty();
  if (!changes_entries && !request.prefix_list_name && !request.max_entries) {
    return aws::missing_parameter("AddEntry, RemoveEntry, MaxEntries or PrefixListName");
  }
  if (changes_entries && request.max_entries) {
    return aws::invalid_combination(
        "The entries of a prefix list and its size cannot be modified at the same time (MaxEntries).");
  }
  PrefixList next = *list;
  if (request.prefix_list_name) {
    GINNEL_CHECKED(check_prefix_list_name(*request.prefix_list_name));
    next.name = *request.prefix_list_name;
  }
  if (request.max_entries) {
    GINNEL_CHECKED(check_max_entries(*request.max_entries));
    next.max_entries = *request.max_entries;
    GINNEL_CHECKED(check_room(next));
  }
  Done<ec2::ModifyManagedPrefixListResponse> done;
  next.last_change = "modify";
  if (changes_entries) {
    GINNEL_TRY(auto entries, with_changes(*list, "AddEntry", request.add_entries, request.remove_entries));
    put_version(call, next, "modify", std::move(entries), done.change);
  }
  done.change.put(next);
  const model::Snapshot later = call.snapshot.with(done.change);
  GINNEL_CHECKED(check_users(call.on(later), next));
  done.response.prefix_list = to_wire(call.on(later), next);
  return done;
}

ActionResult<ec2::RestoreManagedPrefixListVersionResponse> restore_prefix_list(
    const Call& call, const ec2::RestoreManagedPrefixListVersionRequest& request) {
  GINNEL_TRY(const PrefixList* list, find_owned<PrefixList>(call, *request.prefix_list_id));
  GINNEL_CHECKED(check_version(*list, request.current_version));
  const auto* former = call.snapshot.find<model::PrefixListVersion>(version_id(*list, *request.previous_version));
  if (former == nullptr) {
    return aws::invalid_value("PreviousVersion", fmt::to_string(*request.previous_version),
                              fmt::format("The prefix list {} has no such version.", list->id));
  }
  PrefixList next = *list;
  Done<ec2::RestoreManagedPrefixListVersionResponse> done;
  put_version(call, next, "restore", former->entries, done.change);
  GINNEL_CHECKED(check_room(next));
  done.change.put(next);
  const model::Snapshot later = call.snapshot.with(done.change);
  done.response.prefix_list = to_wire(call.on(later), next);
  return done;
}

aws::ApiResult<ec2::GetManagedPrefixListEntriesResponse> get_prefix_list_entries(
    const Call& call, const ec2::GetManagedPrefixListEntriesRequest& request) {
  GINNEL_TRY(const PrefixList* list, find_owned<PrefixList>(call, *request.prefix_list_id));
  const int64_t version = request.target_version.value_or(list->version);
  const auto* wanted = call.snapshot.find<model::PrefixListVersion>(version_id(*list, version));
  if (wanted == nullptr) {
    return aws::invalid_value("TargetVersion", fmt::to_string(version),
                              fmt::format("The prefix list {} has no such version.", list->id));
  }
  GINNEL_TRY(const auto page, aws::paginate(kPages, {request.max_results, request.next_token}, wanted->entries,
                                            [](const model::PrefixListEntry& entry) { return entry.cidr; }));
  ec2::GetManagedPrefixListEntriesResponse response;
  for (const auto& entry : page.items) {
    ec2::PrefixListEntry out{.cidr = entry.cidr};
    if (!entry.description.empty()) out.description = entry.description;
    response.entries.push_back(std::move(out));
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
