#include "api/ec2/security_group_rules.h"

#include <fmt/format.h>

#include "api/ec2/region_fixture.h"
#include "api/ec2/security_groups.h"

namespace ginnel::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Authorize = ec2::AuthorizeSecurityGroupIngressRequest;
using Revoke = ec2::RevokeSecurityGroupIngressRequest;
using Permission = ec2::IpPermission;

Permission tcp(int from, int to, std::vector<std::string> cidrs) {
  Permission out{.ip_protocol = "tcp", .from_port = from, .to_port = to};
  for (auto& cidr : cidrs) out.ip_ranges.push_back({.cidr_ip = std::move(cidr)});
  return out;
}

class SecurityGroupRules : public RegionFixture {
 protected:
  static Authorize allow(Permission permission) {
    return {.group_id = kWebGroup, .ip_permissions = {std::move(permission)}};
  }
  static Revoke forbid(Permission permission) {
    return {.group_id = kWebGroup, .ip_permissions = {std::move(permission)}};
  }
  std::string refused(Permission permission) { return error_of(authorize_ingress, allow(std::move(permission))); }
  // Of the web group, both directions.
  std::vector<const model::SecurityGroupRule*> rules() {
    return snapshot.table<model::SecurityGroupRule>().referring_to(kWebGroup);
  }
  ec2::SecurityGroup web() {
    return run(describe_security_groups, ec2::DescribeSecurityGroupsRequest{.group_ids = {kWebGroup}})
        .security_groups[0];
  }
};

TEST_F(SecurityGroupRules, EachSourceIsARule) {
  auto permission = tcp(443, 443, {"10.0.0.0/8", "192.0.2.7/24"});
  permission.ip_ranges[0].description = "inside";
  permission.ipv6_ranges = {{.cidr_ipv6 = "2001:DB8::/32"}};
  permission.user_id_group_pairs = {{.group_id = kDefaultGroupId}};
  const auto response = run(authorize_ingress, allow(permission));
  EXPECT_EQ(response.return_, true);
  ASSERT_EQ(response.security_group_rules.size(), 4U);
  const auto& first = response.security_group_rules[0];
  EXPECT_THAT(*first.security_group_rule_id, StartsWith("sgr-0"));
  EXPECT_EQ(first.group_id, kWebGroup);
  EXPECT_EQ(first.group_owner_id, kAccount);
  EXPECT_EQ(first.is_egress, false);
  EXPECT_EQ(first.ip_protocol, "tcp");
  EXPECT_EQ(first.from_port, 443);
  EXPECT_EQ(first.cidr_ipv4, "10.0.0.0/8");
  EXPECT_EQ(first.description, "inside");
  EXPECT_FALSE(first.referenced_group_info);
  EXPECT_EQ(response.security_group_rules[1].cidr_ipv4, "192.0.2.0/24");
  EXPECT_EQ(response.security_group_rules[2].cidr_ipv6, "2001:db8::/32");
  EXPECT_EQ(response.security_group_rules[3].referenced_group_info->group_id, kDefaultGroupId);
  EXPECT_EQ(response.security_group_rules[3].referenced_group_info->user_id, kAccount);

  // In the group they are one permission again.
  const auto shown = web().ip_permissions;
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].ip_ranges.size(), 2U);
  EXPECT_EQ(shown[0].ipv6_ranges.size(), 1U);
  EXPECT_EQ(shown[0].user_id_group_pairs[0].group_id, kDefaultGroupId);
  EXPECT_EQ(shown[0].user_id_group_pairs[0].user_id, kAccount);
}

TEST_F(SecurityGroupRules, DirectionsAreApart) {
  run(authorize_ingress, allow(tcp(443, 443, {"10.0.0.0/8"})));
  const auto out = run(authorize_egress, ec2::AuthorizeSecurityGroupEgressRequest{
                                             .group_id = kWebGroup, .ip_permissions = {tcp(443, 443, {"10.0.0.0/8"})}});
  EXPECT_EQ(out.security_group_rules[0].is_egress, true);
  run(revoke_egress,
      ec2::RevokeSecurityGroupEgressRequest{.group_id = kWebGroup, .ip_permissions = {tcp(443, 443, {"10.0.0.0/8"})}});
  ASSERT_EQ(rules().size(), 1U);
  EXPECT_FALSE(rules()[0]->egress);
}

TEST_F(SecurityGroupRules, OlderFormOfOnePermission) {
  run(authorize_ingress,
      Authorize{.cidr_ip = "10.0.0.0/8", .from_port = 22, .group_id = kWebGroup, .ip_protocol = "tcp", .to_port = 22});
  ASSERT_EQ(rules().size(), 1U);
  EXPECT_EQ(rules()[0]->cidr_ipv4, "10.0.0.0/8");
  run(authorize_ingress, Authorize{.group_name = "web", .source_security_group_name = "default"});
  ASSERT_EQ(rules().size(), 2U);
  const auto everything = web().ip_permissions[0];
  EXPECT_EQ(everything.ip_protocol, "-1");
  EXPECT_EQ(everything.user_id_group_pairs[0].group_id, kDefaultGroupId);

  Authorize both = allow(tcp(1, 2, {"10.0.0.0/8"}));
  both.ip_protocol = "tcp";
  EXPECT_THAT(error_of(authorize_ingress, both), StartsWith("InvalidParameterCombination"));
  EXPECT_THAT(error_of(authorize_ingress, Authorize{.cidr_ip = "10.0.0.0/8", .group_id = kWebGroup}),
              StartsWith("MissingParameter: The request must contain the parameter IpProtocol"));
  EXPECT_THAT(error_of(authorize_ingress,
                       Authorize{.from_port = 22, .group_id = kWebGroup, .ip_protocol = "tcp", .to_port = 22}),
              StartsWith("MissingParameter: The request must contain the parameter CidrIp"));
  EXPECT_THAT(error_of(authorize_ingress, Authorize{.group_id = kWebGroup, .source_security_group_name = "none"}),
              StartsWith("InvalidGroup.NotFound"));
  run(revoke_ingress, Revoke{.group_id = kWebGroup, .source_security_group_name = "default"});
  EXPECT_EQ(rules().size(), 1U);
}

TEST_F(SecurityGroupRules, ProtocolsByNameAndNumber) {
  const auto stored = [&](Permission permission) {
    permission.ip_ranges = {{.cidr_ip = "10.0.0.0/8"}};
    const auto rule = run(authorize_ingress, allow(permission)).security_group_rules.at(0);
    return fmt::format("{} {} {}", *rule.ip_protocol, *rule.from_port, *rule.to_port);
  };
  EXPECT_EQ(stored({.ip_protocol = "TCP", .from_port = 0, .to_port = 65535}), "tcp 0 65535");
  EXPECT_EQ(stored({.ip_protocol = "17", .from_port = 53, .to_port = 53}), "udp 53 53");
  EXPECT_EQ(stored({.ip_protocol = "icmp", .from_port = 8, .to_port = -1}), "icmp 8 -1");
  EXPECT_EQ(stored({.ip_protocol = "1", .from_port = -1, .to_port = -1}), "icmp -1 -1");
  EXPECT_EQ(stored({.ip_protocol = "58"}), "icmpv6 -1 -1");
  EXPECT_EQ(stored({.ip_protocol = "50"}), "50 -1 -1");
  EXPECT_EQ(stored({.ip_protocol = "-1", .from_port = 80, .to_port = 80}), "-1 -1 -1");
}

TEST_F(SecurityGroupRules, BadValuesAreNamed) {
  EXPECT_EQ(refused({.ip_protocol = "ftp", .ip_ranges = {{.cidr_ip = "10.0.0.0/8"}}}),
            "InvalidParameterValue: Invalid value 'ftp' for IP protocol. Unknown protocol.");
  EXPECT_THAT(refused({.ip_protocol = "256"}), HasSubstr("'256'"));
  EXPECT_THAT(refused({.ip_protocol = "255"}), HasSubstr("'255'"));
  EXPECT_THAT(refused({.ip_ranges = {{.cidr_ip = "10.0.0.0/8"}}}),
              StartsWith("MissingParameter: The request must contain the parameter IpPermissions.1.IpProtocol"));
  EXPECT_EQ(refused(tcp(80, 22, {"10.0.0.0/8"})), "InvalidParameterValue: Invalid TCP/UDP port range (80:22)");
  EXPECT_EQ(refused(tcp(0, 65536, {"10.0.0.0/8"})), "InvalidParameterValue: TCP/UDP port (65536) out of range");
  EXPECT_EQ(refused(tcp(-1, -1, {"10.0.0.0/8"})), "InvalidParameterValue: TCP/UDP port (-1) out of range");
  EXPECT_THAT(refused({.ip_protocol = "udp", .from_port = 53}), HasSubstr("Must specify both from and to ports"));
  EXPECT_THAT(refused({.ip_protocol = "icmp"}), HasSubstr("Must specify both from and to ports with ICMP"));
  EXPECT_EQ(refused({.ip_protocol = "icmp", .from_port = 256, .to_port = 0}),
            "InvalidParameterValue: ICMP type (256) out of range");
  EXPECT_EQ(refused({.ip_protocol = "icmp", .from_port = 8, .to_port = 300}),
            "InvalidParameterValue: ICMP code (300) out of range");
  EXPECT_EQ(refused({.ip_protocol = "icmp", .from_port = -1, .to_port = 0}),
            "InvalidParameterValue: ICMP code (0) without a type");
  for (const char* bad : {"10.0.0.0", "10.0.0.0/33", "2001:db8::/32", "x"}) {
    EXPECT_EQ(
        refused(tcp(80, 80, {"10.0.0.0/8", bad})),
        fmt::format("InvalidParameterValue: CIDR block {} is malformed (IpPermissions.1.IpRanges.2.CidrIp)", bad));
  }
  EXPECT_THAT(refused({.ip_protocol = "-1", .ipv6_ranges = {{.cidr_ipv6 = "10.0.0.0/8"}}}), HasSubstr("Ipv6Ranges.1"));
  EXPECT_THAT(refused({.ip_protocol = "-1", .ip_ranges = {{}}}), HasSubstr("IpPermissions.1.IpRanges.1.CidrIp"));
  EXPECT_THAT(refused({.ip_protocol = "-1", .ip_ranges = {{.description = "\"", .cidr_ip = "10.0.0.0/8"}}}),
              StartsWith("InvalidParameterValue: Invalid rule description"));
  EXPECT_EQ(refused({.ip_protocol = "-1"}),
            "MissingParameter: Missing source specification: include source security group or CIDR information "
            "(IpPermissions.1)");
  EXPECT_EQ(refused({.ip_protocol = "-1", .prefix_list_ids = {{.prefix_list_id = "pl-1"}}}),
            "InvalidPrefixListId.Malformed: Invalid id: \"pl-1\" (expecting \"pl-...\")");
  EXPECT_EQ(error_of(authorize_ingress, Authorize{.group_id = kWebGroup}),
            "MissingParameter: The request must contain the parameter IpPermissions");
  EXPECT_TRUE(rules().empty());
}

TEST_F(SecurityGroupRules, GroupsMustBeOfTheSameVpcAndAccount) {
  const auto from = [&](ec2::UserIdGroupPair pair) {
    return refused({.ip_protocol = "-1", .user_id_group_pairs = {std::move(pair)}});
  };
  EXPECT_THAT(from({.group_id = kSecondGroup}),
              StartsWith("InvalidGroup.NotFound: You have specified two resources that belong to different networks."));
  EXPECT_THAT(from({.group_id = kDefaultGroupId, .vpc_id = kSecondVpc}), HasSubstr("different networks"));
  EXPECT_EQ(from({.group_id = kOtherGroup}),
            "InvalidGroup.NotFound: The security group 'sg-00000000000000009' does not exist");
  EXPECT_THAT(from({.user_id = kOtherAccount, .group_id = kDefaultGroupId}), StartsWith("InvalidGroup.NotFound"));
  EXPECT_THAT(from({.group_name = "none"}), HasSubstr("'none'"));
  EXPECT_THAT(from({.group_id = "web"}), StartsWith("InvalidGroupId.Malformed"));
  EXPECT_THAT(from({}),
              StartsWith("MissingParameter: The request must contain the parameter IpPermissions.1.Groups.1.GroupId"));
  EXPECT_THAT(from({.group_name = "web", .group_id = kDefaultGroupId}), StartsWith("InvalidParameterCombination"));
  run(authorize_ingress,
      allow({.ip_protocol = "-1", .user_id_group_pairs = {{.user_id = kAccount, .group_name = "default"}}}));
  run(authorize_ingress,
      allow({.ip_protocol = "-1", .user_id_group_pairs = {{.group_id = kWebGroup, .vpc_id = kVpc}}}));
}

TEST_F(SecurityGroupRules, ARuleIsThereOnce) {
  auto permission = tcp(443, 443, {"10.0.0.0/8"});
  run(authorize_ingress, allow(permission));
  permission.ip_ranges[0].description = "described";
  permission.ip_ranges.push_back({.cidr_ip = "192.0.2.0/24"});
  EXPECT_EQ(refused(permission),
            "InvalidPermission.Duplicate: the specified rule \"peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, "
            "ALLOW\" already exists");
  EXPECT_EQ(rules().size(), 1U);
  EXPECT_THAT(refused(tcp(80, 80, {"10.0.0.0/8", "10.0.0.0/8"})),
              StartsWith("InvalidParameterValue: The same permission must not appear multiple times"));
}

TEST_F(SecurityGroupRules, SixtyRulesPerDirectionAndFamily) {
  std::vector<std::string> many;
  for (int i = 0; i < 60; ++i) many.push_back(fmt::format("10.{}.0.0/16", i));
  run(authorize_ingress, allow(tcp(443, 443, many)));
  EXPECT_THAT(refused(tcp(80, 80, {"10.0.0.0/8"})), StartsWith("RulesPerSecurityGroupLimitExceeded"));
  // A group counts for both families.
  EXPECT_THAT(refused({.ip_protocol = "-1", .user_id_group_pairs = {{.group_id = kWebGroup}}}),
              StartsWith("RulesPerSecurityGroupLimitExceeded"));
  run(authorize_ingress, allow({.ip_protocol = "-1", .ipv6_ranges = {{.cidr_ipv6 = "::/0"}}}));
  run(authorize_egress,
      ec2::AuthorizeSecurityGroupEgressRequest{.group_id = kWebGroup, .ip_permissions = {tcp(80, 80, {"10.0.0.0/8"})}});
}

TEST_F(SecurityGroupRules, NewRulesCanHaveTags) {
  auto request = allow(tcp(443, 443, {"10.0.0.0/8", "192.0.2.0/24"}));
  request.tag_specifications = {{.resource_type = "security-group-rule", .tags = {{.key = "Name", .value = "lab"}}}};
  const auto response = run(authorize_ingress, request);
  EXPECT_EQ(response.security_group_rules[1].tags[0].value, "lab");
  const ec2::DescribeSecurityGroupRulesRequest tagged{.filters = {{.name = "tag:Name", .values = {"lab"}}}};
  EXPECT_EQ(run(describe_security_group_rules, tagged).security_group_rules.size(), 2U);
  run(revoke_ingress, forbid(tcp(443, 443, {"10.0.0.0/8", "192.0.2.0/24"})));
  EXPECT_EQ(snapshot.table<model::Tags>().size(), 0U);
}

TEST_F(SecurityGroupRules, RevokedByValue) {
  run(authorize_ingress, allow(tcp(443, 443, {"10.0.0.0/8", "192.0.2.0/24"})));
  const auto response = run(revoke_ingress, forbid(tcp(443, 443, {"10.0.0.0/8"})));
  EXPECT_EQ(response.return_, true);
  ASSERT_EQ(response.revoked_security_group_rules.size(), 1U);
  EXPECT_EQ(response.revoked_security_group_rules[0].cidr_ipv4, "10.0.0.0/8");
  ASSERT_EQ(rules().size(), 1U);
  EXPECT_EQ(rules()[0]->cidr_ipv4, "192.0.2.0/24");
  // All of them or none.
  EXPECT_EQ(error_of(revoke_ingress, forbid(tcp(443, 443, {"192.0.2.0/24", "10.0.0.0/8"}))),
            "InvalidPermission.NotFound: The specified rule does not exist in this security group. (peer: 10.0.0.0/8, "
            "TCP, from port: 443, to port: 443, ALLOW)");
  EXPECT_EQ(rules().size(), 1U);
  EXPECT_THAT(error_of(revoke_ingress, Revoke{.group_id = kWebGroup}), StartsWith("MissingParameter"));
}

TEST_F(SecurityGroupRules, RevokedById) {
  const auto in =
      *run(authorize_ingress, allow(tcp(443, 443, {"10.0.0.0/8"}))).security_group_rules[0].security_group_rule_id;
  const auto out =
      *run(authorize_egress, ec2::AuthorizeSecurityGroupEgressRequest{.group_id = kWebGroup,
                                                                      .ip_permissions = {tcp(1, 1, {"10.0.0.0/8"})}})
           .security_group_rules[0]
           .security_group_rule_id;
  const auto by_id = [](const std::string& id) {
    return Revoke{.group_id = kWebGroup, .security_group_rule_ids = {id}};
  };
  EXPECT_THAT(error_of(revoke_ingress, by_id(out)), HasSubstr("It is an outbound rule."));
  EXPECT_EQ(error_of(revoke_ingress, by_id("sgr-0123456789abcdef0")),
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-0123456789abcdef0' does not exist");
  EXPECT_THAT(error_of(revoke_ingress, by_id("x")), StartsWith("InvalidSecurityGroupRuleId.Malformed"));
  EXPECT_THAT(error_of(revoke_ingress, Revoke{.group_id = kDefaultGroupId, .security_group_rule_ids = {in}}),
              StartsWith("InvalidSecurityGroupRuleId.NotFound"));
  auto both = by_id(in);
  both.ip_permissions = {tcp(443, 443, {"10.0.0.0/8"})};
  EXPECT_THAT(error_of(revoke_ingress, both), StartsWith("InvalidParameterCombination"));
  run(revoke_ingress, by_id(in));
  ASSERT_EQ(rules().size(), 1U);
  EXPECT_EQ(rules()[0]->id, out);
}

TEST_F(SecurityGroupRules, EachAccountSeesItsOwn) {
  run(authorize_ingress, allow(tcp(443, 443, {"10.0.0.0/8"})));
  EXPECT_TRUE(run(describe_security_group_rules, ec2::DescribeSecurityGroupRulesRequest{}, kOtherAccount)
                  .security_group_rules.empty());
  EXPECT_THAT(error_of(authorize_ingress, allow(tcp(1, 1, {"10.0.0.0/8"})), kOtherAccount),
              StartsWith("InvalidGroup.NotFound"));
  EXPECT_THAT(error_of(revoke_ingress, forbid(tcp(443, 443, {"10.0.0.0/8"})), kOtherAccount),
              StartsWith("InvalidGroup.NotFound"));
  EXPECT_THAT(
      error_of(describe_security_group_rules,
               ec2::DescribeSecurityGroupRulesRequest{.security_group_rule_ids = {rules()[0]->id}}, kOtherAccount),
      StartsWith("InvalidSecurityGroupRuleId.NotFound"));
}

TEST_F(SecurityGroupRules, DescribedByGroupAndId) {
  const auto id = *run(authorize_ingress, allow({.ip_protocol = "-1", .ip_ranges = {{.cidr_ip = "0.0.0.0/0"}}}))
                       .security_group_rules[0]
                       .security_group_rule_id;
  const auto rule =
      run(describe_security_group_rules, ec2::DescribeSecurityGroupRulesRequest{.security_group_rule_ids = {id}})
          .security_group_rules.at(0);
  EXPECT_EQ(rule.from_port, -1);
  EXPECT_EQ(rule.to_port, -1);
  EXPECT_EQ(rule.security_group_rule_arn, "arn:aws:ec2:ap-northeast-1:111122223333:security-group-rule/" + id);
  const ec2::DescribeSecurityGroupRulesRequest by_group{.filters = {{.name = "group-id", .values = {kWebGroup}}}};
  EXPECT_EQ(run(describe_security_group_rules, by_group).security_group_rules.size(), 1U);
  const ec2::DescribeSecurityGroupRulesRequest bad{.filters = {{.name = "cidr", .values = {"x"}}}};
  EXPECT_THAT(error_of(describe_security_group_rules, bad), HasSubstr("'cidr'"));
}

}  // namespace
}  // namespace ginnel::api
