"""Instances: what test_instance.py does not ask: interface specifications, room, pages, terminated ones."""
import pytest
from errors import api_error
from waiting import wait_for

IMAGE = "ami-00000000000000001"


def run(ec2, **arguments):
    return ec2.run_instances(**{"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, **arguments})


def describe(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]


def test_an_interface_specification(ec2, vpc, subnet):
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    made = run(ec2, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group], "Description": "front",
                                        "PrivateIpAddress": "10.0.1.50"}])["Instances"][0]
    interface = made["NetworkInterfaces"][0]
    assert (interface["PrivateIpAddress"], interface["Description"]) == ("10.0.1.50", "front")
    assert interface["Groups"] == made["SecurityGroups"] == [{"GroupId": group, "GroupName": "web"}]


@pytest.mark.parametrize("arguments, code", [
    ({"NetworkInterfaces": [{"DeviceIndex": 0}, {"DeviceIndex": 1}]}, "AttachmentLimitExceeded"),
    ({"NetworkInterfaces": [{"DeviceIndex": 1}]}, "InvalidParameterValue"),
    ({"ImageId": "debian"}, "InvalidAMIID.Malformed"),
    ({"InstanceType": "large"}, "InvalidParameterValue"),
    ({"MinCount": 2}, "InvalidParameterValue"),
    ({"MaxCount": 1001}, "InvalidParameterValue"),
    ({}, "VPCIdNotSpecified"),
])
def test_refusals(ec2, arguments, code):
    with api_error(code):
        run(ec2, **arguments)
    assert ec2.describe_instances()["Reservations"] == []


def test_the_network_is_named_in_one_place(ec2, subnet):
    with api_error("InvalidParameterCombination"):
        run(ec2, SubnetId=subnet, NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet}])


def test_as_many_as_there_is_room_for(ec2, vpc):
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/28")["Subnet"]["SubnetId"]
    assert len(run(ec2, SubnetId=small, MaxCount=50)["Instances"]) == 11
    with api_error("InsufficientFreeAddressesInSubnet", small):
        run(ec2, SubnetId=small)


def test_reservations_and_pages(ec2, subnet):
    ids = [{i["InstanceId"] for i in run(ec2, SubnetId=subnet, MinCount=3, MaxCount=3)["Instances"]} for _ in range(3)]
    reservations = ec2.describe_instances()["Reservations"]
    assert sorted(map(sorted, ids)) == sorted(sorted(i["InstanceId"] for i in r["Instances"]) for r in reservations)
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
    counts = [sum(len(r["Instances"]) for r in page["Reservations"]) for page in pages]
    assert counts == [5, 4]
    with api_error("InvalidParameterCombination"):
        ec2.describe_instances(InstanceIds=[min(ids[0])], MaxResults=5)


def test_what_is_kept(ec2, subnet):
    made = run(ec2, SubnetId=subnet, KeyName="mine", UserData="echo hello", TagSpecifications=[
        {"ResourceType": "network-interface", "Tags": [{"Key": "k", "Value": "v"}]}])["Instances"][0]
    assert made["KeyName"] == "mine"
    found = ec2.describe_network_interfaces(Filters=[{"Name": "tag:k", "Values": ["v"]}])["NetworkInterfaces"]
    assert [i["Attachment"]["InstanceId"] for i in found] == [made["InstanceId"]]


def test_a_terminated_instance_is_still_shown(ec2, subnet):
    made = run(ec2, SubnetId=subnet)["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[made])
    wait_for(lambda: describe(ec2, made)["State"]["Name"] == "terminated", "the instance to be terminated")
    found = describe(ec2, made)
    assert found["NetworkInterfaces"] == [] and "PrivateIpAddress" not in found
    assert found["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    again = ec2.terminate_instances(InstanceIds=[made])["TerminatingInstances"][0]
    assert again["PreviousState"]["Name"] == again["CurrentState"]["Name"] == "terminated"


def test_all_or_none_are_terminated(ec2, subnet):
    made = run(ec2, SubnetId=subnet)["Instances"][0]["InstanceId"]
    with api_error("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=[made, "i-0123456789abcdef0"])
    assert describe(ec2, made)["State"]["Name"] in ("pending", "running")


def test_another_account_sees_nothing(ec2, subnet, region):
    made = run(ec2, SubnetId=subnet)["Instances"][0]["InstanceId"]
    stranger = region.new_account().ec2
    assert stranger.describe_instances()["Reservations"] == []
    with api_error("InvalidInstanceID.NotFound"):
        stranger.terminate_instances(InstanceIds=[made])
