#include "api/ec2/actions.h"

#include "api/ec2/connection_notifications.h"
#include "api/ec2/create_vpc_endpoint.h"
#include "api/ec2/delete_vpc_endpoints.h"
#include "api/ec2/endpoint_services.h"
#include "api/ec2/endpoints.h"
#include "api/ec2/instances.h"
#include "api/ec2/interface_ipv6.h"
#include "api/ec2/ipv6_blocks.h"
#include "api/ec2/modify_service_configuration.h"
#include "api/ec2/modify_vpc_endpoint.h"
#include "api/ec2/network_interface_attributes.h"
#include "api/ec2/network_interfaces.h"
#include "api/ec2/prefix_list_entries.h"
#include "api/ec2/prefix_lists.h"
#include "api/ec2/regions.h"
#include "api/ec2/run_instances.h"
#include "api/ec2/security_group_rules.h"
#include "api/ec2/security_groups.h"
#include "api/ec2/service_configurations.h"
#include "api/ec2/service_connections.h"
#include "api/ec2/service_permissions.h"
#include "api/ec2/service_private_name.h"
#include "api/ec2/subnets.h"
#include "api/ec2/tags.h"
#include "api/ec2/terminate_instances.h"
#include "api/ec2/vpc_attributes.h"
#include "api/ec2/vpcs.h"

namespace ginnel::api {

void add_ec2_actions(ActionTable& table) {
  table.add<ec2::DescribeAccountAttributes>(describe_account_attributes);
  table.add<ec2::DescribeAvailabilityZones>(describe_availability_zones);
  table.add<ec2::DescribePrefixLists>(describe_prefix_lists);
  table.add<ec2::DescribeRegions>(describe_regions);

  table.add<ec2::AssociateVpcCidrBlock>(associate_vpc_cidr_block);
  table.add<ec2::CreateVpc>(create_vpc);
  table.add<ec2::DeleteVpc>(delete_vpc);
  table.add<ec2::DescribeVpcAttribute>(describe_vpc_attribute);
  table.add<ec2::DescribeVpcs>(describe_vpcs);
  table.add<ec2::DisassociateVpcCidrBlock>(disassociate_vpc_cidr_block);
  table.add<ec2::ModifyVpcAttribute>(modify_vpc_attribute);

  table.add<ec2::AssociateSubnetCidrBlock>(associate_subnet_cidr_block);
  table.add<ec2::CreateSubnet>(create_subnet);
  table.add<ec2::DeleteSubnet>(delete_subnet);
  table.add<ec2::DescribeSubnets>(describe_subnets);
  table.add<ec2::DisassociateSubnetCidrBlock>(disassociate_subnet_cidr_block);
  table.add<ec2::ModifySubnetAttribute>(modify_subnet_attribute);

  table.add<ec2::CreateSecurityGroup>(create_security_group);
  table.add<ec2::DeleteSecurityGroup>(delete_security_group);
  table.add<ec2::DescribeSecurityGroups>(describe_security_groups);
  table.add<ec2::AuthorizeSecurityGroupEgress>(authorize_egress);
  table.add<ec2::AuthorizeSecurityGroupIngress>(authorize_ingress);
  table.add<ec2::DescribeSecurityGroupRules>(describe_security_group_rules);
  table.add<ec2::ModifySecurityGroupRules>(modify_security_group_rules);
  table.add<ec2::RevokeSecurityGroupEgress>(revoke_egress);
  table.add<ec2::RevokeSecurityGroupIngress>(revoke_ingress);

  table.add<ec2::CreateManagedPrefixList>(create_prefix_list);
  table.add<ec2::DeleteManagedPrefixList>(delete_prefix_list);
  table.add<ec2::DescribeManagedPrefixLists>(describe_managed_prefix_lists);
  table.add<ec2::GetManagedPrefixListAssociations>(get_prefix_list_associations);
  table.add<ec2::GetManagedPrefixListEntries>(get_prefix_list_entries);
  table.add<ec2::ModifyManagedPrefixList>(modify_prefix_list);
  table.add<ec2::RestoreManagedPrefixListVersion>(restore_prefix_list);

  table.add<ec2::CreateTags>(create_tags);
  table.add<ec2::DeleteTags>(delete_tags);
  table.add<ec2::DescribeTags>(describe_tags);

  table.add<ec2::CreateVpcEndpoint>(create_vpc_endpoint);
  table.add<ec2::DeleteVpcEndpoints>(delete_vpc_endpoints);
  table.add<ec2::DescribeVpcEndpointAssociations>(describe_vpc_endpoint_associations);
  table.add<ec2::DescribeVpcEndpoints>(describe_vpc_endpoints);
  table.add<ec2::DescribeVpcEndpointServices>(describe_vpc_endpoint_services);
  table.add<ec2::ModifyVpcEndpoint>(modify_vpc_endpoint);

  table.add<ec2::CreateVpcEndpointServiceConfiguration>(create_service_configuration);
  table.add<ec2::DeleteVpcEndpointServiceConfigurations>(delete_service_configurations);
  table.add<ec2::DescribeVpcEndpointServiceConfigurations>(describe_service_configurations);
  table.add<ec2::ModifyVpcEndpointServiceConfiguration>(modify_service_configuration);
  table.add<ec2::ModifyVpcEndpointServicePayerResponsibility>(modify_payer_responsibility);
  table.add<ec2::DescribeVpcEndpointServicePermissions>(describe_service_permissions);
  table.add<ec2::ModifyVpcEndpointServicePermissions>(modify_service_permissions);
  table.add<ec2::StartVpcEndpointServicePrivateDnsVerification>(start_private_dns_verification);

  table.add<ec2::AcceptVpcEndpointConnections>(accept_connections);
  table.add<ec2::DescribeVpcEndpointConnections>(describe_connections);
  table.add<ec2::RejectVpcEndpointConnections>(reject_connections);
  table.add<ec2::CreateVpcEndpointConnectionNotification>(create_connection_notification);
  table.add<ec2::DeleteVpcEndpointConnectionNotifications>(delete_connection_notifications);
  table.add<ec2::DescribeVpcEndpointConnectionNotifications>(describe_connection_notifications);
  table.add<ec2::ModifyVpcEndpointConnectionNotification>(modify_connection_notification);

  table.add<ec2::AssignIpv6Addresses>(assign_ipv6_addresses);
  table.add<ec2::CreateNetworkInterface>(create_network_interface);
  table.add<ec2::DeleteNetworkInterface>(delete_network_interface);
  table.add<ec2::DescribeNetworkInterfaceAttribute>(describe_network_interface_attribute);
  table.add<ec2::DescribeNetworkInterfaces>(describe_network_interfaces);
  table.add<ec2::ModifyNetworkInterfaceAttribute>(modify_network_interface_attribute);
  table.add<ec2::UnassignIpv6Addresses>(unassign_ipv6_addresses);

  table.add<ec2::DescribeInstances>(describe_instances);
  table.add<ec2::RunInstances>(run_instances);
  table.add<ec2::TerminateInstances>(terminate_instances);
}

}  // namespace ginnel::api
