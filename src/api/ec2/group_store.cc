#include "api/ec2/group_store.h"

#include "api/counter.h"
#include "api/tags.h"

namespace ginnel::api {
namespace {

constexpr const char* kAllIpv4 = "0.0.0.0/0";

model::SecurityGroupRule new_rule(const Call& call, const std::string& group, bool egress) {
  return {.id = make_resource_id("sgr", call.random),
          .account = call.account,
          .group = group,
          .egress = egress,
          .created = call.now_ms()};
}

void put_ipv6_egress(const Call& call, model::Change& change, const std::string& group) {
  model::SecurityGroupRule out = new_rule(call, group, true);
  out.cidr_ipv6 = "::/0";
  change.put(std::move(out));
}

}  // namespace

std::string put_group(const Call& call, model::Change& change, const model::Vpc& vpc, std::string_view name,
                      std::string_view description) {
  model::SecurityGroup group{.id = make_resource_id("sg", call.random),
                             .account = call.account,
                             .vpc = vpc.id,
                             .name = std::string(name),
                             .description = std::string(description),
                             .number = next_number(call.snapshot, change, "security-group"),
                             .created = call.now_ms()};
  model::SecurityGroupRule out = new_rule(call, group.id, true);
  out.cidr_ipv4 = kAllIpv4;
  std::string id = group.id;
  change.put(std::move(group));
  change.put(std::move(out));
  if (!vpc.ipv6_blocks.empty()) put_ipv6_egress(call, change, id);
  return id;
}

void let_ipv6_out(const Call& call, model::Change& change, const model::Vpc& vpc) {
  for (const auto* group : call.snapshot.table<model::SecurityGroup>().referring_to(vpc.id)) {
    std::vector<const model::SecurityGroupRule*> out;
    for (const auto* rule : rules_of(call, *group)) {
      if (rule->egress) out.push_back(rule);
    }
    if (out.size() != 1 || out.front()->protocol != "-1" || out.front()->cidr_ipv4 != kAllIpv4) continue;
    put_ipv6_egress(call, change, group->id);
  }
}

void put_default_group(const Call& call, model::Change& change, const model::Vpc& vpc) {
  const std::string id = put_group(call, change, vpc, kDefaultGroup, "default VPC security group");
  model::SecurityGroupRule from_members = new_rule(call, id, false);
  from_members.referenced_group = id;
  change.put(std::move(from_members));
}

std::vector<const model::SecurityGroupRule*> rules_of(const Call& call, const model::SecurityGroup& group) {
  std::vector<const model::SecurityGroupRule*> rules;
  for (const auto* rule : call.snapshot.table<model::SecurityGroupRule>().referring_to(group.id)) {
    if (rule->group == group.id) rules.push_back(rule);
  }
  return rules;
}

void erase_group(const Call& call, model::Change& change, const model::SecurityGroup& group) {
  for (const auto* rule : rules_of(call, group)) {
    change.erase(*rule);
    erase_tags(call, change, rule->id);
  }
  change.erase(group);
  erase_tags(call, change, group.id);
}

const model::SecurityGroup* group_by_name(const Call& call, std::string_view vpc, std::string_view name) {
  for (const auto* group : call.snapshot.table<model::SecurityGroup>().referring_to(vpc)) {
    if (group->name == name && group->account == call.account) return group;
  }
  return nullptr;
}

}  // namespace ginnel::api
