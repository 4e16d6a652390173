"""DescribeNetworkInterfaces: interfaces of instances and of endpoints, every filter that can match."""
import pytest
from errors import api_error


@pytest.fixture
def both(ec2, vpc, subnet):
    """An instance's interface at 10.0.1.10 and an endpoint's at 10.0.1.4, the lowest free one; their ids."""
    instance = ec2.run_instances(ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, SubnetId=subnet,
                                 PrivateIpAddress="10.0.1.10")["Instances"][0]
    endpoint = ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", VpcId=vpc, ServiceName="com.amazonaws.ap-northeast-1.ec2", SubnetIds=[subnet]
    )["VpcEndpoint"]
    return instance["NetworkInterfaces"][0]["NetworkInterfaceId"], endpoint["NetworkInterfaceIds"][0]


def found(ec2, name, *values):
    answer = ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": list(values)}])
    return {interface["NetworkInterfaceId"] for interface in answer["NetworkInterfaces"]}


@pytest.mark.parametrize("name, of_instance, of_endpoint", [
    ("addresses.private-ip-address", "10.0.1.10", "10.0.1.4"),
    ("private-ip-address", "10.0.1.1?", "10.0.1.?"),
    ("private-dns-name", "ip-10-0-1-10.*", "ip-10-0-1-4.*"),
    ("mac-address", "02:*:0a:00:01:0a", "02:*:0a:00:01:04"),
    ("interface-type", "interface", "vpc_endpoint"),
    ("requester-managed", "false", "true"),
    ("attachment.device-index", "0", "1"),
    ("attachment.delete-on-termination", "true", "false"),
    ("attachment.instance-id", "i-*", None),
    ("description", None, "VPC Endpoint Interface vpce-*"),
    ("requester-id", None, "*"),
])
def test_filters_that_tell_them_apart(ec2, both, name, of_instance, of_endpoint):
    assert of_instance is None or found(ec2, name, of_instance) == {both[0]}
    assert of_endpoint is None or found(ec2, name, of_endpoint) == {both[1]}


def test_filters_that_both_match(ec2, both, vpc, subnet, account):
    for name, value in [("vpc-id", vpc), ("subnet-id", subnet), ("owner-id", account.id), ("status", "in-use"),
                        ("group-name", "default"), ("availability-zone", "ap-northeast-1a"), ("source-dest-check", "true"),
                        ("addresses.primary", "true"), ("attachment.status", "attached")]:
        assert found(ec2, name, value) == set(both), name


def test_an_endpoints_interface_is_held_by_the_service(ec2, both):
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[both[1]])["NetworkInterfaces"][0]
    assert interface["RequesterId"] and interface["RequesterManaged"] is True
    assert "InstanceId" not in interface["Attachment"]
    assert interface["Attachment"]["InstanceOwnerId"] == "amazon-aws"


def test_pages(ec2, subnet):
    ec2.run_instances(ImageId="ami-00000000000000001", MinCount=7, MaxCount=7, SubnetId=subnet)
    pages = list(ec2.get_paginator("describe_network_interfaces").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["NetworkInterfaces"]) for page in pages] == [5, 2]


def test_another_account_sees_nothing(both, region):
    stranger = region.new_account().ec2
    assert stranger.describe_network_interfaces()["NetworkInterfaces"] == []
    with api_error("InvalidNetworkInterfaceID.NotFound"):
        stranger.describe_network_interfaces(NetworkInterfaceIds=[both[0]])


@pytest.fixture
def own(ec2, subnet):
    return ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.20", Description="own",
                                        ClientToken="one")["NetworkInterface"]


def test_one_that_stands_by_itself(ec2, own, vpc, subnet):
    interface = own["NetworkInterfaceId"]
    group = ec2.create_security_group(GroupName="web", Description="d", VpcId=vpc)["GroupId"]
    assert (own["Status"], own["PrivateIpAddress"], own["SubnetId"]) == ("available", "10.0.1.20", subnet)
    assert "Attachment" not in own
    assert found(ec2, "status", "available") == {interface}
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[group])
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    shown = ec2.describe_network_interface_attribute(NetworkInterfaceId=interface, Attribute="groupSet")
    assert [each["GroupId"] for each in shown["Groups"]] == [group]
    assert found(ec2, "source-dest-check", "false") == {interface}
    with api_error("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    with api_error("InvalidNetworkInterfaceID.NotFound"):
        ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=subnet)


def test_made_once_by_one_token(ec2, own, subnet):
    again = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.20", Description="own", ClientToken="one")
    assert again["NetworkInterface"]["NetworkInterfaceId"] == own["NetworkInterfaceId"]
    with api_error("IdempotentParameterMismatch"):
        ec2.create_network_interface(SubnetId=subnet, Description="other", ClientToken="one")
    with api_error("InvalidIPAddress.InUse"):
        ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.20")


def test_those_of_others_are_not_deleted_or_changed(ec2, both):
    for interface in both:
        with api_error("InvalidNetworkInterface.InUse"):
            ec2.delete_network_interface(NetworkInterfaceId=interface)
    with api_error("OperationNotPermitted"):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=both[1], Description={"Value": "mine"})
