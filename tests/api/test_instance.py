"""Instances and their network interfaces."""
import re

import pytest
from errors import api_error
from waiting import wait_for

IMAGE = "ami-00000000000000001"


def run(ec2, subnet, **arguments):
    return ec2.run_instances(**{"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet, **arguments})


def describe(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def state(ec2, instance):
    return describe(ec2, instance)["State"]["Name"]


@pytest.fixture
def instance(ec2, subnet):
    made = run(ec2, subnet)["Instances"][0]["InstanceId"]
    wait_for(lambda: state(ec2, made) == "running", "the instance to run")
    return made


def test_run_and_describe(ec2, vpc, subnet, account):
    reservation = run(ec2, subnet, InstanceType="t3.micro", PrivateIpAddress="10.0.1.77", TagSpecifications=[
        {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "host"}]}])
    assert re.fullmatch(r"r-[0-9a-f]{17}", reservation["ReservationId"])
    assert reservation["OwnerId"] == account.id
    made = reservation["Instances"][0]
    assert re.fullmatch(r"i-[0-9a-f]{17}", made["InstanceId"])
    assert made["State"]["Name"] in ("pending", "running")
    wait_for(lambda: state(ec2, made["InstanceId"]) == "running", "the instance to run")
    found = describe(ec2, made["InstanceId"])
    assert (found["VpcId"], found["SubnetId"], found["PrivateIpAddress"]) == (vpc, subnet, "10.0.1.77")
    assert (found["ImageId"], found["InstanceType"]) == (IMAGE, "t3.micro")
    assert found["Tags"] == [{"Key": "Name", "Value": "host"}]
    assert found["Placement"]["AvailabilityZone"] == "ap-northeast-1a"
    assert found["PrivateDnsName"].startswith("ip-10-0-1-77.")
    assert [g["GroupName"] for g in found["SecurityGroups"]] == ["default"]
    interface = found["NetworkInterfaces"][0]
    assert interface["PrivateIpAddress"] == "10.0.1.77" and interface["Attachment"]["DeviceIndex"] == 0


def test_several_have_addresses_of_their_own(ec2, subnet):
    made = run(ec2, subnet, MinCount=3, MaxCount=3)["Instances"]
    addresses = {i["PrivateIpAddress"] for i in made}
    assert len(addresses) == 3
    assert not addresses & {f"10.0.1.{n}" for n in (0, 1, 2, 3, 255)}


def test_the_waiter_of_the_tools(ec2, subnet):
    made = run(ec2, subnet)["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_errors(ec2, subnet):
    with api_error("InvalidSubnetID.NotFound"):
        run(ec2, "subnet-0123456789abcdef0")
    with api_error("InvalidGroup.NotFound"):
        run(ec2, subnet, SecurityGroupIds=["sg-0123456789abcdef0"])
    with api_error("InvalidParameterValue", "10.0.2.1"):
        run(ec2, subnet, PrivateIpAddress="10.0.2.1")
    with api_error("InvalidParameterValue", "10.0.1.1"):
        run(ec2, subnet, PrivateIpAddress="10.0.1.1")  # the router's
    with api_error("InvalidInstanceID.NotFound"):
        ec2.describe_instances(InstanceIds=["i-0123456789abcdef0"])
    with api_error("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=["i-0123456789abcdef0"])
    with api_error("InvalidInstanceID.Malformed"):
        ec2.describe_instances(InstanceIds=["me"])


def test_an_address_in_use(ec2, subnet):
    run(ec2, subnet, PrivateIpAddress="10.0.1.9")
    with api_error("InvalidIPAddress.InUse", "10.0.1.9"):
        run(ec2, subnet, PrivateIpAddress="10.0.1.9")


def test_an_unsupported_parameter_is_refused_by_name(ec2, subnet):
    with api_error("UnsupportedOperation", "BlockDeviceMapping"):
        run(ec2, subnet, BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 1}}])


def test_a_client_token_makes_one_reservation(ec2, subnet):
    one = run(ec2, subnet, ClientToken="again")
    two = run(ec2, subnet, ClientToken="again")
    assert one["ReservationId"] == two["ReservationId"]
    assert one["Instances"][0]["InstanceId"] == two["Instances"][0]["InstanceId"]
    with api_error("IdempotentParameterMismatch"):
        run(ec2, subnet, ClientToken="again", PrivateIpAddress="10.0.1.99")


def test_terminate(ec2, instance, subnet):
    answer = ec2.terminate_instances(InstanceIds=[instance])["TerminatingInstances"][0]
    assert (answer["InstanceId"], answer["PreviousState"]["Name"]) == (instance, "running")
    assert answer["CurrentState"]["Name"] in ("shutting-down", "terminated")

    def gone():
        found = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": [instance]}])["Reservations"]
        return not found or found[0]["Instances"][0]["State"]["Name"] == "terminated"
    wait_for(gone, "the instance to be gone")
    wait_for(lambda: not ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [subnet]}])["NetworkInterfaces"],
             "its interface to be gone")
    ec2.delete_subnet(SubnetId=subnet)


def test_network_interfaces(ec2, vpc, subnet, instance, account):
    found = ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])
    interface = found["NetworkInterfaces"][0]
    assert re.fullmatch(r"eni-[0-9a-f]{17}", interface["NetworkInterfaceId"])
    assert (interface["VpcId"], interface["SubnetId"], interface["Status"]) == (vpc, subnet, "in-use")
    assert interface["InterfaceType"] == "interface" and interface["OwnerId"] == account.id
    assert interface["Attachment"]["InstanceId"] == instance
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", interface["MacAddress"])
    assert interface["PrivateIpAddresses"][0]["Primary"] is True
    by_id = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert by_id == [interface]
    with api_error("InvalidNetworkInterfaceID.NotFound"):
        ec2.describe_network_interfaces(NetworkInterfaceIds=["eni-0123456789abcdef0"])


def test_filters(ec2, vpc, subnet, instance):
    def found(name, *values):
        answer = ec2.describe_instances(Filters=[{"Name": name, "Values": list(values)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]
    assert found("vpc-id", vpc) == [instance]
    assert found("instance-state-name", "running", "pending") == [instance]
    assert found("instance-state-name", "stopped") == []
