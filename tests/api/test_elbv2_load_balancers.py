"""Network load balancers: their life, nodes, groups, waiters and what is refused."""
import re

import pytest
from balancing import make_balancer, make_group, make_listener
from errors import api_error
from newer import also_sending

FAST = {"Delay": 1, "MaxAttempts": 30}


@pytest.fixture
def subnets(ec2, vpc, subnet):
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="ap-northeast-1c")["Subnet"]["SubnetId"]
    return [subnet, other]


@pytest.fixture
def group(ec2, vpc):
    return ec2.create_security_group(GroupName="lb", Description="lb", VpcId=vpc)["GroupId"]


def nodes(ec2, balancer):
    """{subnet: interface} of a load balancer."""
    description = "ELB " + balancer.split("loadbalancer/")[1]
    found = ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": [description]}])
    return {interface["SubnetId"]: interface for interface in found["NetworkInterfaces"]}


def test_its_life(elbv2, account, vpc, subnets):
    made = make_balancer(elbv2, subnets, Tags=[{"Key": "Name", "Value": "web"}])
    arn = made["LoadBalancerArn"]
    assert re.fullmatch(rf"arn:aws:elasticloadbalancing:ap-northeast-1:{account.id}:loadbalancer/net/web/[0-9a-f]{{16}}", arn)
    assert made["Type"] == "network" and made["Scheme"] == "internal" and made["VpcId"] == vpc
    assert made["DNSName"].startswith("web-") and made["DNSName"].endswith(".elb.ap-northeast-1.amazonaws.com")
    assert [zone["SubnetId"] for zone in made["AvailabilityZones"]] == subnets
    assert "SecurityGroups" not in made
    elbv2.get_waiter("load_balancer_exists").wait(LoadBalancerArns=[arn], WaiterConfig=FAST)
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn], WaiterConfig=FAST)
    assert elbv2.describe_load_balancers(Names=["web"])["LoadBalancers"][0]["State"]["Code"] == "active"
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.get_waiter("load_balancers_deleted").wait(LoadBalancerArns=[arn], WaiterConfig=FAST)
    elbv2.delete_load_balancer(LoadBalancerArn=arn)


def test_its_interfaces(ec2, elbv2, subnets):
    arn = make_balancer(elbv2, subnets)["LoadBalancerArn"]
    found = nodes(ec2, arn)
    assert set(found) == set(subnets)
    for interface in found.values():
        assert interface["InterfaceType"] == "network_load_balancer" and interface["RequesterManaged"] is True
        assert interface["RequesterId"] == "amazon-elb" and interface["Groups"] == [] and interface["Status"] == "in-use"
    # What Terraform waits for before it goes on.
    attached = ec2.describe_network_interfaces(Filters=[
        {"Name": "attachment.instance-owner-id", "Values": ["amazon-aws"]}, {"Name": "attachment.status", "Values": ["attached"]}])
    assert len(attached["NetworkInterfaces"]) == 2
    with api_error("DependencyViolation"):
        ec2.delete_subnet(SubnetId=subnets[0])
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert nodes(ec2, arn) == {}
    ec2.delete_subnet(SubnetId=subnets[0])


def test_chosen_addresses(ec2, elbv2, subnets):
    made = elbv2.create_load_balancer(Name="web", Type="network", Scheme="internal", SubnetMappings=[
        {"SubnetId": subnets[0], "PrivateIPv4Address": "10.0.1.77"}, {"SubnetId": subnets[1]}])["LoadBalancers"][0]
    shown = [zone["LoadBalancerAddresses"] for zone in made["AvailabilityZones"]]
    assert shown == [[{"PrivateIPv4Address": "10.0.1.77"}], []]
    assert nodes(ec2, made["LoadBalancerArn"])[subnets[0]]["PrivateIpAddress"] == "10.0.1.77"
    with api_error("ValidationError", "10.0.1.77"):
        elbv2.create_load_balancer(Name="other", Type="network", Scheme="internal",
                                   SubnetMappings=[{"SubnetId": subnets[0], "PrivateIPv4Address": "10.0.1.77"}])
    with api_error("ValidationError", "AllocationId"):
        elbv2.create_load_balancer(Name="other", Type="network", Scheme="internal",
                                   SubnetMappings=[{"SubnetId": subnets[0], "AllocationId": "eipalloc-1"}])


def test_the_same_settings_give_the_same_one(elbv2, subnets):
    first = make_balancer(elbv2, subnets)
    assert make_balancer(elbv2, subnets)["LoadBalancerArn"] == first["LoadBalancerArn"]
    with api_error("DuplicateLoadBalancerName", "'web'"):
        make_balancer(elbv2, subnets[:1])
    assert len(elbv2.describe_load_balancers()["LoadBalancers"]) == 1


@pytest.mark.parametrize("arguments, code, text", [
    ({"Type": "application"}, "ValidationError", "Value (application) for parameter Type"),
    ({"Type": "gateway"}, "ValidationError", "Value (gateway) for parameter Type"),
    ({"Scheme": "internet-facing"}, "InvalidScheme", "Value (internet-facing) for parameter Scheme"),
    ({"IpAddressType": "dualstack"}, "ValidationError", "subnets with an associated IPv6 CIDR block"),
    ({"IpAddressType": "dualstack-without-public-ipv4"}, "ValidationError", "'dualstack-without-public-ipv4'"),
    ({"CustomerOwnedIpv4Pool": "ipv4pool-coip-1"}, "ValidationError", "CustomerOwnedIpv4Pool"),
    ({"SecurityGroups": ["sg-0123456789abcdef0"]}, "InvalidSecurityGroup", "sg-0123456789abcdef0"),
    ({"Subnets": ["subnet-0123456789abcdef0"]}, "SubnetNotFound", "subnet-0123456789abcdef0"),
    ({"Name": "a_b"}, "ValidationError", "'a_b'"),
])
def test_what_is_refused(elbv2, subnets, arguments, code, text):
    with api_error(code, text):
        elbv2.create_load_balancer(**{"Name": "web", "Type": "network", "Scheme": "internal", "Subnets": subnets, **arguments})
    assert elbv2.describe_load_balancers()["LoadBalancers"] == []


def test_type_and_scheme_must_be_given(elbv2, subnets):
    with api_error("ValidationError", "parameter Type"):
        elbv2.create_load_balancer(Name="web", Subnets=subnets, Scheme="internal")
    with api_error("InvalidScheme", "parameter Scheme"):
        elbv2.create_load_balancer(Name="web", Subnets=subnets, Type="network")


def test_set_subnets(ec2, elbv2, subnets):
    arn = make_balancer(elbv2, subnets[:1])["LoadBalancerArn"]
    address = nodes(ec2, arn)[subnets[0]]["PrivateIpAddress"]
    answer = elbv2.set_subnets(LoadBalancerArn=arn, Subnets=subnets)
    assert [zone["SubnetId"] for zone in answer["AvailabilityZones"]] == subnets
    assert nodes(ec2, arn)[subnets[0]]["PrivateIpAddress"] == address
    elbv2.set_subnets(LoadBalancerArn=arn, Subnets=subnets[1:])
    assert set(nodes(ec2, arn)) == {subnets[1]}
    with api_error("ValidationError", "subnet"):
        elbv2.set_subnets(LoadBalancerArn=arn)


def test_set_security_groups(ec2, elbv2, subnets, group):
    without = make_balancer(elbv2, subnets, name="without")["LoadBalancerArn"]
    with api_error("InvalidConfigurationRequest", without):
        elbv2.set_security_groups(LoadBalancerArn=without, SecurityGroups=[group])
    made = make_balancer(elbv2, subnets, SecurityGroups=[group])
    arn = made["LoadBalancerArn"]
    assert made["SecurityGroups"] == [group]
    with api_error("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    default = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])["SecurityGroups"][0]["GroupId"]
    with also_sending(elbv2, "SetSecurityGroups", {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off"}):
        answer = elbv2.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[default])
    assert answer["SecurityGroupIds"] == [default]
    assert {g["GroupId"] for node in nodes(ec2, arn).values() for g in node["Groups"]} == {default}
    ec2.delete_security_group(GroupId=group)


def test_set_ip_address_type(elbv2, subnets):
    arn = make_balancer(elbv2, subnets)["LoadBalancerArn"]
    assert elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")["IpAddressType"] == "ipv4"
    with api_error("ValidationError", "subnets with an associated IPv6 CIDR block"):
        elbv2.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="dualstack")


def test_pages(elbv2, subnets):
    made = {make_balancer(elbv2, subnets[:1], name=f"web{i}")["LoadBalancerArn"] for i in range(3)}
    pages = list(elbv2.get_paginator("describe_load_balancers").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["LoadBalancers"]) for page in pages] == [2, 1]
    assert {one["LoadBalancerArn"] for page in pages for one in page["LoadBalancers"]} == made
    with api_error("ValidationError", "Marker"):
        elbv2.describe_load_balancers(Marker="nonsense")


def test_deleting_takes_the_listeners_along(elbv2, vpc, subnets):
    arn = make_balancer(elbv2, subnets)["LoadBalancerArn"]
    pool = make_group(elbv2, vpc)["TargetGroupArn"]
    listener = make_listener(elbv2, arn, pool)["ListenerArn"]
    with api_error("ResourceInUse", pool):
        elbv2.delete_target_group(TargetGroupArn=pool)
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    with api_error("OperationNotPermitted", "deletion protection"):
        elbv2.delete_load_balancer(LoadBalancerArn=arn)
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    with api_error("ListenerNotFound"):
        elbv2.describe_listeners(ListenerArns=[listener])
    elbv2.delete_target_group(TargetGroupArn=pool)


def test_it_outlives_a_restart(region, account, elbv2, vpc, subnets):
    arn = make_balancer(elbv2, subnets)["LoadBalancerArn"]
    pool = make_group(elbv2, vpc)["TargetGroupArn"]
    make_listener(elbv2, arn, pool)
    elbv2.register_targets(TargetGroupArn=pool, Targets=[{"Id": "10.0.1.50"}])

    def everything():
        return [elbv2.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"],
                elbv2.describe_target_groups(TargetGroupArns=[pool])["TargetGroups"],
                elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"],
                elbv2.describe_target_health(TargetGroupArn=pool)["TargetHealthDescriptions"][0]["Target"]]
    elbv2.get_waiter("load_balancer_available").wait(LoadBalancerArns=[arn], WaiterConfig=FAST)
    before = everything()
    region.kill()
    region.start()
    assert everything() == before


def test_others_do_not_see_it(region, elbv2, subnets):
    arn = make_balancer(elbv2, subnets)["LoadBalancerArn"]
    other = region.new_account().elbv2
    assert other.describe_load_balancers()["LoadBalancers"] == []
    with api_error("LoadBalancerNotFound"):
        other.describe_load_balancers(LoadBalancerArns=[arn])
    other.delete_load_balancer(LoadBalancerArn=arn)
    assert len(elbv2.describe_load_balancers()["LoadBalancers"]) == 1
