"""Regions, zones, account attributes, prefix lists; STS and ELB."""
import re

import pytest
from errors import api_error


def test_regions(ec2):
    regions = ec2.describe_regions()["Regions"]
    assert [r["RegionName"] for r in regions] == ["ap-northeast-1"]
    assert regions[0]["Endpoint"] == "ec2.ap-northeast-1.amazonaws.com"
    assert regions[0]["OptInStatus"] == "opt-in-not-required"


def test_regions_by_name(ec2):
    assert len(ec2.describe_regions(RegionNames=["ap-northeast-1"])["Regions"]) == 1
    with api_error("InvalidParameterValue", "mars-1"):
        ec2.describe_regions(RegionNames=["mars-1"])


def test_availability_zones(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [z["ZoneName"] for z in zones] == ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"]
    assert {z["State"] for z in zones} == {"available"}
    assert {z["RegionName"] for z in zones} == {"ap-northeast-1"}
    assert all(re.fullmatch(r"apne1-az\d", z["ZoneId"]) for z in zones)
    assert {z["ZoneType"] for z in zones} == {"availability-zone"}


def test_availability_zones_chosen(ec2):
    def names(**arguments):
        return [z["ZoneName"] for z in ec2.describe_availability_zones(**arguments)["AvailabilityZones"]]
    assert names(ZoneNames=["ap-northeast-1c"]) == ["ap-northeast-1c"]
    assert names(Filters=[{"Name": "zone-name", "Values": ["*d", "*a"]}]) == ["ap-northeast-1a", "ap-northeast-1d"]
    assert names(Filters=[{"Name": "state", "Values": ["impaired"]}]) == []
    with api_error("InvalidParameterValue"):
        ec2.describe_availability_zones(ZoneNames=["ap-northeast-1z"])


def test_an_unknown_filter_is_refused_by_name(ec2):
    with api_error("InvalidParameterValue", "colour"):
        ec2.describe_availability_zones(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_account_attributes(ec2):
    attributes = {a["AttributeName"]: [v["AttributeValue"] for v in a["AttributeValues"]]
                  for a in ec2.describe_account_attributes()["AccountAttributes"]}
    assert attributes["supported-platforms"] == ["VPC"]


def test_prefix_lists_are_an_empty_set(ec2):
    assert ec2.describe_prefix_lists()["PrefixLists"] == []


def test_caller_identity(sts, account):
    identity = sts.get_caller_identity()
    assert identity["Account"] == account.id
    assert identity["Arn"].startswith(f"arn:aws:") and account.id in identity["Arn"]
    assert identity["UserId"]


def test_load_balancers(elbv2):
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []


def test_load_balancers_by_name(elbv2):
    with api_error("LoadBalancerNotFound"):
        elbv2.describe_load_balancers(Names=["nobody"])


@pytest.mark.parametrize("client", ["ec2", "elbv2", "sts"])
def test_answers_carry_a_request_id(account, client):
    call = {"ec2": "describe_regions", "elbv2": "describe_load_balancers", "sts": "get_caller_identity"}[client]
    answer = getattr(getattr(account, client), call)()
    assert re.fullmatch(r"[0-9a-f-]{36}", answer["ResponseMetadata"]["RequestId"])
