// What a security group rule says, apart from its identity, and how requests write it.
// Source: IpPermission and AuthorizeSecurityGroupIngress of the EC2 API; protocol numbers of IANA.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "generated/ec2.h"

namespace ginnel::api {

// Two rules of a group with the same values may not be there together; descriptions do not count.
struct RuleValues {
  bool egress = false;
  std::string protocol;                  // as in model::SecurityGroupRule: "tcp", …, "-1" or a number
  int32_t from_port = -1, to_port = -1;  // ICMP: type and code; -1 is all
  std::string cidr_ipv4, cidr_ipv6, referenced_group, prefix_list;  // exactly one is set
  std::string description;

  [[nodiscard]] bool same_as(const RuleValues& other) const;
  // "peer: 10.0.0.0/8, TCP, from port: 22, to port: 22, ALLOW", as EC2 writes it in errors.
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] RuleValues values_of(const model::SecurityGroupRule& rule);

// The one permission of the older form, where it is spread over the request's own parameters.
struct FlatPermission {
  std::optional<std::string> protocol, cidr, source_group, source_owner;
  std::optional<int> from_port, to_port;

  [[nodiscard]] bool is_given() const {
    return protocol || cidr || source_group || source_owner || from_port || to_port;
  }
};

// One value per source of each permission. Sources that are groups must be in the VPC of `group`.
aws::ApiResult<std::vector<RuleValues>> parse_permissions(const Call& call, const model::SecurityGroup& group,
                                                          bool egress,
                                                          const std::vector<ec2::IpPermission>& permissions);
// What one rule becomes, which has one source. `path` is the parameter's, with a dot at its end.
aws::ApiResult<RuleValues> parse_update(const Call& call, const model::SecurityGroup& group, bool egress,
                                        const ec2::SecurityGroupRuleRequest& rule, const std::string& path);
aws::ApiResult<RuleValues> parse_flat(const Call& call, const model::SecurityGroup& group, bool egress,
                                      const FlatPermission& permission);

}  // namespace ginnel::api
