"""Attributes, tags and limits of ELBv2."""
import pytest
from balancing import make_balancer, make_group, make_listener
from errors import api_error
from newer import attributes_in, elb_call


@pytest.fixture
def balancer(elbv2, subnet):
    return make_balancer(elbv2, [subnet])["LoadBalancerArn"]


@pytest.fixture
def group(elbv2, vpc):
    return make_group(elbv2, vpc)["TargetGroupArn"]


def pairs(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


def test_load_balancer_attributes(elbv2, balancer):
    before = pairs(elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer))
    assert before["load_balancing.cross_zone.enabled"] == "false" and before["deletion_protection.enabled"] == "false"
    after = pairs(elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[
        {"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]))
    assert after == {**before, "load_balancing.cross_zone.enabled": "true"}
    assert pairs(elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)) == after


@pytest.mark.parametrize("key, value, text", [
    ("access_logs.s3.enabled", "true", "not supported"),
    ("dns_record.client_routing_policy", "availability_zone_affinity", "not supported"),
    ("zonal_shift.config.enabled", "true", "not supported"),
    ("deletion_protection.enabled", "maybe", "not valid"),
    ("idle_timeout.timeout_seconds", "60", "not recognized"),
])
def test_load_balancer_attributes_that_are_refused(elbv2, balancer, key, value, text):
    with api_error("ValidationError", key, text):
        elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value}])


def test_target_group_attributes(elbv2, vpc, group):
    before = pairs(elbv2.describe_target_group_attributes(TargetGroupArn=group))
    assert before["deregistration_delay.timeout_seconds"] == "300" and before["preserve_client_ip.enabled"] == "false"
    wanted = {"deregistration_delay.timeout_seconds": "10", "preserve_client_ip.enabled": "true", "proxy_protocol_v2.enabled": "true",
              "stickiness.enabled": "true", "stickiness.type": "source_ip", "load_balancing.cross_zone.enabled": "false"}
    after = pairs(elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
        {"Key": key, "Value": value} for key, value in wanted.items()]))
    assert after == {**before, **wanted}
    udp = make_group(elbv2, vpc, name="udp", Protocol="UDP")["TargetGroupArn"]
    assert pairs(elbv2.describe_target_group_attributes(TargetGroupArn=udp))["preserve_client_ip.enabled"] == "true"
    with api_error("InvalidConfigurationRequest", "preserve_client_ip.enabled"):
        elbv2.modify_target_group_attributes(TargetGroupArn=udp, Attributes=[{"Key": "preserve_client_ip.enabled", "Value": "false"}])
    with api_error("ValidationError", "3601", "deregistration_delay.timeout_seconds"):
        elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
            {"Key": "deregistration_delay.timeout_seconds", "Value": "3601"}])


def test_listener_attributes(account, elbv2, balancer, group):
    listener = make_listener(elbv2, balancer, group)["ListenerArn"]
    status, text = elb_call(account, "describe_listener_attributes", {"ListenerArn": listener})
    assert status == 200 and attributes_in(text) == {"tcp.idle_timeout.seconds": "350"}
    wanted = {"ListenerArn": listener, "Attributes.member.1.Key": "tcp.idle_timeout.seconds", "Attributes.member.1.Value": "60"}
    status, text = elb_call(account, "modify_listener_attributes", wanted)
    assert status == 200 and attributes_in(text) == {"tcp.idle_timeout.seconds": "60"}
    status, text = elb_call(account, "modify_listener_attributes", {**wanted, "Attributes.member.1.Value": "59"})
    assert status == 400 and "ValidationError" in text and "from 60 to 6000" in text


def test_tags(ec2, elbv2, balancer, group):
    listener = make_listener(elbv2, balancer, group)["ListenerArn"]
    everything = [balancer, group, listener]
    elbv2.add_tags(ResourceArns=everything, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    elbv2.remove_tags(ResourceArns=[listener], TagKeys=["a"])
    found = {one["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
             for one in elbv2.describe_tags(ResourceArns=everything)["TagDescriptions"]}
    assert found == {balancer: {"a": "1", "b": "2"}, group: {"a": "1", "b": "2"}, listener: {"b": "2"}}
    assert all(tag["ResourceType"] in ("vpc", "subnet") for tag in ec2.describe_tags()["Tags"])
    with api_error("DuplicateTagKeys", "a"):
        elbv2.add_tags(ResourceArns=[balancer], Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])
    with api_error("LoadBalancerNotFound"):
        elbv2.describe_tags(ResourceArns=[balancer[:-1] + "x"])


def test_account_limits(elbv2):
    pages = elbv2.get_paginator("describe_account_limits").paginate(PaginationConfig={"PageSize": 2})
    limits = {one["Name"]: one["Max"] for page in pages for one in page["Limits"]}
    assert limits["network-load-balancers"] == "50" and limits["targets-per-network-load-balancer"] == "3000"
    assert "Limits" in elbv2.describe_account_limits()


def test_no_capacity_is_reserved(account, balancer):
    status, text = elb_call(account, "describe_capacity_reservation", {"LoadBalancerArn": balancer})
    assert status == 200 and "MinimumLoadBalancerCapacity" not in text
