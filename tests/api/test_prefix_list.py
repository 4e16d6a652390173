"""Managed prefix lists, and rules that name them, as boto3 sees them."""
import re

import pytest
from errors import api_error

GONE = "pl-0123456789abcdef0"


@pytest.fixture
def prefix_list(ec2):
    made = ec2.create_managed_prefix_list(
        PrefixListName="offices", AddressFamily="IPv4", MaxEntries=5,
        Entries=[{"Cidr": "192.0.2.0/24", "Description": "main"}, {"Cidr": "198.51.100.0/24"}])
    return made["PrefixList"]["PrefixListId"]


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(GroupName="web", Description="the web", VpcId=vpc)["GroupId"]


def entries(ec2, prefix_list, **options):
    return ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list, **options)["Entries"]


def https_from(prefix_list):
    return {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": prefix_list}]}


def test_create_and_describe(ec2, account):
    made = ec2.create_managed_prefix_list(
        PrefixListName="six", AddressFamily="IPv6", MaxEntries=2, Entries=[{"Cidr": "2001:DB8::/32"}],
        TagSpecifications=[{"ResourceType": "prefix-list", "Tags": [{"Key": "a", "Value": "b"}]}])["PrefixList"]
    assert re.fullmatch(r"pl-[0-9a-f]{17}", made["PrefixListId"])
    assert made["PrefixListArn"] == f"arn:aws:ec2:ap-northeast-1:{account.id}:prefix-list/{made['PrefixListId']}"
    assert (made["State"], made["Version"], made["MaxEntries"], made["OwnerId"]) == ("create-complete", 1, 2, account.id)
    assert made["Tags"] == [{"Key": "a", "Value": "b"}]
    assert entries(ec2, made["PrefixListId"]) == [{"Cidr": "2001:db8::/32"}]
    for name, value in (("prefix-list-name", "six"), ("owner-id", account.id), ("tag:a", "b")):
        found = ec2.describe_managed_prefix_lists(Filters=[{"Name": name, "Values": [value]}])["PrefixLists"]
        assert [each["PrefixListId"] for each in found] == [made["PrefixListId"]]
    assert ec2.describe_managed_prefix_lists(Filters=[{"Name": "owner-id", "Values": ["AWS"]}])["PrefixLists"] == []
    # The lists of gateway endpoints are another thing.
    assert ec2.describe_prefix_lists()["PrefixLists"] == []


def test_the_same_token_makes_one_list(ec2):
    request = {"PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 1, "ClientToken": "one"}
    first, second = (ec2.create_managed_prefix_list(**request)["PrefixList"]["PrefixListId"] for _ in range(2))
    assert first == second
    with api_error("IdempotentParameterMismatch"):
        ec2.create_managed_prefix_list(**{**request, "MaxEntries": 2})


def test_a_token_has_up_to_255_characters(ec2):
    request = {"PrefixListName": "x", "AddressFamily": "IPv4", "MaxEntries": 1}
    longest = 255 * "é"
    first, second = (ec2.create_managed_prefix_list(**request, ClientToken=longest)["PrefixList"]["PrefixListId"] for _ in range(2))
    assert first == second
    with api_error("InvalidParameterValue", "255 characters"):
        ec2.create_managed_prefix_list(**request, ClientToken=longest + "x")


def test_modify_and_restore(ec2, prefix_list):
    changed = ec2.modify_managed_prefix_list(
        PrefixListId=prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "203.0.113.0/24"}],
        RemoveEntries=[{"Cidr": "192.0.2.0/24"}])["PrefixList"]
    assert (changed["Version"], changed["State"]) == (2, "modify-complete")
    assert [each["Cidr"] for each in entries(ec2, prefix_list)] == ["198.51.100.0/24", "203.0.113.0/24"]
    assert entries(ec2, prefix_list, TargetVersion=1)[0] == {"Cidr": "192.0.2.0/24", "Description": "main"}
    with api_error("PrefixListVersionMismatch", "has the incorrect version number"):
        ec2.modify_managed_prefix_list(PrefixListId=prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "10.0.0.0/8"}])
    with api_error("PrefixListMaxEntriesExceeded", "MaxEntries is 5"):
        ec2.modify_managed_prefix_list(
            PrefixListId=prefix_list, CurrentVersion=2, AddEntries=[{"Cidr": f"10.{i}.0.0/16"} for i in range(4)])
    ec2.modify_managed_prefix_list(PrefixListId=prefix_list, MaxEntries=6)
    restored = ec2.restore_managed_prefix_list_version(PrefixListId=prefix_list, PreviousVersion=1, CurrentVersion=2)
    assert (restored["PrefixList"]["Version"], restored["PrefixList"]["MaxEntries"]) == (3, 6)
    assert [each["Cidr"] for each in entries(ec2, prefix_list)] == ["192.0.2.0/24", "198.51.100.0/24"]


def test_pages_of_entries(ec2):
    cidrs = [f"10.{i}.0.0/16" for i in range(100)]
    made = ec2.create_managed_prefix_list(PrefixListName="many", AddressFamily="IPv4", MaxEntries=100,
                                          Entries=[{"Cidr": cidr} for cidr in cidrs])["PrefixList"]["PrefixListId"]
    pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=made, PaginationConfig={"PageSize": 30})
    sizes, found = [], []
    for page in pages:
        sizes.append(len(page["Entries"]))
        found += [each["Cidr"] for each in page["Entries"]]
    assert sizes == [30, 30, 30, 10]
    assert sorted(found) == sorted(cidrs)


def test_rules_name_a_list(ec2, group, prefix_list, account):
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https_from(prefix_list)])["SecurityGroupRules"][0]
    assert rule["PrefixListId"] == prefix_list
    shown = ec2.describe_security_groups(Filters=[{"Name": "ip-permission.prefix-list-id", "Values": [prefix_list]}])
    assert shown["SecurityGroups"][0]["IpPermissions"][0]["PrefixListIds"] == [{"PrefixListId": prefix_list}]
    assert ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])[
        "SecurityGroupRules"][0]["PrefixListId"] == prefix_list
    associations = ec2.get_managed_prefix_list_associations(PrefixListId=prefix_list)["PrefixListAssociations"]
    assert associations == [{"ResourceId": group, "ResourceOwner": account.id}]
    with api_error("DependencyViolation", rule["SecurityGroupRuleId"]):
        ec2.delete_managed_prefix_list(PrefixListId=prefix_list)
    with api_error("RulesPerSecurityGroupLimitExceeded", group):
        ec2.modify_managed_prefix_list(PrefixListId=prefix_list, MaxEntries=61)
    with api_error("InvalidPrefixListID.NotFound", GONE):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https_from(GONE)])
    assert ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[https_from(prefix_list)])["Return"] is True
    assert ec2.delete_managed_prefix_list(PrefixListId=prefix_list)["PrefixList"]["State"] == "delete-complete"
    with api_error("InvalidPrefixListID.NotFound", prefix_list):
        entries(ec2, prefix_list)


def test_rules_are_modified(ec2, group, prefix_list):
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https_from(prefix_list)])["SecurityGroupRules"][0]
    def modify(**values):
        return ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[
            {"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": values}])
    assert modify(IpProtocol="icmpv6", FromPort=128, ToPort=-1, CidrIpv6="2001:db8::/32", Description="ping")["Return"] is True
    now = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])["SecurityGroupRules"][0]
    assert (now["IpProtocol"], now["FromPort"], now["ToPort"], now["CidrIpv6"], now["Description"]) == \
        ("icmpv6", 128, -1, "2001:db8::/32", "ping")
    assert "PrefixListId" not in now
    with api_error("InvalidParameterCombination", "SecurityGroupRule.1.SecurityGroupRule"):
        modify(IpProtocol="-1", CidrIpv4="10.0.0.0/8", CidrIpv6="::/0")
