"""Address types of endpoints, endpoint services, load balancers and target groups."""
import pytest
from balancing import make_balancer, make_group, make_listener
from errors import api_error

EC2 = "com.amazonaws.ap-northeast-1.ec2"


@pytest.fixture
def vpc(ec2):
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    return vpc_id


@pytest.fixture
def block(ec2, vpc):
    return ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]


@pytest.fixture
def subnet(ec2, vpc, block):
    """Of both families."""
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="ap-northeast-1a",
                             Ipv6CidrBlock=block.replace("/56", "/64"))["Subnet"]["SubnetId"]


@pytest.fixture
def old_subnet(ec2, vpc):
    """Of IPv4 alone."""
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-1c")["Subnet"]["SubnetId"]


def make_endpoint(ec2, vpc, subnet, **arguments):
    settings = {"ServiceName": EC2, "SubnetIds": [subnet], **arguments}
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, **settings)["VpcEndpoint"]


def families(ec2, endpoint):
    """Of the addresses of its one interface."""
    [interface] = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])["NetworkInterfaces"]
    return "PrivateIpAddress" in interface, "Ipv6Address" in interface


@pytest.mark.parametrize("kind, wanted", [("ipv4", (True, False)), ("ipv6", (False, True)), ("dualstack", (True, True))])
def test_endpoints_of_every_type(ec2, vpc, subnet, kind, wanted):
    made = make_endpoint(ec2, vpc, subnet, IpAddressType=kind)
    assert made["IpAddressType"] == kind and made["DnsOptions"]["DnsRecordIpType"] == kind
    assert families(ec2, made) == wanted
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "ip-address-type", "Values": [kind]}])["VpcEndpoints"]
    assert [endpoint["VpcEndpointId"] for endpoint in found] == [made["VpcEndpointId"]]


def test_an_endpoint_changes_its_type(ec2, vpc, subnet):
    made = make_endpoint(ec2, vpc, subnet)
    ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], IpAddressType="dualstack",
                            DnsOptions={"DnsRecordIpType": "service-defined"})
    changed = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]
    assert families(ec2, changed) == (True, True)
    assert changed["DnsOptions"]["DnsRecordIpType"] == "service-defined"
    assert changed["NetworkInterfaceIds"] != made["NetworkInterfaceIds"]


def test_endpoints_that_are_refused(ec2, vpc, subnet, old_subnet):
    with api_error("InvalidParameter", f"The subnet {old_subnet} does not support the IP address type ipv6"):
        make_endpoint(ec2, vpc, old_subnet, IpAddressType="ipv6")
    with api_error("InvalidParameter", "The DnsRecordIpType ipv4 does not go with the IpAddressType ipv6"):
        make_endpoint(ec2, vpc, subnet, IpAddressType="ipv6", DnsOptions={"DnsRecordIpType": "ipv4"})


def test_load_balancers_and_services(ec2, elbv2, vpc, subnet, old_subnet):
    with api_error("ValidationError", old_subnet):
        make_balancer(elbv2, [subnet, old_subnet], IpAddressType="dualstack")
    made = make_balancer(elbv2, [subnet])
    arn = made["LoadBalancerArn"]
    with api_error("InvalidParameter", "does not support the IP address type ipv6"):
        ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[arn], SupportedIpAddressTypes=["ipv6"])
    assert elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="dualstack")["IpAddressType"] == "dualstack"
    service = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[arn], AcceptanceRequired=False)["ServiceConfiguration"]
    assert service["SupportedIpAddressTypes"] == ["ipv4"]
    with api_error("InvalidParameter", "does not support the IP address type dualstack (supports ipv4)"):
        make_endpoint(ec2, vpc, subnet, ServiceName=service["ServiceName"], IpAddressType="dualstack")
    ec2.modify_vpc_endpoint_service_configuration(ServiceId=service["ServiceId"], AddSupportedIpAddressTypes=["ipv6"])
    shown = ec2.describe_vpc_endpoint_services(ServiceNames=[service["ServiceName"]])["ServiceDetails"][0]
    assert shown["SupportedIpAddressTypes"] == ["ipv4", "ipv6"]
    make_endpoint(ec2, vpc, subnet, ServiceName=service["ServiceName"], IpAddressType="dualstack")
    with api_error("ExistingVpcEndpointConnections"):
        ec2.modify_vpc_endpoint_service_configuration(ServiceId=service["ServiceId"], RemoveSupportedIpAddressTypes=["ipv6"])
    with api_error("ResourceInUse", service["ServiceId"]):
        elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")


def test_target_groups(elbv2, vpc, subnet, block):
    group = make_group(elbv2, vpc, IpAddressType="ipv6")
    assert group["IpAddressType"] == "ipv6"
    plain = make_balancer(elbv2, [subnet], name="plain")["LoadBalancerArn"]
    with api_error("InvalidConfigurationRequest", "'ipv6' cannot be used by the load balancer"):
        make_listener(elbv2, plain, group["TargetGroupArn"])
    both = make_balancer(elbv2, [subnet], name="both", IpAddressType="dualstack")["LoadBalancerArn"]
    make_listener(elbv2, both, group["TargetGroupArn"])
    target = block.replace("/56", "9")
    elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": target}])
    with api_error("ValidationError", "10.0.1.9"):
        elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.0.1.9"}])
    with api_error("ValidationError", "2001:db9::9"):
        elbv2.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "2001:db9::9"}])
