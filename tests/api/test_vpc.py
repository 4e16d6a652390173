"""VPCs, their attributes, and subnets."""
import re

import pytest
from errors import api_error

GONE = "vpc-0123456789abcdef0"


def test_create_and_describe(ec2, account):
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16",
                         TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "one"}]}])["Vpc"]
    assert re.fullmatch(r"vpc-[0-9a-f]{17}", vpc["VpcId"])
    found = ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"][0]
    assert found["CidrBlock"] == "10.1.0.0/16"
    assert found["State"] == "available"
    assert found["IsDefault"] is False
    assert found["InstanceTenancy"] == "default"
    assert found["OwnerId"] == account.id
    assert found["Tags"] == [{"Key": "Name", "Value": "one"}]
    assert found["CidrBlockAssociationSet"][0]["CidrBlock"] == "10.1.0.0/16"


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
def test_sizes_out_of_range(ec2, cidr):
    with api_error("InvalidVpc.Range", cidr):
        ec2.create_vpc(CidrBlock=cidr)


@pytest.mark.parametrize("cidr", ["10.0.0.0", "ten", "10.0.0.256/16", "2001:db8::/56"])
def test_not_a_cidr(ec2, cidr):
    with api_error("InvalidParameterValue", cidr):
        ec2.create_vpc(CidrBlock=cidr)


def test_an_unsupported_parameter_is_refused_by_name(ec2):
    with api_error("UnsupportedOperation", "Ipv6Pool"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", Ipv6Pool="pool", Ipv6CidrBlock="2001:db8:1::/56")


def test_the_default_group_is_there_and_goes_with_the_vpc(ec2, vpc):
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    assert [g["GroupName"] for g in groups] == ["default"]
    ec2.delete_vpc(VpcId=vpc)
    assert ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"] == []


def test_delete(ec2, vpc):
    ec2.delete_vpc(VpcId=vpc)
    with api_error("InvalidVpcID.NotFound", vpc):
        ec2.describe_vpcs(VpcIds=[vpc])
    with api_error("InvalidVpcID.NotFound", vpc):
        ec2.delete_vpc(VpcId=vpc)


def test_delete_with_a_subnet_is_refused(ec2, vpc, subnet):
    with api_error("DependencyViolation", vpc):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def test_attributes(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def value(name, key):
        return ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)[key]["Value"]
    assert value("enableDnsSupport", "EnableDnsSupport") is True
    assert value("enableDnsHostnames", "EnableDnsHostnames") is False
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert value("enableDnsHostnames", "EnableDnsHostnames") is True
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    assert value("enableDnsSupport", "EnableDnsSupport") is False


def test_hostnames_need_support(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    with api_error("InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})


def test_one_attribute_per_call(ec2, vpc):
    with api_error("InvalidParameterCombination"):
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}, EnableDnsSupport={"Value": True})


def test_attributes_of_an_unknown_vpc(ec2):
    with api_error("InvalidVpcID.NotFound", GONE):
        ec2.describe_vpc_attribute(VpcId=GONE, Attribute="enableDnsSupport")
    with api_error("InvalidVpcID.NotFound", GONE):
        ec2.modify_vpc_attribute(VpcId=GONE, EnableDnsSupport={"Value": True})


def test_another_account_sees_nothing(ec2, vpc, region):
    stranger = region.new_account().ec2
    assert stranger.describe_vpcs()["Vpcs"] == []
    with api_error("InvalidVpcID.NotFound", vpc):
        stranger.describe_vpcs(VpcIds=[vpc])
    with api_error("InvalidVpcID.NotFound", vpc):
        stranger.delete_vpc(VpcId=vpc)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_filters(ec2):
    one, two, three = (ec2.create_vpc(CidrBlock=f"10.{i}.0.0/16")["Vpc"]["VpcId"] for i in (1, 2, 3))
    ec2.create_tags(Resources=[one, two], Tags=[{"Key": "env", "Value": "prod"}])
    ec2.create_tags(Resources=[three], Tags=[{"Key": "env", "Value": "Prod"}])

    def found(*filters):
        answer = ec2.describe_vpcs(Filters=[{"Name": n, "Values": v} for n, v in filters])
        return {v["VpcId"] for v in answer["Vpcs"]}
    assert found(("tag:env", ["prod"])) == {one, two}
    assert found(("tag:env", ["?rod"])) == {one, two, three}
    assert found(("tag-key", ["env"]), ("cidr", ["10.2.0.0/16", "10.3.0.0/16"])) == {two, three}
    assert found(("vpc-id", [one, three]), ("tag:env", ["prod"])) == {one}
    assert found(("state", ["available"])) == {one, two, three}
    assert found(("is-default", ["true"])) == set()


def test_paging(ec2):
    made = {ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] for _ in range(12)}
    first = ec2.describe_vpcs(MaxResults=5)
    assert len(first["Vpcs"]) == 5 and first["NextToken"]
    # The token stays good while things come and go between the pages.
    ec2.delete_vpc(VpcId=first["Vpcs"][0]["VpcId"])
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    seen = [v["VpcId"] for v in first["Vpcs"]]
    token = first["NextToken"]
    while token:
        page = ec2.describe_vpcs(MaxResults=5, NextToken=token)
        seen += [v["VpcId"] for v in page["Vpcs"]]
        token = page.get("NextToken")
    assert made <= set(seen) and len(seen) == len(set(seen))
    with api_error("InvalidNextToken"):
        ec2.describe_vpcs(MaxResults=5, NextToken="nonsense")


def test_subnet(ec2, vpc, account):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-1c")["Subnet"]
    found = ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]
    assert re.fullmatch(r"subnet-[0-9a-f]{17}", found["SubnetId"])
    assert found["VpcId"] == vpc
    assert found["AvailabilityZone"] == "ap-northeast-1c"
    assert found["AvailabilityZoneId"].startswith("apne1-az")
    assert found["AvailableIpAddressCount"] == 251  # five are reserved
    assert found["State"] == "available"
    assert found["MapPublicIpOnLaunch"] is False
    assert found["OwnerId"] == account.id
    assert found["SubnetArn"].endswith(":subnet/" + found["SubnetId"])


def test_subnet_errors(ec2, vpc, subnet):
    with api_error("InvalidSubnet.Conflict", "10.0.1.0/25"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/25")
    with api_error("InvalidSubnet.Range", "10.1.0.0/24"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")
    with api_error("InvalidVpcID.NotFound", GONE):
        ec2.create_subnet(VpcId=GONE, CidrBlock="10.0.3.0/24")
    with api_error("InvalidParameterValue", "ap-northeast-1b"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.3.0/24", AvailabilityZone="ap-northeast-1b")
    with api_error("InvalidSubnetID.NotFound"):
        ec2.delete_subnet(SubnetId="subnet-0123456789abcdef0")


def test_subnet_filters(ec2, vpc, subnet):
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="ap-northeast-1d")["Subnet"]["SubnetId"]

    def found(name, *values):
        return {s["SubnetId"] for s in ec2.describe_subnets(Filters=[{"Name": name, "Values": values}])["Subnets"]}
    assert found("vpc-id", vpc) == {subnet, other}
    assert found("availability-zone", "ap-northeast-1d") == {other}
    assert found("cidr-block", "10.0.1.0/24") == {subnet}


def test_subnet_attribute(ec2, subnet):
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is False
    with api_error("InvalidSubnetID.NotFound"):
        ec2.modify_subnet_attribute(SubnetId="subnet-0123456789abcdef0", MapPublicIpOnLaunch={"Value": False})


def test_delete_subnet_in_use_is_refused(ec2, subnet):
    ec2.run_instances(ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, SubnetId=subnet)
    with api_error("DependencyViolation", subnet):
        ec2.delete_subnet(SubnetId=subnet)
