"""One API-only region for all tests of this folder; each test has an account of its own, so none sees another's."""
import pytest
from region import Region


CONFIGURATION = """
[[service]]
name = "kinesis"
upstream = "192.0.2.1:443"

[[service]]
name = "ssm"
upstream = "192.0.2.1:443"
zones = ["ap-northeast-1a"]
"""


@pytest.fixture(scope="session")
def region():
    with Region(dataplane="off", config=CONFIGURATION) as started:
        yield started


@pytest.fixture
def account(region):
    return region.new_account()


@pytest.fixture
def ec2(account):
    return account.ec2


@pytest.fixture
def elbv2(account):
    return account.elbv2


@pytest.fixture
def sts(account):
    return account.sts


@pytest.fixture
def vpc(ec2):
    """A VPC 10.0.0.0/16 with both DNS attributes on; its id."""
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    return vpc_id


@pytest.fixture
def subnet(ec2, vpc):
    """A subnet 10.0.1.0/24 of the VPC in the first zone; its id."""
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="ap-northeast-1a")["Subnet"]["SubnetId"]
