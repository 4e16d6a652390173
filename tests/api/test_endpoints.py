"""Interface endpoints: what test_endpoint.py does not ask: subnet configurations, policies, pages, every filter."""
import json

import pytest
from errors import api_error
from newer import also_sending
from waiting import wait_for

EC2 = "com.amazonaws.ap-northeast-1.ec2"
ELB = "com.amazonaws.ap-northeast-1.elasticloadbalancing"
STS = "com.amazonaws.ap-northeast-1.sts"


def create(ec2, vpc, service=EC2, **arguments):
    return ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=service, **arguments)["VpcEndpoint"]


def describe(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]


def addresses(ec2, endpoint):
    ids = describe(ec2, endpoint)["NetworkInterfaceIds"]
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"]
    return {interface["SubnetId"]: interface["PrivateIpAddress"] for interface in found}


def gone(ec2, endpoint):
    found = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-id", "Values": [endpoint]}])["VpcEndpoints"]
    return not found


def chosen(subnet, address):
    return {"SubnetConfiguration.1.SubnetId": subnet, "SubnetConfiguration.1.Ipv4": address}


def test_a_chosen_address(ec2, vpc, subnet):
    with also_sending(ec2, "CreateVpcEndpoint", chosen(subnet, "10.0.1.200")):
        made = create(ec2, vpc, SubnetIds=[subnet])
        assert addresses(ec2, made["VpcEndpointId"]) == {subnet: "10.0.1.200"}
        with api_error("InvalidIPAddress.InUse", "10.0.1.200"):
            create(ec2, vpc, service=ELB, SubnetIds=[subnet])


def test_another_address_replaces_the_interface(ec2, vpc, subnet):
    endpoint = create(ec2, vpc, SubnetIds=[subnet])["VpcEndpointId"]
    before = describe(ec2, endpoint)["NetworkInterfaceIds"]
    with also_sending(ec2, "ModifyVpcEndpoint", chosen(subnet, "10.0.1.77")):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint)
    assert addresses(ec2, endpoint) == {subnet: "10.0.1.77"}
    assert describe(ec2, endpoint)["NetworkInterfaceIds"] != before
    with api_error("InvalidNetworkInterfaceID.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=before)
    wait_for(lambda: describe(ec2, endpoint)["State"] == "available", "the endpoint to be available")


def test_without_subnets(ec2, vpc):
    made = create(ec2, vpc)
    assert made["SubnetIds"] == [] and made["NetworkInterfaceIds"] == []
    wait_for(lambda: describe(ec2, made["VpcEndpointId"])["State"] == "available", "the endpoint to be available")


def test_policies(ec2, vpc):
    endpoint = create(ec2, vpc)["VpcEndpointId"]
    allow_all = {"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}
    assert json.loads(describe(ec2, endpoint)["PolicyDocument"]) == {"Statement": [allow_all]}
    denying = json.dumps({"Statement": [{**allow_all, "Effect": "Deny"}]})
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=denying)
    assert describe(ec2, endpoint)["PolicyDocument"] == denying
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    assert json.loads(describe(ec2, endpoint)["PolicyDocument"]) == {"Statement": [allow_all]}
    for bad in ("{", "[]", "{}"):
        with api_error("InvalidPolicyDocument"):
            ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=bad)
    with api_error("InvalidPolicyDocument", "20480"):
        create(ec2, vpc, service=ELB, PolicyDocument=json.dumps({"Statement": [], "Id": "x" * 20480}))
    with api_error("InvalidParameterCombination"):
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=denying, ResetPolicy=True)


@pytest.mark.parametrize("arguments, code, text", [
    ({"IpAddressType": "ipv5"}, "InvalidParameterValue", "ipv5"),
    ({"DnsOptions": {"DnsRecordIpType": "ipv6"}}, "InvalidParameter", "ipv6"),
    ({"RouteTableIds": ["rtb-0123456789abcdef0"]}, "InvalidParameter", "Route table"),
    ({"VpcEndpointType": "GatewayLoadBalancer"}, "InvalidParameter",
     "Endpoint type (GatewayLoadBalancer) does not match available service types ([Interface])"),
    ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]}, "InvalidParameterValue", "vpc"),
])
def test_what_an_interface_endpoint_cannot_have(ec2, vpc, arguments, code, text):
    with api_error(code, text):
        ec2.create_vpc_endpoint(**{"VpcEndpointType": "Interface", "VpcId": vpc, "ServiceName": EC2, **arguments})
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_pages(ec2, vpc):
    made = {create(ec2, vpc, service=service)["VpcEndpointId"] for service in (EC2, ELB, STS)}
    pages = list(ec2.get_paginator("describe_vpc_endpoints").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["VpcEndpoints"]) for page in pages] == [2, 1]
    assert {e["VpcEndpointId"] for page in pages for e in page["VpcEndpoints"]} == made
    with api_error("InvalidNextToken"):
        ec2.describe_vpc_endpoints(NextToken="nonsense")


def test_filters(ec2, vpc, subnet):
    endpoint = create(ec2, vpc, SubnetIds=[subnet], TagSpecifications=[
        {"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "api"}]}])["VpcEndpointId"]
    create(ec2, vpc, service=ELB, SubnetIds=[subnet])

    def found(name, *values):
        answer = ec2.describe_vpc_endpoints(Filters=[{"Name": name, "Values": list(values)}])
        return len(answer["VpcEndpoints"])
    assert found("tag:Name", "api") == found("tag-key", "Name") == found("vpc-endpoint-id", endpoint) == 1
    assert found("service-name", "*.ec2") == 1 and found("service-name", "*.ec2", "*balancing") == 2
    assert found("ip-address-type", "ipv4") == 2 and found("ip-address-type", "ipv6") == 0
    assert found("vpc-endpoint-type", "Interface") == 2 and found("vpc-endpoint-type", "interface") == 0


def test_the_name_goes_with_the_endpoint(ec2, vpc):
    """A deleting endpoint holds its private name, but only until its path is gone."""
    endpoint = create(ec2, vpc)["VpcEndpointId"]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    wait_for(lambda: gone(ec2, endpoint), "the endpoint to be gone")
    assert create(ec2, vpc)["PrivateDnsEnabled"] is True


def test_deleting_twice(ec2, vpc):
    endpoint = create(ec2, vpc)["VpcEndpointId"]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, endpoint])["Unsuccessful"] == []
    wait_for(lambda: gone(ec2, endpoint), "the endpoint to be gone")
    error = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"][0]
    assert error["ResourceId"] == endpoint and error["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"
