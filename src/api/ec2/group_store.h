// Security groups as the actions that make and remove them keep them.
#pragma once

#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

inline constexpr std::string_view kDefaultGroup = "default";

// A VPC's default group: everything in from its own members, everything out.
void put_default_group(const Call& call, model::Change& change, const model::Vpc& vpc);
// A group of the user's begins with everything out, of IPv6 too where the VPC has it, and nothing in. Its id.
std::string put_group(const Call& call, model::Change& change, const model::Vpc& vpc, std::string_view name,
                      std::string_view description);
// The VPC gets IPv6: its groups whose egress rules are still those that they began with let everything of it out.
void let_ipv6_out(const Call& call, model::Change& change, const model::Vpc& vpc);
// The group with its rules and their tags.
void erase_group(const Call& call, model::Change& change, const model::SecurityGroup& group);

// The rules of the group itself, both directions, in id order; not those of others that name it.
[[nodiscard]] std::vector<const model::SecurityGroupRule*> rules_of(const Call& call,
                                                                    const model::SecurityGroup& group);
// nullptr where the VPC has no group of that name.
[[nodiscard]] const model::SecurityGroup* group_by_name(const Call& call, std::string_view vpc, std::string_view name);

}  // namespace ginnel::api
