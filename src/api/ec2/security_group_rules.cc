#include "api/ec2/security_group_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/describe.h"
#include "api/ec2/group_store.h"
#include "api/ec2/rule_values.h"
#include "api/ec2/rule_view.h"
#include "api/ec2/rules_in_force.h"
#include "api/ec2/security_groups.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

using model::SecurityGroup;
using model::SecurityGroupRule;
using Rules = std::vector<const SecurityGroupRule*>;

template <typename Request>
aws::ApiResult<const SecurityGroup*> group_of(const Call& call, const Request& request) {
  if constexpr (requires { request.group_name; }) {
    return resolve_group(call, request.group_id, request.group_name);
  } else {
    return resolve_group(call, request.group_id, std::nullopt);
  }
}

template <typename Request>
aws::ApiResult<std::vector<RuleValues>> values_in(const Call& call, const SecurityGroup& group, bool egress,
                                                  const Request& request) {
  const FlatPermission flat{.protocol = request.ip_protocol,
                            .cidr = request.cidr_ip,
                            .source_group = request.source_security_group_name,
                            .source_owner = request.source_security_group_owner_id,
                            .from_port = request.from_port,
                            .to_port = request.to_port};
  if (flat.is_given() && !request.ip_permissions.empty()) {
    return aws::invalid_combination(
        "The parameter IpPermissions may not be used with IpProtocol, FromPort, ToPort, "
        "CidrIp or SourceSecurityGroupName.");
  }
  if (!flat.is_given()) return parse_permissions(call, group, egress, request.ip_permissions);
  GINNEL_TRY(RuleValues values, parse_flat(call, group, egress, flat));
  return std::vector{std::move(values)};
}

aws::ApiResult<void> check_no_repeats(const std::vector<RuleValues>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (!values[i].same_as(values[k])) continue;
      return aws::api_error("InvalidParameterValue",
                            fmt::format("The same permission must not appear multiple times: {}", values[i].text()));
    }
  }
  return {};
}

aws::ApiResult<void> check_new(const Rules& existing, const std::vector<RuleValues>& values) {
  for (const auto& value : values) {
    for (const auto* rule : existing) {
      if (!value.same_as(values_of(*rule))) continue;
      return aws::api_error("InvalidPermission.Duplicate",
                            fmt::format("the specified rule \"{}\" already exists", value.text()));
    }
  }
  return {};
}

SecurityGroupRule with_values(SecurityGroupRule rule, const RuleValues& values) {
  rule.egress = values.egress;
  rule.protocol = values.protocol;
  rule.from_port = values.from_port;
  rule.to_port = values.to_port;
  rule.cidr_ipv4 = values.cidr_ipv4;
  rule.cidr_ipv6 = values.cidr_ipv6;
  rule.referenced_group = values.referenced_group;
  rule.prefix_list = values.prefix_list;
  rule.description = values.description;
  return rule;
}

SecurityGroupRule new_rule(const Call& call, const SecurityGroup& group, const RuleValues& values) {
  return with_values({.id = make_resource_id("sgr", call.random),
                      .account = call.account,
                      .group = group.id,
                      .created = call.now_ms()},
                     values);
}

template <typename Response, typename Request>
ActionResult<Response> authorize(const Call& call, const Request& request, bool egress) {
  GINNEL_TRY(const SecurityGroup* group, group_of(call, request));
  GINNEL_TRY(const auto values, values_in(call, *group, egress, request));
  GINNEL_TRY(const NewTags tags, NewTags::parse(request.tag_specifications, {"security-group-rule"}));
  if (values.empty()) return aws::missing_parameter("IpPermissions");
  GINNEL_CHECKED(check_no_repeats(values));
  GINNEL_CHECKED(check_new(rules_of(call, *group), values));
  Done<Response> done;
  std::vector<SecurityGroupRule> rules;
  for (const auto& value : values) {
    rules.push_back(new_rule(call, *group, value));
    tags.put(call, done.change, "security-group-rule", rules.back().id);
    done.change.put(rules.back());
  }
  const model::Snapshot later = call.snapshot.with(done.change);
  GINNEL_CHECKED(check_rules_of(call.on(later), *group, egress));
  for (const auto& rule : rules) done.response.security_group_rules.push_back(rule_to_wire(call.on(later), rule));
  done.response.return_ = true;
  return done;
}

aws::ApiResult<Rules> rules_by_id(const Call& call, const SecurityGroup& group, bool egress,
                                  const std::vector<std::string>& ids) {
  Rules out;
  for (const auto& id : ids) {
    GINNEL_TRY(const SecurityGroupRule* rule, find_owned<SecurityGroupRule>(call, id));
    if (rule->group != group.id) return not_found(kIdForm<SecurityGroupRule>, id);
    if (rule->egress != egress) {
      return aws::invalid_value("SecurityGroupRuleId", id,
                                rule->egress ? "It is an outbound rule." : "It is an inbound rule.");
    }
    if (std::find(out.begin(), out.end(), rule) == out.end()) out.push_back(rule);
  }
  return out;
}

aws::ApiResult<Rules> rules_by_value(const Rules& existing, const std::vector<RuleValues>& values) {
  Rules out;
  for (const auto& value : values) {
    const auto found = std::find_if(existing.begin(), existing.end(),
                                    [&](const auto* rule) { return value.same_as(values_of(*rule)); });
    if (found == existing.end()) {
      return aws::api_error(
          "InvalidPermission.NotFound",
          fmt::format("The specified rule does not exist in this security group. ({})", value.text()));
    }
    out.push_back(*found);
  }
  return out;
}

template <typename Request>
aws::ApiResult<Rules> rules_to_revoke(const Call& call, const SecurityGroup& group, bool egress,
                                      const Request& request) {
  GINNEL_TRY(const auto values, values_in(call, group, egress, request));
  if (!request.security_group_rule_ids.empty()) {
    if (!values.empty()) {
      return aws::invalid_combination("SecurityGroupRuleId may not be used with the permissions of rules.");
    }
    return rules_by_id(call, group, egress, request.security_group_rule_ids);
  }
  if (values.empty()) return aws::missing_parameter("IpPermissions or SecurityGroupRuleId");
  GINNEL_CHECKED(check_no_repeats(values));
  return rules_by_value(rules_of(call, group), values);
}

template <typename Response, typename Request>
ActionResult<Response> revoke(const Call& call, const Request& request, bool egress) {
  GINNEL_TRY(const SecurityGroup* group, group_of(call, request));
  GINNEL_TRY(const Rules rules, rules_to_revoke(call, *group, egress, request));
  Done<Response> done;
  for (const auto* rule : rules) {
    done.change.erase(*rule);
    erase_tags(call, done.change, rule->id);
    done.response.revoked_security_group_rules.push_back(revoked_to_wire(*rule));
  }
  done.response.return_ = true;
  return done;
}

const Attributes<SecurityGroupRule>& rule_attributes() {
  using Values = aws::FilterValues;
  static const Attributes<SecurityGroupRule> kAttributes{
      {"group-id", [](const Call&, const SecurityGroupRule& rule) { return Values{rule.group}; }},
      {"security-group-rule-id", [](const Call&, const SecurityGroupRule& rule) { return Values{rule.id}; }},
  };
  return kAttributes;
}

}  // namespace

ActionResult<ec2::AuthorizeSecurityGroupIngressResponse> authorize_ingress(
    const Call& call, const ec2::AuthorizeSecurityGroupIngressRequest& request) {
  return authorize<ec2::AuthorizeSecurityGroupIngressResponse>(call, request, false);
}

ActionResult<ec2::AuthorizeSecurityGroupEgressResponse> authorize_egress(
    const Call& call, const ec2::AuthorizeSecurityGroupEgressRequest& request) {
  return authorize<ec2::AuthorizeSecurityGroupEgressResponse>(call, request, true);
}

ActionResult<ec2::RevokeSecurityGroupIngressResponse> revoke_ingress(
    const Call& call, const ec2::RevokeSecurityGroupIngressRequest& request) {
  return revoke<ec2::RevokeSecurityGroupIngressResponse>(call, request, false);
}

ActionResult<ec2::RevokeSecurityGroupEgressResponse> revoke_egress(
    const Call& call, const ec2::RevokeSecurityGroupEgressRequest& request) {
  return revoke<ec2::RevokeSecurityGroupEgressResponse>(call, request, true);
}

ActionResult<ec2::ModifySecurityGroupRulesResponse> modify_security_group_rules(
    const Call& call, const ec2::ModifySecurityGroupRulesRequest& request) {
  GINNEL_TRY(const SecurityGroup* group, find_owned<SecurityGroup>(call, *request.group_id));
  Done<ec2::ModifySecurityGroupRulesResponse> done;
  for (size_t i = 0; i < request.security_group_rules.size(); ++i) {
    const auto& update = request.security_group_rules[i];
    const std::string path = fmt::format("SecurityGroupRule.{}.SecurityGroupRule", i + 1);
    if (!update.security_group_rule) return aws::missing_parameter(path);
    GINNEL_TRY(const SecurityGroupRule* rule, find_owned<SecurityGroupRule>(call, *update.security_group_rule_id));
    if (rule->group != group->id) return not_found(kIdForm<SecurityGroupRule>, rule->id);
    GINNEL_TRY(const auto values, parse_update(call, *group, rule->egress, *update.security_group_rule, path + "."));
    done.change.put(with_values(*rule, values));
  }
  const model::Snapshot later = call.snapshot.with(done.change);
  std::vector<RuleValues> all;
  for (const auto* rule : rules_of(call.on(later), *group)) all.push_back(values_of(*rule));
  GINNEL_CHECKED(check_no_repeats(all));
  for (const bool egress : {false, true}) GINNEL_CHECKED(check_rules_of(call.on(later), *group, egress));
  done.response.return_ = true;
  return done;
}

aws::ApiResult<ec2::DescribeSecurityGroupRulesResponse> describe_security_group_rules(
    const Call& call, const ec2::DescribeSecurityGroupRulesRequest& request) {
  GINNEL_TRY(const auto page,
             select(call, {"DescribeSecurityGroupRules"}, request, request.security_group_rule_ids, rule_attributes()));
  ec2::DescribeSecurityGroupRulesResponse response;
  for (const SecurityGroupRule* rule : page.items) {
    response.security_group_rules.push_back(rule_to_wire(call, *rule));
  }
  response.next_token = page.next_token;
  return response;
}

}  // namespace ginnel::api
