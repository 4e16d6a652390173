// Resources by the ids that a request names.
//
// A caller finds only what its own account has; what others have is "not found", as if it were not there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"

namespace ginnel::api {

// How the ids of one kind of resource look, and what AWS calls them in errors.
struct IdForm {
  std::string_view prefix;         // "vpc"
  std::string_view resource_type;  // of its tags: "vpc"
  std::string_view noun;           // "vpc ID", as in "The vpc ID 'vpc-1' does not exist"
  std::string_view not_found;      // error codes
  std::string_view malformed;
};

template <typename T>
inline constexpr IdForm kIdForm{};
template <>
inline constexpr IdForm kIdForm<model::Vpc>{"vpc", "vpc", "vpc ID", "InvalidVpcID.NotFound", "InvalidVpcID.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::Subnet>{"subnet", "subnet", "subnet ID", "InvalidSubnetID.NotFound",
                                               "InvalidSubnetID.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::SecurityGroup>{"sg", "security-group", "security group", "InvalidGroup.NotFound",
                                                      "InvalidGroupId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::SecurityGroupRule>{"sgr", "security-group-rule", "security group rule ID",
                                                          "InvalidSecurityGroupRuleId.NotFound",
                                                          "InvalidSecurityGroupRuleId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::PrefixList>{"pl", "prefix-list", "prefix list ID",
                                                   "InvalidPrefixListID.NotFound", "InvalidPrefixListId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::NetworkInterface>{"eni", "network-interface", "networkInterface ID",
                                                         "InvalidNetworkInterfaceID.NotFound",
                                                         "InvalidNetworkInterfaceID.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::Instance>{"i", "instance", "instance ID", "InvalidInstanceID.NotFound",
                                                 "InvalidInstanceID.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::VpcEndpoint>{"vpce", "vpc-endpoint", "Vpc Endpoint Id",
                                                    "InvalidVpcEndpointId.NotFound", "InvalidVpcEndpointId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::EndpointService>{"vpce-svc", "vpc-endpoint-service", "VpcEndpointService Id",
                                                        "InvalidVpcEndpointServiceId.NotFound",
                                                        "InvalidVpcEndpointServiceId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::ServicePermission>{
    "vpce-svc-perm", "vpc-endpoint-service-permission", "VpcEndpointServicePermission Id",
    "InvalidVpcEndpointServicePermissionId.NotFound", "InvalidVpcEndpointServicePermissionId.Malformed"};
template <>
inline constexpr IdForm kIdForm<model::ConnectionNotification>{
    "vpce-nfn", "vpc-endpoint-connection-notification", "ConnectionNotification Id", "InvalidConnectionNotification",
    "InvalidConnectionNotification"};

// PREFIX, a dash, and 8 or 17 hexadecimal digits in small letters.
[[nodiscard]] bool is_resource_id(std::string_view id, std::string_view prefix);
[[nodiscard]] aws::ApiError not_found(const IdForm& form, std::string_view id);
[[nodiscard]] aws::ApiError malformed_id(const IdForm& form, std::string_view id);

// Valid while the call's snapshot lives.
template <typename T>
aws::ApiResult<const T*> find_owned(const Call& call, std::string_view id) {
  if (!is_resource_id(id, kIdForm<T>.prefix)) return malformed_id(kIdForm<T>, id);
  const T* found = call.snapshot.find<T>(id);
  if (found == nullptr || found->account != call.account) return not_found(kIdForm<T>, id);
  return found;
}

// All of the caller's, in id order.
template <typename T>
[[nodiscard]] std::vector<const T*> all_owned(const Call& call) {
  return call.snapshot.table<T>().referring_to(call.account);
}

}  // namespace ginnel::api
