"""Security groups and their rules."""
import re

import pytest
from errors import api_error

GONE = "sg-0123456789abcdef0"
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "hosts"}]}


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(GroupName="web", Description="the web", VpcId=vpc)["GroupId"]


def describe(ec2, group):
    return ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]


def rules(ec2, group, egress=False):
    answer = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    return [r for r in answer["SecurityGroupRules"] if r["IsEgress"] == egress]


def test_create_and_describe(ec2, vpc, account):
    answer = ec2.create_security_group(GroupName="web", Description="the web", VpcId=vpc, TagSpecifications=[
        {"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}])
    assert re.fullmatch(r"sg-[0-9a-f]{17}", answer["GroupId"])
    assert answer["Tags"] == [{"Key": "a", "Value": "b"}]
    found = describe(ec2, answer["GroupId"])
    assert (found["GroupName"], found["Description"], found["VpcId"], found["OwnerId"]) == ("web", "the web", vpc, account.id)
    assert found["IpPermissions"] == []
    # A new group lets everything out.
    assert [(p["IpProtocol"], p["IpRanges"]) for p in found["IpPermissionsEgress"]] == [("-1", [{"CidrIp": "0.0.0.0/0"}])]


def test_the_default_group_lets_its_own_members_in(ec2, vpc):
    group = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])
    permissions = group["SecurityGroups"][0]["IpPermissions"]
    assert [p["UserIdGroupPairs"][0]["GroupId"] for p in permissions] == [group["SecurityGroups"][0]["GroupId"]]


def test_names(ec2, vpc, group):
    with api_error("InvalidGroup.Duplicate", "web"):
        ec2.create_security_group(GroupName="web", Description="again", VpcId=vpc)
    with api_error("InvalidParameterValue"):
        ec2.create_security_group(GroupName="sg-mine", Description="reserved", VpcId=vpc)
    with api_error("InvalidVpcID.NotFound"):
        ec2.create_security_group(GroupName="x", Description="x", VpcId="vpc-0123456789abcdef0")


def test_authorize_and_revoke_ingress(ec2, group):
    answer = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
    assert answer["Return"] is True
    rule = answer["SecurityGroupRules"][0]
    assert re.fullmatch(r"sgr-[0-9a-f]{17}", rule["SecurityGroupRuleId"])
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"], rule["CidrIpv4"], rule["Description"], rule["IsEgress"]) == \
        ("tcp", 443, 443, "10.0.0.0/16", "hosts", False)
    permission = describe(ec2, group)["IpPermissions"][0]
    assert (permission["IpProtocol"], permission["FromPort"], permission["ToPort"]) == ("tcp", 443, 443)
    assert permission["IpRanges"] == [{"CidrIp": "10.0.0.0/16", "Description": "hosts"}]
    assert ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])["Return"] is True
    assert describe(ec2, group)["IpPermissions"] == []


def test_authorize_twice_is_refused_whole(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
    other = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    with api_error("InvalidPermission.Duplicate"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[other, HTTPS])
    assert len(rules(ec2, group)) == 1


def test_short_form(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=81, CidrIp="192.0.2.0/24")
    assert [(r["FromPort"], r["ToPort"], r["CidrIpv4"]) for r in rules(ec2, group)] == [(80, 81, "192.0.2.0/24")]
    ec2.revoke_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=81, CidrIp="192.0.2.0/24")
    assert rules(ec2, group) == []


def test_group_reference(ec2, vpc, group):
    hosts = ec2.create_security_group(GroupName="hosts", Description="hosts", VpcId=vpc)["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": hosts}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert describe(ec2, group)["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == hosts
    assert rules(ec2, group)[0]["ReferencedGroupInfo"]["GroupId"] == hosts
    with api_error("DependencyViolation", hosts):
        ec2.delete_security_group(GroupId=hosts)
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rules(ec2, group)[0]["SecurityGroupRuleId"]])
    ec2.delete_security_group(GroupId=hosts)


def test_egress(ec2, group):
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    assert describe(ec2, group)["IpPermissionsEgress"] == []
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[HTTPS])
    assert [r["CidrIpv4"] for r in rules(ec2, group, egress=True)] == ["10.0.0.0/16"]


def test_revoke_what_is_not_there(ec2, group):
    with api_error("InvalidPermission.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])
    with api_error("InvalidSecurityGroupRuleId.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=["sgr-0123456789abcdef0"])


@pytest.mark.parametrize("change", [
    {"FromPort": 444}, {"FromPort": -2}, {"ToPort": 70000}, {"IpProtocol": "carrier-pigeon"},
    {"IpRanges": [{"CidrIp": "10.0.0.0"}]}, {"IpRanges": []}])
def test_bad_rules(ec2, group, change):
    with api_error_any("InvalidParameterValue", "InvalidPermission.Malformed", "MissingParameter"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**HTTPS, **change}])
    assert rules(ec2, group) == []


def api_error_any(*codes):
    import botocore.exceptions
    return pytest.raises(botocore.exceptions.ClientError, match="|".join(codes))


def test_icmp(ec2, group):
    ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ping])
    assert [(r["IpProtocol"], r["FromPort"], r["ToPort"]) for r in rules(ec2, group)] == [("icmp", 8, -1)]


def test_rules_by_id(ec2, group):
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[HTTPS])["SecurityGroupRules"][0]
    found = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])["SecurityGroupRules"]
    assert [r["GroupId"] for r in found] == [group]
    with api_error("InvalidSecurityGroupRuleId.NotFound"):
        ec2.describe_security_group_rules(SecurityGroupRuleIds=["sgr-0123456789abcdef0"])


def test_delete(ec2, vpc, group):
    ec2.delete_security_group(GroupId=group)
    with api_error("InvalidGroup.NotFound", group):
        ec2.describe_security_groups(GroupIds=[group])
    with api_error("InvalidGroup.NotFound", GONE):
        ec2.delete_security_group(GroupId=GONE)
    default = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"][0]["GroupId"]
    with api_error("CannotDelete"):
        ec2.delete_security_group(GroupId=default)


def test_delete_in_use_is_refused(ec2, group, subnet):
    ec2.run_instances(ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
    with api_error("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)


def test_icmp_and_both_families(ec2, group):
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "icmpv6", "FromPort": 128, "ToPort": 0, "Ipv6Ranges": [{"CidrIpv6": "2001:DB8::/32"}]},
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "all"}]}])
    shown = {(p["IpProtocol"], p["FromPort"], p["ToPort"]): (p["IpRanges"], p["Ipv6Ranges"])
             for p in describe(ec2, group)["IpPermissions"]}
    assert shown == {("icmp", 8, -1): ([{"CidrIp": "10.0.0.0/8"}], []),
                     ("icmpv6", 128, 0): ([], [{"CidrIpv6": "2001:db8::/32"}]),
                     ("tcp", 80, 81): ([], [{"CidrIpv6": "::/0", "Description": "all"}])}
    with api_error("InvalidParameterValue", "ICMP type"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "icmp", "FromPort": 256, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])


def test_a_group_of_another_vpc_cannot_be_named(ec2, group):
    other = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_security_group(GroupName="web", Description="the other web", VpcId=other)["GroupId"]
    for authorize in (ec2.authorize_security_group_ingress, ec2.authorize_security_group_egress):
        with api_error("InvalidGroup.NotFound", f"({elsewhere} is in another VPC)"):
            authorize(GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": elsewhere}]}])
    assert rules(ec2, group) == []


def test_sixteen_groups_on_an_interface(ec2, vpc, subnet):
    groups = [ec2.create_security_group(GroupName=f"g{i}", Description="d", VpcId=vpc)["GroupId"] for i in range(17)]
    made = ec2.create_network_interface(SubnetId=subnet, Groups=groups[:16])["NetworkInterface"]
    assert [each["GroupId"] for each in made["Groups"]] == groups[:16]
    with api_error("SecurityGroupsPerInterfaceLimitExceeded", "at most 16 security groups, the request names 17"):
        ec2.create_network_interface(SubnetId=subnet, Groups=groups)
