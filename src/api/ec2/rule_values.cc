#include "api/ec2/rule_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "api/ec2/group_store.h"
#include "api/ec2/group_text.h"
#include "api/lookup.h"
#include "aws/scalars.h"

namespace ginnel::api {
namespace {

aws::ApiError invalid(std::string_view text) { return aws::api_error("InvalidParameterValue", text); }

struct NamedProtocol {
  std::string_view name;
  int number;
};
constexpr std::array<NamedProtocol, 4> kNamed{{{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}}};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// The name where the protocol has one, else its number.
aws::ApiResult<std::string> parse_protocol(const std::string& text) {
  const std::string name = lower(text);
  if (name == "-1") return name;
  const auto number = aws::parse_int(name);
  for (const auto& known : kNamed) {
    if (name == known.name || number == known.number) return std::string(known.name);
  }
  if (!number || *number < 0 || *number > 254) {  // 255 is reserved (IANA), and "all" to the packet path
    return invalid(fmt::format("Invalid value '{}' for IP protocol. Unknown protocol.", text));
  }
  return fmt::to_string(*number);
}

aws::ApiResult<void> check_ports(int from, int to) {
  for (const int port : {from, to}) {
    if (port < 0 || port > 65535) return invalid(fmt::format("TCP/UDP port ({}) out of range", port));
  }
  if (from > to) return invalid(fmt::format("Invalid TCP/UDP port range ({}:{})", from, to));
  return {};
}

aws::ApiResult<void> check_icmp(int type, int code) {
  if (type < -1 || type > 255) return invalid(fmt::format("ICMP type ({}) out of range", type));
  if (code < -1 || code > 255) return invalid(fmt::format("ICMP code ({}) out of range", code));
  if (type == -1 && code != -1) return invalid(fmt::format("ICMP code ({}) without a type", code));
  return {};
}

// Fills protocol and ports. Only TCP, UDP and ICMP have ports; other protocols take any, as in EC2.
aws::ApiResult<void> set_service(RuleValues& values, const std::optional<std::string>& protocol,
                                 const std::optional<int>& from, const std::optional<int>& to,
                                 std::string_view parameter) {
  if (!protocol) return aws::missing_parameter(fmt::format("{}IpProtocol", parameter));
  GINNEL_TRY(values.protocol, parse_protocol(*protocol));
  const bool is_icmp = values.protocol == "icmp" || values.protocol == "icmpv6";
  if (values.protocol == "tcp" || values.protocol == "udp") {
    if (!from || !to)
      return invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.");
    GINNEL_CHECKED(check_ports(*from, *to));
  } else if (is_icmp) {
    if (values.protocol == "icmp" && (!from || !to)) {
      return invalid("Invalid value 'Must specify both from and to ports with ICMP.' for portRange.");
    }
    GINNEL_CHECKED(check_icmp(from.value_or(-1), to.value_or(-1)));
  } else {
    return {};
  }
  values.from_port = from.value_or(-1);
  values.to_port = to.value_or(-1);
  return {};
}

aws::ApiResult<std::string> parse_cidr(const std::optional<std::string>& text, bool v4, std::string_view parameter) {
  if (!text) return aws::missing_parameter(parameter);
  const auto cidr = Cidr::parse(*text);
  if (!cidr || cidr->is_v4() != v4 || text->find('/') == std::string::npos) {
    return invalid(fmt::format("CIDR block {} is malformed ({})", *text, parameter));
  }
  return cidr->to_string();
}

aws::ApiResult<std::string> parse_description(const std::optional<std::string>& text) {
  if (!text) return std::string();
  if (!is_group_text(*text)) {
    return invalid(
        fmt::format("Invalid rule description '{}'. Valid descriptions are strings less than 256 characters "
                    "from the following set: {}",
                    *text, kGroupTextSet));
  }
  return *text;
}

aws::ApiError other_network(std::string_view group) {
  return aws::api_error(
      "InvalidGroup.NotFound",
      fmt::format("You have specified two resources that belong to different networks. ({} is in another VPC)", group));
}

aws::ApiResult<std::string> parse_group(const Call& call, const model::SecurityGroup& group,
                                        const ec2::UserIdGroupPair& pair, std::string_view parameter) {
  const std::string named = pair.group_id.value_or(pair.group_name.value_or(""));
  if (named.empty()) return aws::missing_parameter(fmt::format("{}.GroupId", parameter));
  // Groups of other accounts can only be named over a peering, which there is none of.
  if (pair.user_id && *pair.user_id != call.account) return not_found(kIdForm<model::SecurityGroup>, named);
  if (pair.vpc_id && *pair.vpc_id != group.vpc) return other_network(named);
  if (!pair.group_id) {
    const auto* found = group_by_name(call, group.vpc, named);
    if (found == nullptr) return not_found(kIdForm<model::SecurityGroup>, named);
    return found->id;
  }
  GINNEL_TRY(const auto* found, find_owned<model::SecurityGroup>(call, named));
  if (found->vpc != group.vpc) return other_network(named);
  if (pair.group_name && *pair.group_name != found->name) {
    return aws::invalid_combination(
        fmt::format("The security group {} has the name '{}', not '{}'.", found->id, found->name, *pair.group_name));
  }
  return found->id;
}

// The sources of one permission, each with the permission's protocol and ports.
class SourceReader {
 public:
  SourceReader(const Call& call, const model::SecurityGroup& group, RuleValues service, std::string path,
               std::vector<RuleValues>& out)
      : call_(call), group_(group), service_(std::move(service)), path_(std::move(path)), out_(out) {}

  aws::ApiResult<void> read(const ec2::IpPermission& permission) {
    const size_t before = out_.size();
    for (size_t i = 0; i < permission.ip_ranges.size(); ++i) {
      const auto& range = permission.ip_ranges[i];
      RuleValues& rule = add();
      GINNEL_TRY(rule.cidr_ipv4, parse_cidr(range.cidr_ip, true, fmt::format("{}IpRanges.{}.CidrIp", path_, i + 1)));
      GINNEL_TRY(rule.description, parse_description(range.description));
    }
    for (size_t i = 0; i < permission.ipv6_ranges.size(); ++i) {
      const auto& range = permission.ipv6_ranges[i];
      RuleValues& rule = add();
      GINNEL_TRY(rule.cidr_ipv6,
                 parse_cidr(range.cidr_ipv6, false, fmt::format("{}Ipv6Ranges.{}.CidrIpv6", path_, i + 1)));
      GINNEL_TRY(rule.description, parse_description(range.description));
    }
    for (size_t i = 0; i < permission.user_id_group_pairs.size(); ++i) {
      const auto& pair = permission.user_id_group_pairs[i];
      RuleValues& rule = add();
      GINNEL_TRY(rule.referenced_group, parse_group(call_, group_, pair, fmt::format("{}Groups.{}", path_, i + 1)));
      GINNEL_TRY(rule.description, parse_description(pair.description));
    }
    for (size_t i = 0; i < permission.prefix_list_ids.size(); ++i) {
      const auto& named = permission.prefix_list_ids[i];
      RuleValues& rule = add();
      if (!named.prefix_list_id)
        return aws::missing_parameter(fmt::format("{}PrefixListIds.{}.PrefixListId", path_, i + 1));
      GINNEL_TRY(const auto* list, find_owned<model::PrefixList>(call_, *named.prefix_list_id));
      rule.prefix_list = list->id;
      GINNEL_TRY(rule.description, parse_description(named.description));
    }
    if (out_.size() > before) return {};
    return aws::api_error(
        "MissingParameter",
        fmt::format("Missing source specification: include source security group or CIDR information ({})",
                    path_.substr(0, path_.size() - 1)));
  }

 private:
  RuleValues& add() { return out_.emplace_back(service_); }

  const Call& call_;
  const model::SecurityGroup& group_;
  const RuleValues service_;
  const std::string path_;
  std::vector<RuleValues>& out_;
};

aws::ApiStatus read_permission(const Call& call, const model::SecurityGroup& group, bool egress,
                               const ec2::IpPermission& permission, const std::string& path,
                               std::vector<RuleValues>& out) {
  RuleValues service;
  service.egress = egress;
  GINNEL_CHECKED(set_service(service, permission.ip_protocol, permission.from_port, permission.to_port, path));
  return SourceReader(call, group, std::move(service), path, out).read(permission);
}

}  // namespace

bool RuleValues::same_as(const RuleValues& other) const {
  return egress == other.egress && protocol == other.protocol && from_port == other.from_port &&
         to_port == other.to_port && cidr_ipv4 == other.cidr_ipv4 && cidr_ipv6 == other.cidr_ipv6 &&
         referenced_group == other.referenced_group && prefix_list == other.prefix_list;
}

std::string RuleValues::text() const {
  std::string name = protocol == "-1" ? "ALL" : protocol;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const std::string peer = fmt::format("peer: {}{}{}{}, {}", cidr_ipv4, cidr_ipv6, referenced_group, prefix_list, name);
  if (protocol == "tcp" || protocol == "udp") {
    return fmt::format("{}, from port: {}, to port: {}, ALLOW", peer, from_port, to_port);
  }
  if (protocol == "icmp" || protocol == "icmpv6") {
    return fmt::format("{}, type: {}, code: {}, ALLOW", peer, from_port, to_port);
  }
  return peer + ", ALLOW";
}

RuleValues values_of(const model::SecurityGroupRule& rule) {
  return {.egress = rule.egress,
          .protocol = rule.protocol,
          .from_port = rule.from_port,
          .to_port = rule.to_port,
          .cidr_ipv4 = rule.cidr_ipv4,
          .cidr_ipv6 = rule.cidr_ipv6,
          .referenced_group = rule.referenced_group,
          .prefix_list = rule.prefix_list,
          .description = rule.description};
}

aws::ApiResult<std::vector<RuleValues>> parse_permissions(const Call& call, const model::SecurityGroup& group,
                                                          bool egress,
                                                          const std::vector<ec2::IpPermission>& permissions) {
  std::vector<RuleValues> out;
  for (size_t i = 0; i < permissions.size(); ++i) {
    GINNEL_CHECKED(read_permission(call, group, egress, permissions[i], fmt::format("IpPermissions.{}.", i + 1), out));
  }
  return out;
}

aws::ApiResult<RuleValues> parse_update(const Call& call, const model::SecurityGroup& group, bool egress,
                                        const ec2::SecurityGroupRuleRequest& rule, const std::string& path) {
  ec2::IpPermission permission{.ip_protocol = rule.ip_protocol, .from_port = rule.from_port, .to_port = rule.to_port};
  if (rule.cidr_ipv4) permission.ip_ranges.push_back({.description = rule.description, .cidr_ip = rule.cidr_ipv4});
  if (rule.cidr_ipv6) {
    permission.ipv6_ranges.push_back({.description = rule.description, .cidr_ipv6 = rule.cidr_ipv6});
  }
  if (rule.prefix_list_id) {
    permission.prefix_list_ids.push_back({.description = rule.description, .prefix_list_id = rule.prefix_list_id});
  }
  if (rule.referenced_group_id) {
    permission.user_id_group_pairs.push_back({.description = rule.description, .group_id = rule.referenced_group_id});
  }
  std::vector<RuleValues> out;
  GINNEL_CHECKED(read_permission(call, group, egress, permission, path, out));
  if (out.size() == 1) return std::move(out.front());
  return aws::invalid_combination(
      fmt::format("Only one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId can be specified ({})",
                  path.substr(0, path.size() - 1)));
}

aws::ApiResult<RuleValues> parse_flat(const Call& call, const model::SecurityGroup& group, bool egress,
                                      const FlatPermission& permission) {
  RuleValues out;
  out.egress = egress;
  if (permission.cidr && permission.source_group) {
    return aws::invalid_combination("The parameters CidrIp and SourceSecurityGroupName cannot be used together.");
  }
  if (permission.source_group) {
    // Without a protocol, the older form means everything from the group.
    GINNEL_CHECKED(set_service(out, permission.protocol.value_or("-1"), permission.from_port, permission.to_port, ""));
    ec2::UserIdGroupPair pair;
    pair.group_name = permission.source_group;
    pair.user_id = permission.source_owner;
    GINNEL_TRY(out.referenced_group, parse_group(call, group, pair, "SourceSecurityGroupName"));
    return out;
  }
  GINNEL_CHECKED(set_service(out, permission.protocol, permission.from_port, permission.to_port, ""));
  GINNEL_TRY(out.cidr_ipv4, parse_cidr(permission.cidr, true, "CidrIp"));
  return out;
}

}  // namespace ginnel::api
