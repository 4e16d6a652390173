"""Target groups, listeners and targets: what the API keeps, answers and refuses."""
import pytest
from balancing import health, make_balancer, make_group, make_listener
from errors import api_error
from waiting import wait_for

FAST = {"Delay": 1, "MaxAttempts": 30}


@pytest.fixture
def balancer(elbv2, subnet):
    return make_balancer(elbv2, [subnet])["LoadBalancerArn"]


@pytest.fixture
def group(elbv2, vpc):
    return make_group(elbv2, vpc)["TargetGroupArn"]


def test_target_groups(elbv2, vpc):
    made = make_group(elbv2, vpc, Protocol="TCP_UDP", Port=53, HealthCheckProtocol="HTTP", HealthCheckPort="8080",
                      HealthCheckPath="/up", HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=5, HealthyThresholdCount=3,
                      UnhealthyThresholdCount=4, Matcher={"HttpCode": "200,204"}, Tags=[{"Key": "a", "Value": "b"}])
    assert made["Protocol"] == "TCP_UDP" and made["Port"] == 53 and made["TargetType"] == "ip" and made["VpcId"] == vpc
    assert made["HealthCheckPath"] == "/up" and made["Matcher"] == {"HttpCode": "200,204"} and made["HealthCheckPort"] == "8080"
    assert elbv2.describe_target_groups(Names=["pool"])["TargetGroups"] == [made]
    changed = elbv2.modify_target_group(TargetGroupArn=made["TargetGroupArn"], HealthCheckProtocol="TCP")["TargetGroups"][0]
    assert "HealthCheckPath" not in changed and changed["HealthCheckIntervalSeconds"] == 10
    elbv2.delete_target_group(TargetGroupArn=made["TargetGroupArn"])
    elbv2.delete_target_group(TargetGroupArn=made["TargetGroupArn"])
    with api_error("TargetGroupNotFound"):
        elbv2.describe_target_groups(TargetGroupArns=[made["TargetGroupArn"]])


def test_what_a_target_group_needs(elbv2, vpc):
    needed = {"Protocol": "TCP", "Port": 80, "VpcId": vpc}
    for name in needed:
        with api_error("ValidationError", f"({name})"):
            elbv2.create_target_group(Name="pool", **{key: value for key, value in needed.items() if key != name})
    assert elbv2.create_target_group(Name="pool", **needed)["TargetGroups"][0]["TargetType"] == "instance"


def test_target_groups_with_the_same_name(elbv2, vpc, group):
    assert make_group(elbv2, vpc)["TargetGroupArn"] == group
    with api_error("DuplicateTargetGroupName", "'pool'"):
        make_group(elbv2, vpc, Port=81)


@pytest.mark.parametrize("arguments, text", [
    ({"TargetType": "lambda"}, "'lambda' of the parameter TargetType"),
    ({"TargetType": "alb"}, "'alb' of the parameter TargetType"),
    ({"Protocol": "TLS"}, "'TLS' of the parameter Protocol"),
    ({"Protocol": "HTTP"}, "'HTTP' of the parameter Protocol"),
    ({"ProtocolVersion": "GRPC"}, "ProtocolVersion"),
    ({"IpAddressType": "dualstack"}, "(dualstack) for parameter IpAddressType"),
    ({"HealthCheckEnabled": False}, "'false' of the parameter HealthCheckEnabled"),
    ({"HealthCheckProtocol": "TLS"}, "(TLS) for parameter HealthCheckProtocol"),
    ({"HealthCheckTimeoutSeconds": 60}, "HealthCheckTimeoutSeconds"),
    ({"HealthCheckPath": "/"}, "HealthCheckPath"),
    ({"Matcher": {"GrpcCode": "0"}}, "Matcher.GrpcCode"),
    ({"HealthCheckPort": "65536"}, "(65536) for parameter HealthCheckPort"),
])
def test_target_groups_that_are_refused(elbv2, vpc, arguments, text):
    with api_error("ValidationError", text):
        make_group(elbv2, vpc, **arguments)


def test_a_target_group_keeps_its_vpc(ec2, vpc, group):
    with api_error("DependencyViolation", group):
        ec2.delete_vpc(VpcId=vpc)


def test_listeners(elbv2, balancer, group):
    made = make_listener(elbv2, balancer, group, Tags=[{"Key": "a", "Value": "b"}])
    assert made["DefaultActions"][0]["TargetGroupArn"] == group and made["Port"] == 80 and made["Protocol"] == "TCP"
    assert make_listener(elbv2, balancer, group, Tags=[{"Key": "a", "Value": "b"}]) == made
    assert elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"] == [made]
    assert elbv2.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"][0]["LoadBalancerArns"] == [balancer]
    changed = elbv2.modify_listener(ListenerArn=made["ListenerArn"], Port=81)["Listeners"][0]
    assert changed["Port"] == 81 and changed["ListenerArn"] == made["ListenerArn"]
    elbv2.delete_listener(ListenerArn=made["ListenerArn"])
    with api_error("ListenerNotFound", made["ListenerArn"]):
        elbv2.delete_listener(ListenerArn=made["ListenerArn"])


def test_listeners_that_are_refused(elbv2, vpc, balancer, group):
    make_listener(elbv2, balancer, group)
    udp = make_group(elbv2, vpc, name="udp", Protocol="UDP")["TargetGroupArn"]
    with api_error("DuplicateListener", "(80)"):
        make_listener(elbv2, balancer, udp, protocol="UDP")
    with api_error("IncompatibleProtocols", "'UDP'", "'TCP'"):
        make_listener(elbv2, balancer, udp, port=81)
    with api_error("ValidationError", "'TLS' of the parameter Protocol"):
        make_listener(elbv2, balancer, group, port=81, protocol="TLS")
    with api_error("ValidationError", "Certificates"):
        make_listener(elbv2, balancer, group, port=81, Certificates=[{"CertificateArn": "arn:x"}])
    with api_error("ValidationError", "RedirectConfig"):
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=81, DefaultActions=[
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}])
    with api_error("InvalidLoadBalancerAction", "(redirect)"):
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="TCP", Port=81, DefaultActions=[{"Type": "redirect"}])


def test_a_group_has_one_load_balancer_of_its_vpc(ec2, elbv2, subnet, balancer, group):
    make_listener(elbv2, balancer, group)
    second = make_balancer(elbv2, [subnet], name="second")["LoadBalancerArn"]
    with api_error("TargetGroupAssociationLimit", group):
        make_listener(elbv2, second, group)
    other_vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    far = make_group(elbv2, other_vpc, name="far")["TargetGroupArn"]
    with api_error("InvalidConfigurationRequest", far):
        make_listener(elbv2, balancer, far, port=81)


def test_targets_by_address(elbv2, balancer, group):
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}, {"Id": "10.0.1.51", "Port": 8080}])
    assert health(elbv2, group) == {"10.0.1.50": "unused", "10.0.1.51": "unused"}
    make_listener(elbv2, balancer, group)

    def reasons():
        found = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return {one["TargetHealth"].get("Reason") for one in found}
    wait_for(lambda: reasons() == {"Elb.InitialHealthChecking"}, "the health checks to begin")
    unknown = elbv2.describe_target_health(TargetGroupArn=group, Targets=[{"Id": "10.0.1.99"}])["TargetHealthDescriptions"][0]
    assert unknown["TargetHealth"] == {"State": "unused", "Reason": "Target.NotRegistered",
                                       "Description": "Target is not registered to the target group"}


def test_draining(elbv2, balancer, group):
    make_listener(elbv2, balancer, group)
    elbv2.modify_target_group_attributes(TargetGroupArn=group, Attributes=[
        {"Key": "deregistration_delay.timeout_seconds", "Value": "2"}])
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}])
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}])
    assert health(elbv2, group) == {"10.0.1.50": "draining"}
    elbv2.get_waiter("target_deregistered").wait(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}], WaiterConfig=FAST)
    wait_for(lambda: health(elbv2, group) == {}, "the drained target to be gone")
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}, {"Id": "10.0.1.99", "Port": 1}])


def test_a_draining_target_can_come_back(elbv2, balancer, group):
    make_listener(elbv2, balancer, group)
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}])
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}])
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.1.50"}])
    assert health(elbv2, group) == {"10.0.1.50": "initial"}


def test_targets_by_instance(ec2, elbv2, vpc, subnet, balancer):
    pool = make_group(elbv2, vpc, name="instances", TargetType="instance")["TargetGroupArn"]
    instance = ec2.run_instances(ImageId="ami-00000000000000000", MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig=FAST)
    make_listener(elbv2, balancer, pool)
    elbv2.register_targets(TargetGroupArn=pool, Targets=[{"Id": instance}])
    assert health(elbv2, pool) == {instance: "initial"}
    ec2.terminate_instances(InstanceIds=[instance])
    found = elbv2.describe_target_health(TargetGroupArn=pool)["TargetHealthDescriptions"][0]["TargetHealth"]
    assert found["State"] == "unused" and found["Reason"] == "Target.InvalidState"
    with api_error("InvalidTarget", instance):
        elbv2.register_targets(TargetGroupArn=pool, Targets=[{"Id": instance, "Port": 81}])


@pytest.mark.parametrize("target, text", [
    ({"Id": "10.9.0.1"}, "10.9.0.1"), ({"Id": "nonsense"}, "nonsense"), ({"Id": "10.0.1.50", "Port": 70000}, "70000"),
    ({"Id": "10.0.1.50", "AvailabilityZone": "ap-northeast-1c"}, "ap-northeast-1c"),
])
def test_targets_that_are_refused(elbv2, subnet, group, target, text):
    assert subnet
    with api_error("ValidationError", text):
        elbv2.register_targets(TargetGroupArn=group, Targets=[target])
    assert health(elbv2, group) == {}


def test_an_unknown_instance(elbv2, vpc):
    pool = make_group(elbv2, vpc, name="instances", TargetType="instance")["TargetGroupArn"]
    with api_error("InvalidTarget", "i-0123456789abcdef0"):
        elbv2.register_targets(TargetGroupArn=pool, Targets=[{"Id": "i-0123456789abcdef0"}])
