"""Starting, stopping, and being killed: what was acknowledged is there afterwards."""
import random
import threading

import botocore.exceptions
import pytest
from region import Region
from waiting import wait_for

ROUNDS, WRITERS, ACKNOWLEDGED_PER_ROUND = 6, 4, 40


class Load:
    """Threads that create and delete VPCs, and remember what was acknowledged."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.Lock()
        self.present, self.absent, self.unknown = set(), set(), set()
        self.count = 0

    def run(self, ending, seed):
        ec2 = self.account.ec2
        choose = random.Random(seed)
        while not ending.is_set():
            try:
                if choose.random() < 0.3 and (victim := self.take()):
                    ec2.delete_vpc(VpcId=victim)
                    self.note(self.absent, victim)
                else:
                    self.note(self.present, ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError):
                return  # the daemon is gone

    def take(self):
        """A VPC to delete; until the answer comes it may be there or not."""
        with self.lock:
            if not self.present:
                return None
            victim = self.present.pop()
            self.unknown.add(victim)
            return victim

    def note(self, where, vpc):
        with self.lock:
            self.unknown.discard(vpc)
            where.add(vpc)
            self.count += 1


def all_vpcs(account):
    return {v["VpcId"] for page in account.ec2.get_paginator("describe_vpcs").paginate() for v in page["Vpcs"]}


def test_what_was_acknowledged_survives_kill_9():
    with Region() as region:
        load = Load(region.root)
        for round_number in range(ROUNDS):
            ending, wanted = threading.Event(), load.count + ACKNOWLEDGED_PER_ROUND + random.randrange(20)
            writers = [threading.Thread(target=load.run, args=(ending, round_number * WRITERS + i)) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            try:
                wait_for(lambda: load.count >= wanted, "enough writes to be acknowledged", deadline_s=120, interval_s=0.001)
            finally:
                region.kill()
                ending.set()
                for writer in writers:
                    writer.join(60)
            region.start()
            found = all_vpcs(region.root)
            assert load.present <= found, f"lost in round {round_number}: {load.present - found}"
            assert not load.absent & found, f"deleted and back in round {round_number}: {load.absent & found}"


@pytest.fixture
def own_region():
    with Region() as region:
        yield region


def test_a_restart_keeps_everything(own_region):
    region = own_region
    account = region.new_account()
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    key, ca = region.root.access_key_id, region.ginnel("ca").stdout
    region.stop()
    region.start()
    assert account.ec2.describe_vpcs()["Vpcs"][0]["VpcId"] == vpc["VpcId"]
    assert region.root.access_key_id == key
    assert region.ginnel("ca").stdout == ca


def test_status_waits_for_the_start(own_region):
    region = own_region
    region.stop()
    answer = region.ginnel("status", check=False)
    assert answer.returncode == 1 and f"no daemon answers on {region.state_dir}/control.sock" in answer.stderr
    region.start()  # waits by status --wait
    assert region.ginnel("status", "--wait", "0").returncode == 0


def test_plain_http_is_opt_in():
    from region import free_port
    port = free_port()
    import urllib.request
    import urllib.error
    with Region(options=["--http", f"127.0.0.1:{port}"]):
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"Action=DescribeRegions&Version=2016-11-15")
        assert answer.value.code in (400, 401, 403)  # it listens, and wants a signature


def test_another_region_and_suffix():
    with Region(name="eu-central-1", config='dns_suffix = "cloud.example"\nzones = ["eu-central-1a"]\n') as region:
        ec2 = region.root.ec2
        assert [z["ZoneName"] for z in ec2.describe_availability_zones()["AvailabilityZones"]] == ["eu-central-1a"]
        service = ec2.describe_vpc_endpoint_services(ServiceNames=["com.amazonaws.eu-central-1.ec2"])["ServiceDetails"][0]
        assert service["PrivateDnsName"] == "ec2.eu-central-1.cloud.example"
