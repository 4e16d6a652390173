#include "api/ec2/prefix_lists.h"

#include <fmt/format.h>

#include "api/ec2/prefix_list_entries.h"
#include "api/ec2/region_fixture.h"
#include "api/ec2/security_group_rules.h"
#include "api/ec2/tags.h"

namespace ginnel::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using Modify = ec2::ModifyManagedPrefixListRequest;

class PrefixLists : public RegionFixture {
 protected:
  static ec2::CreateManagedPrefixListRequest wanted(std::vector<std::string> cidrs, int max_entries = 10) {
    ec2::CreateManagedPrefixListRequest out{
        .prefix_list_name = "offices", .max_entries = max_entries, .address_family = "IPv4"};
    for (auto& cidr : cidrs) out.entries.push_back({.cidr = std::move(cidr)});
    return out;
  }
  std::string create(std::vector<std::string> cidrs, int max_entries = 10) {
    return *run(create_prefix_list, wanted(std::move(cidrs), max_entries)).prefix_list->prefix_list_id;
  }
  static Modify change(const std::string& id, std::vector<std::string> added, std::vector<std::string> removed) {
    Modify out{.prefix_list_id = id};
    for (auto& cidr : added) out.add_entries.push_back({.cidr = std::move(cidr)});
    for (auto& cidr : removed) out.remove_entries.push_back({.cidr = std::move(cidr)});
    return out;
  }
  ec2::ManagedPrefixList shown(const std::string& id) {
    const auto lists =
        run(describe_managed_prefix_lists, ec2::DescribeManagedPrefixListsRequest{.prefix_list_ids = {id}});
    return lists.prefix_lists.at(0);
  }
  std::vector<std::string> entries(const std::string& id, std::optional<int64_t> version = std::nullopt) {
    std::vector<std::string> out;
    const ec2::GetManagedPrefixListEntriesRequest request{.prefix_list_id = id, .target_version = version};
    for (const auto& entry : run(get_prefix_list_entries, request).entries) out.push_back(*entry.cidr);
    return out;
  }
  // The web group's inbound rule for TCP 443 from the list.
  static ec2::AuthorizeSecurityGroupIngressRequest allow(const std::string& id, const char* group = kWebGroup) {
    return {.group_id = group,
            .ip_permissions = {{.ip_protocol = "tcp",
                                .from_port = 443,
                                .to_port = 443,
                                .prefix_list_ids = {{.description = "from afar", .prefix_list_id = id}}}}};
  }
};

TEST_F(PrefixLists, AreMadeWithEntries) {
  auto request = wanted({"192.0.2.0/24", "10.1.2.3/8"});
  request.tag_specifications = {{.resource_type = "prefix-list", .tags = {{.key = "team", .value = "net"}}}};
  const auto list = *run(create_prefix_list, request).prefix_list;
  EXPECT_THAT(*list.prefix_list_id, StartsWith("pl-0"));
  EXPECT_EQ(list.prefix_list_arn, "arn:aws:ec2:ap-northeast-1:111122223333:prefix-list/" + *list.prefix_list_id);
  EXPECT_EQ(list.state, "create-complete");
  EXPECT_EQ(list.version, 1);
  EXPECT_EQ(list.max_entries, 10);
  EXPECT_EQ(list.owner_id, kAccount);
  EXPECT_EQ(list.tags.at(0).key, "team");
  EXPECT_THAT(entries(*list.prefix_list_id), ElementsAre("10.0.0.0/8", "192.0.2.0/24"));
  EXPECT_THAT(run(describe_managed_prefix_lists, ec2::DescribeManagedPrefixListsRequest{}, kOtherAccount).prefix_lists,
              IsEmpty());
  run(create_tags, ec2::CreateTagsRequest{.resources = {*list.prefix_list_id}, .tags = {{.key = "a", .value = "b"}}});
  EXPECT_EQ(shown(*list.prefix_list_id).tags.size(), 2U);
}

TEST_F(PrefixLists, RefuseWhatMakesNoSense) {
  const auto refused = [&](auto&& change) {
    auto request = wanted({});
    change(request);
    return error_of(create_prefix_list, request);
  };
  EXPECT_THAT(refused([](auto& r) { r.address_family = "ipv4"; }), HasSubstr("(ipv4) for parameter AddressFamily"));
  EXPECT_THAT(refused([](auto& r) { r.max_entries = 0; }), HasSubstr("(0) for parameter MaxEntries"));
  EXPECT_THAT(refused([](auto& r) { r.max_entries = 1001; }), HasSubstr("1 to 1000 entries"));
  EXPECT_THAT(refused([](auto& r) { r.prefix_list_name = "com.amazonaws.x"; }), HasSubstr("com.amazonaws"));
  EXPECT_THAT(refused([](auto& r) { r.entries = {{.cidr = "10.0.0.0"}}; }),
              HasSubstr("(10.0.0.0) for parameter Entry.1.Cidr"));
  EXPECT_THAT(refused([](auto& r) { r.entries = {{.cidr = "::/0"}}; }), HasSubstr("The prefix list is of IPv4."));
  EXPECT_THAT(refused([](auto& r) {
                r.entries = {{.cidr = "10.0.0.0/8"}, {.cidr = "10.1.0.0/8"}};
              }),
              StartsWith("InvalidRequest: "));
  EXPECT_THAT(error_of(create_prefix_list, wanted({"10.0.0.0/8", "192.0.2.0/24"}, 1)),
              StartsWith("PrefixListMaxEntriesExceeded: "));
  EXPECT_THAT(error_of(create_prefix_list, wanted(std::vector<std::string>(101, "10.0.0.0/8"), 200)),
              HasSubstr("cannot contain more than 100 entry additions or removals"));
  EXPECT_THAT(
      error_of(delete_prefix_list, ec2::DeleteManagedPrefixListRequest{.prefix_list_id = "pl-0123456789abcdef0"}),
      StartsWith("InvalidPrefixListID.NotFound: "));
  EXPECT_THAT(error_of(delete_prefix_list, ec2::DeleteManagedPrefixListRequest{.prefix_list_id = "list"}),
              StartsWith("InvalidPrefixListId.Malformed: "));
}

TEST_F(PrefixLists, EachChangeOfEntriesIsAVersion) {
  const auto id = create({"10.0.0.0/8"});
  auto request = change(id, {"192.0.2.0/24"}, {"10.0.0.0/8"});
  request.current_version = 1;
  const auto list = *run(modify_prefix_list, request).prefix_list;
  EXPECT_EQ(list.version, 2);
  EXPECT_EQ(list.state, "modify-complete");
  EXPECT_THAT(entries(id), ElementsAre("192.0.2.0/24"));
  EXPECT_THAT(entries(id, 1), ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(error_of(modify_prefix_list, request),
              StartsWith("PrefixListVersionMismatch: The prefix list has the incorrect "));
  const auto restored = *run(restore_prefix_list,
                             ec2::RestoreManagedPrefixListVersionRequest{
                                 .prefix_list_id = id, .previous_version = 1, .current_version = 2})
                             .prefix_list;
  EXPECT_EQ(restored.version, 3);
  EXPECT_EQ(restored.state, "restore-complete");
  EXPECT_THAT(entries(id), ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(error_of(get_prefix_list_entries,
                       ec2::GetManagedPrefixListEntriesRequest{.prefix_list_id = id, .target_version = 9}),
              HasSubstr("(9) for parameter TargetVersion"));
  // A new name is none.
  run(modify_prefix_list, Modify{.prefix_list_id = id, .prefix_list_name = "homes"});
  EXPECT_EQ(shown(id).version, 3);
  EXPECT_EQ(shown(id).prefix_list_name, "homes");
}

TEST_F(PrefixLists, ChangesThatCannotBe) {
  const auto id = create({"10.0.0.0/8"}, 2);
  EXPECT_THAT(error_of(modify_prefix_list, change(id, {}, {"192.0.2.0/24"})),
              StartsWith("InvalidPrefixListModification: The prefix list entry 192.0.2.0/24 does not exist."));
  EXPECT_THAT(error_of(modify_prefix_list, change(id, {"10.0.0.0/8"}, {"10.0.0.0/8"})),
              HasSubstr("in both AddPrefixListEntries and RemovePrefixListEntries"));
  EXPECT_THAT(error_of(modify_prefix_list, change(id, {"10.0.0.0/8"}, {})), StartsWith("InvalidRequest: "));
  EXPECT_THAT(error_of(modify_prefix_list, change(id, {"10.1.0.0/16", "10.2.0.0/16"}, {})),
              StartsWith("PrefixListMaxEntriesExceeded: "));
  EXPECT_THAT(error_of(modify_prefix_list, Modify{.prefix_list_id = id}), StartsWith("MissingParameter: "));
  auto both = change(id, {"10.1.0.0/16"}, {});
  both.max_entries = 5;
  EXPECT_THAT(error_of(modify_prefix_list, both), StartsWith("InvalidParameterCombination: "));
  run(modify_prefix_list, change(id, {"10.1.0.0/16"}, {}));
  EXPECT_THAT(error_of(modify_prefix_list, Modify{.prefix_list_id = id, .max_entries = 1}),
              StartsWith("PrefixListMaxEntriesExceeded: "));
}

TEST_F(PrefixLists, RulesNameThem) {
  const auto id = create({"10.0.0.0/8"});
  const auto rule = run(authorize_ingress, allow(id)).security_group_rules.at(0);
  EXPECT_EQ(rule.prefix_list_id, id);
  EXPECT_EQ(rule.description, "from afar");
  EXPECT_FALSE(rule.cidr_ipv4);
  EXPECT_THAT(error_of(authorize_ingress, allow(id)), HasSubstr("peer: " + id + ", TCP, from port: 443"));
  const auto associations =
      run(get_prefix_list_associations, ec2::GetManagedPrefixListAssociationsRequest{.prefix_list_id = id});
  EXPECT_EQ(associations.prefix_list_associations.at(0).resource_id, kWebGroup);
  EXPECT_THAT(error_of(delete_prefix_list, ec2::DeleteManagedPrefixListRequest{.prefix_list_id = id}),
              StartsWith("DependencyViolation: "));
  EXPECT_THAT(error_of(authorize_ingress, allow(id, kOtherGroup), kOtherAccount),
              StartsWith("InvalidPrefixListID.NotFound: "));
  const auto revoked = run(revoke_ingress, ec2::RevokeSecurityGroupIngressRequest{
                                               .group_id = kWebGroup, .ip_permissions = allow(id).ip_permissions});
  EXPECT_EQ(revoked.revoked_security_group_rules.at(0).prefix_list_id, id);
  EXPECT_EQ(run(delete_prefix_list, ec2::DeleteManagedPrefixListRequest{.prefix_list_id = id}).prefix_list->state,
            "delete-complete");
  EXPECT_EQ(snapshot.table<model::PrefixListVersion>().size(), 0U);
}

TEST_F(PrefixLists, CountAsManyRulesAsTheyMayHaveEntries) {
  const auto id = create({"10.0.0.0/8"}, 60);
  run(authorize_ingress, allow(id));
  ec2::IpPermission one{.ip_protocol = "tcp", .from_port = 80, .to_port = 80, .ip_ranges = {{.cidr_ip = "10.0.0.0/8"}}};
  EXPECT_THAT(error_of(authorize_ingress,
                       ec2::AuthorizeSecurityGroupIngressRequest{.group_id = kWebGroup, .ip_permissions = {one}}),
              HasSubstr("would have 61 inbound rules for IPv4"));
  EXPECT_THAT(error_of(modify_prefix_list, Modify{.prefix_list_id = id, .max_entries = 61}),
              StartsWith("RulesPerSecurityGroupLimitExceeded: "));
  run(modify_prefix_list, Modify{.prefix_list_id = id, .max_entries = 59});
  run(authorize_ingress, ec2::AuthorizeSecurityGroupIngressRequest{.group_id = kWebGroup, .ip_permissions = {one}});
}

TEST_F(PrefixLists, AChangeIsCompleteWhenItIsInForceEverywhere) {
  const auto id = create({"10.0.0.0/8"});
  run(authorize_ingress, allow(id));
  run(authorize_ingress, allow(id, kSecondGroup));
  const auto before = snapshot;
  auto done = modify_prefix_list(call(), change(id, {"192.0.2.0/24"}, {}));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->response.prefix_list->state, "modify-in-progress");
  commit(done->change);
  EXPECT_THAT(model::touched_vpcs(before, snapshot, done->change), ElementsAre(kVpc, kSecondVpc));
  const auto earlier = snapshot;
  apply(kVpc);
  EXPECT_EQ(shown(id).state, "modify-in-progress");
  // Nothing is planned again for that.
  model::Change note;
  note.put(*snapshot.find<model::PrefixList>(id));
  EXPECT_THAT(model::touched_vpcs(earlier, snapshot, note), IsEmpty());
  apply(kSecondVpc);
  EXPECT_EQ(shown(id).state, "modify-complete");
}

TEST_F(PrefixLists, RulesCanBeModified) {
  const auto id = create({"10.0.0.0/8"});
  const auto rule = run(authorize_ingress, allow(id)).security_group_rules.at(0);
  const auto update = [&](ec2::SecurityGroupRuleRequest wanted_rule) {
    return ec2::ModifySecurityGroupRulesRequest{
        .group_id = kWebGroup,
        .security_group_rules = {
            {.security_group_rule_id = rule.security_group_rule_id, .security_group_rule = wanted_rule}}};
  };
  run(modify_security_group_rules,
      update({.ip_protocol = "udp", .from_port = 53, .to_port = 53, .cidr_ipv6 = "2001:db8::/32"}));
  const auto* now_rule = snapshot.find<model::SecurityGroupRule>(*rule.security_group_rule_id);
  EXPECT_EQ(now_rule->protocol, "udp");
  EXPECT_EQ(now_rule->cidr_ipv6, "2001:db8::/32");
  EXPECT_EQ(now_rule->prefix_list, "");
  EXPECT_EQ(now_rule->description, "");
  EXPECT_THAT(error_of(modify_security_group_rules,
                       update({.ip_protocol = "-1", .cidr_ipv4 = "10.0.0.0/8", .prefix_list_id = id})),
              StartsWith("InvalidParameterCombination: Only one of"));
  EXPECT_THAT(error_of(modify_security_group_rules, update({.ip_protocol = "-1"})),
              HasSubstr("SecurityGroupRule.1.SecurityGroupRule"));
  run(authorize_ingress, allow(id));
  EXPECT_THAT(error_of(modify_security_group_rules,
                       update({.ip_protocol = "tcp", .from_port = 443, .to_port = 443, .prefix_list_id = id})),
              HasSubstr("must not appear multiple times"));
  EXPECT_THAT(error_of(modify_security_group_rules, update({.ip_protocol = "-1", .referenced_group_id = kSecondGroup})),
              StartsWith("InvalidGroup.NotFound: You have specified two resources that belong to different networks."));
}

}  // namespace
}  // namespace ginnel::api
