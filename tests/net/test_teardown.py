"""teardown takes away everything that the region has in the kernel, and nothing else."""
import os
import subprocess

from attached import Interface, ip, new_netns, new_pair
from network import Vpc, tcp_from
from region import Region


def links():
    return subprocess.run(["ip", "-brief", "link"], capture_output=True, text=True, check=True).stdout


def processes_with(text):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if text.encode() in file.read():
                    found.append(int(pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def build(region):
    vpc = Vpc(region)
    instance = vpc.instance()
    vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    assert os.path.exists(f"/run/netns/{instance.id}") and region.devices()
    return instance


def assert_nothing_left(region, before):
    assert region.leftovers() == []
    assert links() == before
    assert processes_with(region.state_dir) == []


CONFIGURATION = '[[service]]\nname = "kinesis"\nupstream = "127.0.0.1:4567"\n'


def test_of_a_running_region():
    before = links()
    with Region(dataplane="ebpf", config=CONFIGURATION) as region:
        build(region)
        answer = region.ginnel("teardown")
        assert answer.returncode == 0, answer.stderr
        assert region.process.wait(10) == 0
        assert_nothing_left(region, before)
        assert region.ginnel("teardown").returncode == 0  # again: there is nothing to do


def test_after_kill_9():
    before = links()
    with Region(dataplane="ebpf", config=CONFIGURATION) as region:
        instance = build(region)
        region.kill()
        assert os.path.exists(f"/run/netns/{instance.id}")  # it outlives the daemon
        assert processes_with(region.state_dir)  # so does the relay
        assert region.ginnel("teardown").returncode == 0
        assert_nothing_left(region, before)


def test_a_start_after_it_builds_everything_again():
    with Region(dataplane="ebpf") as region:
        instance = build(region)
        region.ginnel("teardown")
        region.process.wait(10)
        region.start()
        assert instance.run("true").returncode == 0
        assert instance.resolve("ec2.ap-northeast-1.amazonaws.com") != ["203.0.113.10"]


def test_two_regions_do_not_touch_each_other():
    """The second has the same namespace, no data plane, and its own state directory."""
    with Region(dataplane="ebpf") as one:
        instance = build(one)
        with Region(dataplane="off") as two:
            assert two.tag() != one.tag()
            two.ginnel("teardown")
            two.process.wait(10)
        assert instance.run("true").returncode == 0
        assert one.devices()


def test_teardown_takes_what_was_made_and_leaves_what_was_there():
    with new_netns() as netns, new_pair(netns) as device, Region(dataplane="ebpf") as region:
        vpc = Vpc(region)
        inside, tap, there = Interface(vpc), Interface(vpc), Interface(vpc)
        before = ip("-d", "link", "show", device)
        inside.attach("--netns", netns)
        tap.attach("--tap", "gtap")
        there.attach("--device", device)
        region.kill()
        region.ginnel("teardown")
        assert not region.leftovers() and "gtap" not in links()
        assert "eth0" not in ip("-brief", "link", netns=netns)
        assert ip("-d", "link", "show", device) == before
