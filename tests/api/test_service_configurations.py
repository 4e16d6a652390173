"""Endpoint services: a provider offers one, and another account connects to it."""
import re

import pytest
from errors import api_error
from newer import ec2_call
from waiting import wait_for


@pytest.fixture
def provider(region):
    return region.new_account()


@pytest.fixture
def balancer(provider):
    """A network load balancer of the provider in one zone of a VPC with the consumer's addresses; its ARN."""
    ec2 = provider.ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="ap-northeast-1a")["Subnet"]
    made = provider.elbv2.create_load_balancer(Name="db", Type="network", Scheme="internal",
                                               Subnets=[subnet["SubnetId"]])
    return made["LoadBalancers"][0]["LoadBalancerArn"]


@pytest.fixture
def service(provider, balancer, account):
    """Offered to the consumer's account; the configuration."""
    made = provider.ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancer], PrivateDnsName="db.example.com")["ServiceConfiguration"]
    provider.ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=made["ServiceId"], AddAllowedPrincipals=[f"arn:aws:iam::{account.id}:root"])
    return made


def connect(ec2, service, vpc, subnet):
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service["ServiceName"],
                                   SubnetIds=[subnet])["VpcEndpoint"]["VpcEndpointId"]


def state(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"]


def becomes(ec2, endpoint, wanted):
    wait_for(lambda: state(ec2, endpoint) == wanted, f"the endpoint to be {wanted}")


def test_a_service_is_made_shown_and_deleted(provider, service, balancer):
    ec2, service_id = provider.ec2, service["ServiceId"]
    assert re.fullmatch(r"vpce-svc-[0-9a-f]{17}", service_id)
    assert service["AcceptanceRequired"] is True
    assert service["AvailabilityZones"] == ["ap-northeast-1a"]
    assert service["NetworkLoadBalancerArns"] == [balancer]
    name = service["PrivateDnsNameConfiguration"]
    assert name["State"] == "pendingVerification" and name["Type"] == "TXT"
    shown = ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service_id])["ServiceConfigurations"]
    assert [one["ServiceName"] for one in shown] == [service["ServiceName"]]
    assert ec2.modify_vpc_endpoint_service_configuration(ServiceId=service_id, AcceptanceRequired=False)["Return"]
    assert ec2.modify_vpc_endpoint_service_payer_responsibility(
        ServiceId=service_id, PayerResponsibility="ServiceOwner")["ReturnValue"]
    assert ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=service_id)["ReturnValue"]
    answer = ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service_id])
    assert answer["Unsuccessful"] == []
    with api_error("InvalidVpcEndpointServiceId.NotFound", service_id):
        ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[service_id])


def test_what_is_refused(provider, balancer):
    create = provider.ec2.create_vpc_endpoint_service_configuration
    with api_error("MissingParameter", "NetworkLoadBalancerArn"):
        create()
    with api_error("InvalidNetworkLoadBalancerArn.NotFound", "arn:none"):
        create(NetworkLoadBalancerArns=["arn:none"])
    with api_error("UnsupportedOperation", "GatewayLoadBalancerArn"):
        create(GatewayLoadBalancerArns=[balancer])
    with api_error("InvalidParameter", "dualstack"):
        create(NetworkLoadBalancerArns=[balancer], SupportedIpAddressTypes=["ipv6"])
    with api_error("DryRunOperation"):
        create(NetworkLoadBalancerArns=[balancer], DryRun=True)


def test_the_same_token_makes_one_service(provider, balancer):
    create = provider.ec2.create_vpc_endpoint_service_configuration
    first = create(NetworkLoadBalancerArns=[balancer], ClientToken="once")["ServiceConfiguration"]["ServiceId"]
    again = create(NetworkLoadBalancerArns=[balancer], ClientToken="once")["ServiceConfiguration"]["ServiceId"]
    assert first == again
    with api_error("IdempotentParameterMismatch"):
        create(NetworkLoadBalancerArns=[balancer], ClientToken="once", AcceptanceRequired=False)


def test_permissions_decide_who_sees_a_service(provider, service, ec2, account, region, vpc):
    name, service_id = service["ServiceName"], service["ServiceId"]
    detail = ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"][0]
    assert detail["Owner"] == provider.id and detail["AcceptanceRequired"] is True
    assert detail["PrivateDnsNameVerificationState"] == "pendingVerification"
    stranger = region.new_account().ec2
    with api_error("InvalidServiceName", name):
        stranger.describe_vpc_endpoint_services(ServiceNames=[name])
    allowed = provider.ec2.describe_vpc_endpoint_service_permissions(ServiceId=service_id)["AllowedPrincipals"]
    assert [one["Principal"] for one in allowed] == [f"arn:aws:iam::{account.id}:root"]
    provider.ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=service_id, RemoveAllowedPrincipals=[allowed[0]["Principal"]])
    with api_error("InvalidServiceName", name):
        ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=name)


def test_an_endpoint_is_accepted_rejected_and_deleted(provider, service, ec2, account, vpc, subnet):
    service_id = service["ServiceId"]
    endpoint = connect(ec2, service, vpc, subnet)
    assert state(ec2, endpoint) == "pendingAcceptance"
    found = provider.ec2.describe_vpc_endpoint_connections(
        Filters=[{"Name": "vpc-endpoint-state", "Values": ["pendingAcceptance"]}])["VpcEndpointConnections"]
    assert [(one["VpcEndpointId"], one["VpcEndpointOwner"]) for one in found] == [(endpoint, account.id)]
    failed = provider.ec2.delete_vpc_endpoint_service_configurations(ServiceIds=[service_id])["Unsuccessful"]
    assert failed[0]["Error"]["Code"] == "ExistingVpcEndpointConnections"
    assert endpoint in failed[0]["Error"]["Message"]
    answer = provider.ec2.accept_vpc_endpoint_connections(
        ServiceId=service_id, VpcEndpointIds=[endpoint, "vpce-00000000000000000"])
    assert [one["ResourceId"] for one in answer["Unsuccessful"]] == ["vpce-00000000000000000"]
    becomes(ec2, endpoint, "available")
    assert provider.ec2.reject_vpc_endpoint_connections(
        ServiceId=service_id, VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert state(ec2, endpoint) == "rejected"
    with api_error("IncorrectState", endpoint):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])


def test_a_subnet_outside_the_services_zones_fails_the_call(service, ec2, vpc, subnet):
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-1c")["Subnet"]["SubnetId"]
    with api_error("InvalidParameter", other, "supports ap-northeast-1a"):
        ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service["ServiceName"],
                                SubnetIds=[subnet, other])
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_private_dns_needs_a_verified_name(service, ec2, vpc, subnet):
    with api_error("InvalidParameter", "has not verified the private DNS name"):
        ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service["ServiceName"],
                                SubnetIds=[subnet], PrivateDnsEnabled=True)


def test_notifications(provider, service):
    ec2, topic = provider.ec2, "arn:aws:sns:ap-northeast-1:444455556666:connections"
    made = ec2.create_vpc_endpoint_connection_notification(
        ServiceId=service["ServiceId"], ConnectionNotificationArn=topic,
        ConnectionEvents=["Connect"])["ConnectionNotification"]
    notification = made["ConnectionNotificationId"]
    assert made["ConnectionNotificationState"] == "Enabled" and made["ConnectionEvents"] == ["Connect"]
    assert ec2.modify_vpc_endpoint_connection_notification(
        ConnectionNotificationId=notification, ConnectionEvents=["Accept", "Reject"])["ReturnValue"]
    shown = ec2.describe_vpc_endpoint_connection_notifications(ConnectionNotificationId=notification)
    assert shown["ConnectionNotificationSet"][0]["ConnectionEvents"] == ["Accept", "Reject"]
    with api_error("InvalidParameterValue", "Explode"):
        ec2.create_vpc_endpoint_connection_notification(
            ServiceId=service["ServiceId"], ConnectionNotificationArn=topic, ConnectionEvents=["Explode"])
    answer = ec2.delete_vpc_endpoint_connection_notifications(ConnectionNotificationIds=[notification, notification])
    assert answer["Unsuccessful"] == []


def test_an_endpoint_has_no_associations(account):
    status, text = ec2_call(account, "describe_vpc_endpoint_associations", {})
    assert status == 200 and "<vpcEndpointAssociationSet" in text and "<item>" not in text
