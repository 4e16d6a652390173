"""IPv6 blocks of VPCs and subnets, and IPv6 addresses of instances and network interfaces."""
import ipaddress
import re

import pytest
from errors import api_error

IMAGE = "ami-00000000000000001"


def blocks_of(resource):
    return [block["Ipv6CidrBlock"] for block in resource["Ipv6CidrBlockAssociationSet"]]


@pytest.fixture
def vpc6(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]


@pytest.fixture
def subnet6(ec2, vpc6):
    block = ipaddress.ip_network(blocks_of(vpc6)[0])
    return ec2.create_subnet(VpcId=vpc6["VpcId"], CidrBlock="10.0.1.0/24", AvailabilityZone="ap-northeast-1a",
                             Ipv6CidrBlock=str(next(block.subnets(new_prefix=64))))["Subnet"]


def launch(ec2, subnet, **arguments):
    return ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet["SubnetId"], **arguments)["Instances"][0]


def test_a_vpc_with_ipv6_as_it_is_shown(ec2, vpc6):
    found = ec2.describe_vpcs(VpcIds=[vpc6["VpcId"]])["Vpcs"][0]
    (block,) = found["Ipv6CidrBlockAssociationSet"]
    assert ipaddress.ip_network(block["Ipv6CidrBlock"]).subnet_of(ipaddress.ip_network("2001:db8::/32"))
    assert block["Ipv6CidrBlock"].endswith("/56")
    assert re.fullmatch(r"vpc-cidr-assoc-[0-9a-f]{17}", block["AssociationId"])
    assert block["Ipv6CidrBlockState"] == {"State": "associated"}
    assert block["Ipv6Pool"] == "Amazon" and block["NetworkBorderGroup"] == "ap-northeast-1"
    others = ec2.describe_vpcs(Filters=[{"Name": "ipv6-cidr-block-association.ipv6-cidr-block", "Values": ["10.*"]}])
    assert others["Vpcs"] == []


def test_blocks_come_and_go(ec2, vpc):
    added = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    assert added["VpcId"] == vpc
    association = added["Ipv6CidrBlockAssociation"]
    assert blocks_of(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]) == [association["Ipv6CidrBlock"]]
    gone = ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])
    assert gone["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"]["State"] == "disassociated"
    assert "Ipv6CidrBlockAssociationSet" not in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    with api_error("InvalidVpcCidrBlockAssociationID.NotFound", association["AssociationId"]):
        ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])


def test_what_is_not_offered_is_refused_by_name(ec2, vpc):
    with api_error("UnsupportedOperation", "CidrBlock"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16")
    with api_error("UnsupportedOperation", "Ipv6Pool"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, Ipv6Pool="ipv6pool-ec2-1", Ipv6CidrBlock="2001:db8:1::/56")
    with api_error("InvalidParameterValue", "moon-1"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True, Ipv6CidrBlockNetworkBorderGroup="moon-1")
    with api_error("InvalidParameterCombination", "Ipv6CidrBlockNetworkBorderGroup"):
        ec2.create_vpc(CidrBlock="10.0.0.0/16", Ipv6CidrBlockNetworkBorderGroup="ap-northeast-1")
    with api_error("MissingParameter", "AmazonProvidedIpv6CidrBlock"):
        ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=False)
    with api_error("UnsupportedOperation", "Ipv6Native"):
        ec2.create_subnet(VpcId=vpc, Ipv6Native=True)


def test_the_regions_border_group_may_be_named(ec2, vpc):
    region = "ap-northeast-1"
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True, Ipv6CidrBlockNetworkBorderGroup=region)["Vpc"]
    added = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True, Ipv6CidrBlockNetworkBorderGroup=region)
    for block in (made["Ipv6CidrBlockAssociationSet"][0], added["Ipv6CidrBlockAssociation"]):
        assert block["NetworkBorderGroup"] == region


def test_a_subnet_with_ipv6(ec2, vpc6, subnet6):
    assert ipaddress.ip_network(blocks_of(subnet6)[0]).subnet_of(ipaddress.ip_network(blocks_of(vpc6)[0]))
    assert subnet6["AssignIpv6AddressOnCreation"] is False
    ec2.modify_subnet_attribute(SubnetId=subnet6["SubnetId"], AssignIpv6AddressOnCreation={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[subnet6["SubnetId"]])["Subnets"][0]["AssignIpv6AddressOnCreation"] is True
    assert "Ipv6Address" in launch(ec2, subnet6)
    with api_error("InvalidSubnet.Conflict", blocks_of(subnet6)[0]):
        ec2.create_subnet(VpcId=vpc6["VpcId"], CidrBlock="10.0.2.0/24", Ipv6CidrBlock=blocks_of(subnet6)[0])
    with api_error("InvalidSubnet.Range", "2001:db9::/64"):
        ec2.create_subnet(VpcId=vpc6["VpcId"], CidrBlock="10.0.2.0/24", Ipv6CidrBlock="2001:db9::/64")
    with api_error("InvalidCidrBlock.InUse", vpc6["VpcId"]):
        ec2.disassociate_vpc_cidr_block(AssociationId=vpc6["Ipv6CidrBlockAssociationSet"][0]["AssociationId"])
    with api_error("InvalidCidrBlock.InUse", subnet6["SubnetId"]):
        ec2.disassociate_subnet_cidr_block(AssociationId=subnet6["Ipv6CidrBlockAssociationSet"][0]["AssociationId"])


def test_a_subnet_gets_ipv6_later(ec2, vpc, subnet):
    block = ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)["Ipv6CidrBlockAssociation"]
    added = ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=block["Ipv6CidrBlock"].replace("/56", "/64"))
    association = added["Ipv6CidrBlockAssociation"]["AssociationId"]
    assert re.fullmatch(r"subnet-cidr-assoc-[0-9a-f]{17}", association)
    gone = ec2.disassociate_subnet_cidr_block(AssociationId=association)
    assert gone["SubnetId"] == subnet
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["Ipv6CidrBlockAssociationSet"] == []


def test_an_instance_with_an_ipv6_address(ec2, subnet6):
    made = launch(ec2, subnet6, Ipv6AddressCount=1)
    address = made["Ipv6Address"]
    assert ipaddress.ip_address(address) in ipaddress.ip_network(blocks_of(subnet6)[0])
    (interface,) = made["NetworkInterfaces"]
    assert [item["Ipv6Address"] for item in interface["Ipv6Addresses"]] == [address]
    shown = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])["NetworkInterfaces"][0]
    assert [item["Ipv6Address"] for item in shown["Ipv6Addresses"]] == [address]
    with api_error("InvalidIPAddress.InUse", address):
        launch(ec2, subnet6, Ipv6Addresses=[{"Ipv6Address": address}])
    chosen = address.rsplit(":", 1)[0] + ":77"
    specification = {"DeviceIndex": 0, "SubnetId": subnet6["SubnetId"], "Ipv6Addresses": [{"Ipv6Address": chosen}]}
    other = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, NetworkInterfaces=[specification])["Instances"][0]
    assert other["Ipv6Address"] == chosen


def test_addresses_that_cannot_be_given(ec2, subnet, subnet6):
    with api_error("InvalidSubnet", subnet):
        ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=subnet, Ipv6AddressCount=1)
    with api_error("AddressLimitExceeded"):
        launch(ec2, subnet6, Ipv6AddressCount=2)
    with api_error("InvalidParameterValue", "2001:db9::1"):
        launch(ec2, subnet6, Ipv6Addresses=[{"Ipv6Address": "2001:db9::1"}])


def test_an_interface_of_its_own_has_an_address(ec2, subnet6):
    made = ec2.create_network_interface(SubnetId=subnet6["SubnetId"], Ipv6AddressCount=1)["NetworkInterface"]
    assert ipaddress.ip_address(made["Ipv6Address"]) in ipaddress.ip_network(blocks_of(subnet6)[0])
    with api_error("InvalidIPAddress.InUse", made["Ipv6Address"]):
        ec2.create_network_interface(SubnetId=subnet6["SubnetId"], Ipv6Addresses=[{"Ipv6Address": made["Ipv6Address"]}])


def test_an_address_comes_and_goes(ec2, subnet6):
    interface = launch(ec2, subnet6)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    with api_error("MissingParameter", "Ipv6AddressCount or Ipv6Addresses"):
        ec2.assign_ipv6_addresses(NetworkInterfaceId=interface)
    (address,) = ec2.assign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6AddressCount=1)["AssignedIpv6Addresses"]
    for name in ("ipv6-address", "network-interface.ipv6-address", "network-interface.ipv6-addresses.ipv6-address"):
        [found] = ec2.describe_instances(Filters=[{"Name": name, "Values": [address]}])["Reservations"]
        assert found["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"] == interface
    assert ec2.describe_network_interfaces(Filters=[{"Name": "ipv6-addresses.ipv6-address", "Values": [address]}])[
        "NetworkInterfaces"][0]["NetworkInterfaceId"] == interface
    with api_error("InvalidParameterValue", "Ipv6Addresses.2"):
        ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[address, "2001:db8::1"])
    gone = ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[address, address])
    assert gone["UnassignedIpv6Addresses"] == [address]
    with api_error("InvalidParameterValue", address):
        ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface, Ipv6Addresses=[address])
