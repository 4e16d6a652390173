"""DescribeVpcEndpointServices: filters and pages."""
from errors import api_error

EC2 = "com.amazonaws.ap-northeast-1.ec2"
SSM = "com.amazonaws.ap-northeast-1.ssm"


def found(ec2, name, *values):
    return ec2.describe_vpc_endpoint_services(Filters=[{"Name": name, "Values": list(values)}])["ServiceNames"]


def test_filters(ec2):
    every = ec2.describe_vpc_endpoint_services()["ServiceNames"]
    assert every == sorted(every) and EC2 in every
    assert found(ec2, "service-type", "Interface") == found(ec2, "owner", "amazon") == every
    assert found(ec2, "supported-ip-address-types", "ipv4") == found(ec2, "supported-ip-address-types", "ipv6") == every
    assert found(ec2, "service-type", "Gateway") == found(ec2, "supported-ip-address-types", "ipv5") == []
    assert found(ec2, "tag:Name", "*") == []
    assert found(ec2, "service-name", EC2, "*.ssm") == [EC2, SSM]


def test_pages(ec2):
    every = ec2.describe_vpc_endpoint_services()["ServiceNames"]
    names, details, token = [], [], {}
    while True:
        page = ec2.describe_vpc_endpoint_services(MaxResults=2, **token)
        assert len(page["ServiceNames"]) <= 2
        names += page["ServiceNames"]
        details += [detail["ServiceName"] for detail in page["ServiceDetails"]]
        if not page.get("NextToken"):
            break
        token = {"NextToken": page["NextToken"]}
    assert names == details == every


def test_zones_are_those_of_the_service(ec2):
    detail = ec2.describe_vpc_endpoint_services(ServiceNames=[SSM])["ServiceDetails"][0]
    assert detail["AvailabilityZones"] == ["ap-northeast-1a"]
    assert detail["PrivateDnsNameVerificationState"] == "verified"
    assert detail["SupportedIpAddressTypes"] == ["ipv4", "ipv6"]


def test_an_unknown_name_among_known_ones(ec2):
    with api_error("InvalidServiceName", "The Vpc Endpoint Service 'com.example.x' does not exist"):
        ec2.describe_vpc_endpoint_services(ServiceNames=[EC2, "com.example.x"])
