"""Tags on resources of every kind."""
import pytest
from errors import api_error


def tags(ec2, resource):
    answer = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])
    return {t["Key"]: t["Value"] for t in answer["Tags"]}


@pytest.fixture
def resources(ec2, vpc, subnet):
    """One resource of each kind: type → id."""
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    endpoint = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, SubnetIds=[subnet], SecurityGroupIds=[group],
                                       ServiceName="com.amazonaws.ap-northeast-1.ec2")["VpcEndpoint"]["VpcEndpointId"]
    instance = ec2.run_instances(ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]
    return {"vpc": vpc, "subnet": subnet, "security-group": group, "vpc-endpoint": endpoint,
            "instance": instance["InstanceId"], "network-interface": instance["NetworkInterfaces"][0]["NetworkInterfaceId"]}


def test_every_kind(ec2, resources):
    ec2.create_tags(Resources=list(resources.values()), Tags=[{"Key": "env", "Value": "test"}, {"Key": "empty", "Value": ""}])
    found = ec2.describe_tags(Filters=[{"Name": "key", "Values": ["env"]}])["Tags"]
    assert {(t["ResourceType"], t["ResourceId"], t["Value"]) for t in found} == {(k, i, "test") for k, i in resources.items()}
    ec2.delete_tags(Resources=list(resources.values()), Tags=[{"Key": "env"}])
    for resource in resources.values():
        assert tags(ec2, resource) == {"empty": ""}


def test_a_tag_is_replaced(ec2, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "2"}])
    assert tags(ec2, vpc) == {"a": "2"}


def test_delete_only_with_this_value(ec2, vpc):
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}])
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "2"}])
    assert tags(ec2, vpc) == {"a": "1", "b": "1"}
    ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "1"}])
    assert tags(ec2, vpc) == {"b": "1"}
    ec2.delete_tags(Resources=[vpc])
    assert tags(ec2, vpc) == {}


def test_errors(ec2, vpc):
    with api_error("InvalidParameterValue", "aws:"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:x", "Value": "1"}])
    with api_error("InvalidVpcID.NotFound"):
        ec2.create_tags(Resources=["vpc-0123456789abcdef0"], Tags=[{"Key": "x", "Value": "1"}])
    with api_error("TagLimitExceeded"):
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{i}", "Value": "1"} for i in range(51)])
    assert tags(ec2, vpc) == {}


def test_another_accounts_resource_is_not_there(ec2, vpc, region):
    with api_error("InvalidVpcID.NotFound"):
        region.new_account().ec2.create_tags(Resources=[vpc], Tags=[{"Key": "x", "Value": "1"}])


def test_filters_and_pages(ec2, resources):
    ec2.create_tags(Resources=list(resources.values()), Tags=[{"Key": f"k{i}", "Value": str(i)} for i in range(4)])
    assert len(ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["vpc", "subnet"]}])["Tags"]) == 8
    assert len(ec2.describe_tags(Filters=[{"Name": "tag:k1", "Values": ["1"]}])["Tags"]) == 6
    pages = list(ec2.get_paginator("describe_tags").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(p["Tags"]) for p in pages] == [5, 5, 5, 5, 4]
