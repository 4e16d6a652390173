"""Interface endpoints and the services that they lead to."""
import re

import pytest
from errors import api_error
from waiting import wait_for

EC2 = "com.amazonaws.ap-northeast-1.ec2"
ELB = "com.amazonaws.ap-northeast-1.elasticloadbalancing"


def create(ec2, vpc, subnets, service=EC2, **arguments):
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service, SubnetIds=subnets,
                                   **arguments)["VpcEndpoint"]


def describe(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]


def available(ec2, endpoint):
    return wait_for(lambda: (e := describe(ec2, endpoint))["State"] == "available" and e, "the endpoint to be available")


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(GroupName="endpoints", Description="endpoints", VpcId=vpc)["GroupId"]


@pytest.fixture
def other_subnet(ec2, vpc):
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-1c")["Subnet"]["SubnetId"]


@pytest.fixture
def endpoint(ec2, vpc, subnet, group):
    made = create(ec2, vpc, [subnet], SecurityGroupIds=[group])["VpcEndpointId"]
    available(ec2, made)
    return made


def test_create_and_describe(ec2, vpc, subnet, group, account):
    made = create(ec2, vpc, [subnet], SecurityGroupIds=[group], PrivateDnsEnabled=True, TagSpecifications=[
        {"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "mine"}]}])
    assert re.fullmatch(r"vpce-[0-9a-f]{17}", made["VpcEndpointId"])
    assert made["State"] in ("pending", "available")
    found = available(ec2, made["VpcEndpointId"])
    assert (found["VpcEndpointType"], found["VpcId"], found["ServiceName"]) == ("Interface", vpc, EC2)
    assert found["SubnetIds"] == [subnet]
    assert found["Groups"] == [{"GroupId": group, "GroupName": "endpoints"}]
    assert found["PrivateDnsEnabled"] is True and found["RequesterManaged"] is False
    assert found["OwnerId"] == account.id
    assert found["IpAddressType"] == "ipv4" and found["DnsOptions"]["DnsRecordIpType"] == "ipv4"
    assert found["Tags"] == [{"Key": "Name", "Value": "mine"}]
    assert len(found["NetworkInterfaceIds"]) == 1
    assert found["RouteTableIds"] == []


def test_names_and_their_order(ec2, vpc, subnet, other_subnet):
    made = available(ec2, create(ec2, vpc, [subnet, other_subnet])["VpcEndpointId"])
    names = [entry["DnsName"] for entry in made["DnsEntries"]]
    stem = re.escape(made["VpcEndpointId"]) + r"-[0-9a-z]{8}"
    tail = r"\.ec2\.ap-northeast-1\.vpce\.amazonaws\.com"
    assert len(names) == 4
    assert re.fullmatch(stem + tail, names[0])
    assert re.fullmatch(stem + "-ap-northeast-1a" + tail, names[1])
    assert re.fullmatch(stem + "-ap-northeast-1c" + tail, names[2])
    assert names[3] == "ec2.ap-northeast-1.amazonaws.com"
    assert all(entry["HostedZoneId"] for entry in made["DnsEntries"])


def test_its_interface(ec2, vpc, subnet, endpoint, group):
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=describe(ec2, endpoint)["NetworkInterfaceIds"])
    interface = interface["NetworkInterfaces"][0]
    assert interface["InterfaceType"] == "vpc_endpoint"
    assert (interface["VpcId"], interface["SubnetId"]) == (vpc, subnet)
    assert endpoint in interface["Description"]
    assert [g["GroupId"] for g in interface["Groups"]] == [group]
    assert interface["RequesterManaged"] is True
    assert interface["PrivateIpAddress"].startswith("10.0.1.")


def test_defaults(ec2, vpc, subnet):
    made = available(ec2, create(ec2, vpc, [subnet])["VpcEndpointId"])
    assert made["PrivateDnsEnabled"] is True  # left out is not the same as false
    assert [g["GroupName"] for g in made["Groups"]] == ["default"]


def test_private_dns_off(ec2, vpc, subnet):
    made = available(ec2, create(ec2, vpc, [subnet], PrivateDnsEnabled=False)["VpcEndpointId"])
    assert made["PrivateDnsEnabled"] is False and len(made["DnsEntries"]) == 2


def test_private_dns_needs_both_attributes(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    text = "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for " + vpc
    with api_error("InvalidParameter", text):
        create(ec2, vpc, [subnet], PrivateDnsEnabled=True)
    assert available(ec2, create(ec2, vpc, [subnet], PrivateDnsEnabled=False)["VpcEndpointId"])


def test_a_second_endpoint_with_the_same_name(ec2, vpc, subnet, endpoint):
    text = ("private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
            f"ec2.ap-northeast-1.amazonaws.com in the VPC {vpc}")
    with api_error("InvalidParameter", text):
        create(ec2, vpc, [subnet], PrivateDnsEnabled=True)
    available(ec2, create(ec2, vpc, [subnet], PrivateDnsEnabled=False)["VpcEndpointId"])


def test_refusals(ec2, vpc, subnet):
    with api_error("InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.ap-northeast-1.nothing' does not exist"):
        create(ec2, vpc, [subnet], service="com.amazonaws.ap-northeast-1.nothing")
    with api_error("InvalidVpcID.NotFound"):
        create(ec2, "vpc-0123456789abcdef0", [subnet])
    with api_error("InvalidSubnetID.NotFound"):
        create(ec2, vpc, ["subnet-0123456789abcdef0"])
    with api_error("InvalidGroup.NotFound"):
        create(ec2, vpc, [subnet], SecurityGroupIds=["sg-0123456789abcdef0"])
    with api_error("InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface])"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=EC2)  # Gateway is the default type
    with api_error("MissingParameter"):
        ec2.create_vpc_endpoint(VpcId=vpc, VpcEndpointType="Interface", ServiceName="")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_one_subnet_per_zone(ec2, vpc, subnet):
    same = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.7.0/24", AvailabilityZone="ap-northeast-1a")["Subnet"]["SubnetId"]
    with api_error("DuplicateSubnetsInSameZone"):
        create(ec2, vpc, [subnet, same])


def test_client_token(ec2, vpc, subnet):
    one = create(ec2, vpc, [subnet], ClientToken="t")
    assert create(ec2, vpc, [subnet], ClientToken="t")["VpcEndpointId"] == one["VpcEndpointId"]
    with api_error("IdempotentParameterMismatch"):
        create(ec2, vpc, [subnet], ClientToken="t", service=ELB)
    assert len(ec2.describe_vpc_endpoints()["VpcEndpoints"]) == 1


def test_modify_private_dns(ec2, endpoint):
    assert ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)["Return"] is True
    found = available(ec2, endpoint)
    assert found["PrivateDnsEnabled"] is False and len(found["DnsEntries"]) == 2
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=True)
    assert len(available(ec2, endpoint)["DnsEntries"]) == 3


def test_modify_groups(ec2, vpc, endpoint, group):
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc)["GroupId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group])
    assert [g["GroupId"] for g in available(ec2, endpoint)["Groups"]] == [other]
    with api_error("InvalidGroup.NotFound"):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=["sg-0123456789abcdef0"])


def test_modify_subnets(ec2, endpoint, subnet, other_subnet):
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[other_subnet])
    found = available(ec2, endpoint)
    assert set(found["SubnetIds"]) == {subnet, other_subnet} and len(found["NetworkInterfaceIds"]) == 2
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[subnet])
    found = available(ec2, endpoint)
    assert found["SubnetIds"] == [other_subnet] and len(found["NetworkInterfaceIds"]) == 1


def test_modify_an_unknown_one(ec2):
    with api_error("InvalidVpcEndpointId.NotFound", "vpce-0123456789abcdef0"):
        ec2.modify_vpc_endpoint(VpcEndpointId="vpce-0123456789abcdef0", PrivateDnsEnabled=False)
    with api_error("InvalidVpcEndpointId.Malformed"):
        ec2.modify_vpc_endpoint(VpcEndpointId="mine", PrivateDnsEnabled=False)


def test_delete(ec2, vpc, subnet, group, endpoint):
    with api_error("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnet)
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    wait_for(lambda: not ec2.describe_vpc_endpoints()["VpcEndpoints"], "the endpoint to be gone")
    with api_error("InvalidVpcEndpointId.NotFound"):
        ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])
    # Everything that it used is free again.
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc(VpcId=vpc)


def test_delete_answers_with_what_did_not_succeed(ec2, endpoint):
    missing = "vpce-0123456789abcdef0"
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[missing, endpoint])["Unsuccessful"]
    assert [(u["ResourceId"], u["Error"]["Code"]) for u in answer] == [(missing, "InvalidVpcEndpointId.NotFound")]
    wait_for(lambda: not ec2.describe_vpc_endpoints()["VpcEndpoints"], "the endpoint to be gone")


def test_replace_at_once(ec2, vpc, subnet, endpoint):
    """The name of a deleted endpoint is free again as soon as the endpoint is gone."""
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    wait_for(lambda: not ec2.describe_vpc_endpoints()["VpcEndpoints"], "the endpoint to be gone")
    available(ec2, create(ec2, vpc, [subnet], PrivateDnsEnabled=True)["VpcEndpointId"])


def test_filters(ec2, vpc, subnet, endpoint):
    elb = create(ec2, vpc, [subnet], service=ELB)["VpcEndpointId"]
    available(ec2, elb)

    def found(name, *values):
        answer = ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": list(values)}])
        return {e["VpcEndpointId"] for e in answer["VpcEndpoints"]}
    assert found("service-name", ELB) == {elb}
    assert found("vpc-id", vpc) == {elb, endpoint}
    assert found("vpc-endpoint-state", "available") == {elb, endpoint}
    assert found("vpc-endpoint-type", "Gateway") == set()
    assert found("vpc-endpoint-id", endpoint) == {endpoint}


def test_another_account_sees_nothing(endpoint, region):
    stranger = region.new_account().ec2
    assert stranger.describe_vpc_endpoints()["VpcEndpoints"] == []
    answer = stranger.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"]
    assert answer[0]["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"


def test_services(ec2):
    answer = ec2.describe_vpc_endpoint_services()
    assert {EC2, ELB, "com.amazonaws.ap-northeast-1.sts", "com.amazonaws.ap-northeast-1.kinesis"} <= set(answer["ServiceNames"])
    details = {d["ServiceName"]: d for d in answer["ServiceDetails"]}
    assert set(details) == set(answer["ServiceNames"])
    ec2_service = details[EC2]
    assert ec2_service["ServiceType"] == [{"ServiceType": "Interface"}]
    assert ec2_service["PrivateDnsName"] == "ec2.ap-northeast-1.amazonaws.com"
    assert ec2_service["PrivateDnsNames"] == [{"PrivateDnsName": "ec2.ap-northeast-1.amazonaws.com"}]
    assert ec2_service["BaseEndpointDnsNames"] == ["ec2.ap-northeast-1.vpce.amazonaws.com"]
    assert ec2_service["Owner"] == "amazon" and ec2_service["AcceptanceRequired"] is False
    assert ec2_service["AvailabilityZones"] == ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    assert ec2_service["ServiceId"].startswith("vpce-svc-")


def test_services_chosen(ec2):
    names = ec2.describe_vpc_endpoint_services(ServiceNames=[ELB])["ServiceNames"]
    assert names == [ELB]
    by_filter = ec2.describe_vpc_endpoint_services(Filters=[{"Name": "service-name", "Values": ["*.ec2"]}])
    assert by_filter["ServiceNames"] == [EC2]
    with api_error("InvalidServiceName", "com.amazonaws.ap-northeast-1.nothing"):
        ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.ap-northeast-1.nothing"])


def test_a_zone_that_the_service_lacks(ec2, vpc, other_subnet):
    text = (f"The VPC endpoint service com.amazonaws.ap-northeast-1.ssm does not support the availability zone of the "
            f"subnet: {other_subnet}")
    with api_error("InvalidParameter", text):
        create(ec2, vpc, [other_subnet], service="com.amazonaws.ap-northeast-1.ssm")


def test_a_declared_service(ec2, vpc, subnet):
    made = available(ec2, create(ec2, vpc, [subnet], service="com.amazonaws.ap-northeast-1.kinesis")["VpcEndpointId"])
    assert made["DnsEntries"][-1]["DnsName"] == "kinesis.ap-northeast-1.amazonaws.com"
