"""kill -9 of the daemon during `ginnel attach`, `ginnel detach`, and ADD and DEL of the CNI plugin.

Afterwards the port is attached whole or not at all, what was answered has happened, the next call works, and no device is left.
The daemon is killed at a moment chosen at random between the beginning of the call and its usual end; the seed is printed.
"""
import json
import os
import random
import subprocess
import time

import pytest
from attached import Interface, ip, new_netns, new_pair, reaches
from network import ANYWHERE, ANYWHERE6, Vpc, echo, tcp_server
from region import BUILD, GINNEL
from waiting import wait_for

PLUGIN = os.path.join(BUILD, "src", "cni", "ginnel-cni")
PORT, ROUNDS = 7007, 14


class Port:
    """One that comes and goes in a namespace; attach and detach are the commands that do it."""

    device = "eth0"

    def __init__(self, vpc, netns):
        self.region, self.netns = vpc.region, netns
        self.interface = Interface(vpc, ipv6=True)
        self.attach = self.ginnel("attach", self.interface.id, *self.place())
        self.detach = self.ginnel("detach", self.interface.id)

    def ginnel(self, *words):
        return lambda: subprocess.Popen([GINNEL, "--state-dir", self.region.state_dir, *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def place(self):
        return "--netns", self.netns

    def listed(self):
        return self.interface.port

    def in_use(self):
        return self.interface.status == "in-use"

    def state(self, server):
        """ "whole", "gone", or what is between."""
        if self.device not in ip("-brief", "link", netns=self.netns):
            return "gone"
        shown = ip("-brief", "address", "show", self.device, netns=self.netns)
        addresses = (self.listed() or {}).get("address", "nothing"), (self.listed() or {}).get("address6", "nothing")
        if not all(f" {address}/" in shown for address in addresses):
            return f"{addresses} in {shown}"
        passes = [reaches(self.netns, address, PORT) for address in (server.address, server.address6)]
        return "whole" if all(passes) else f"reaches {passes}"

    def end(self):
        self.interface.delete()


class Tap(Port):
    def place(self):
        return "--tap", "gtcrash"

    def state(self, server):
        return "whole" if "gtcrash" in ip("-brief", "link") else "gone"


class Device(Port):
    """The other end of a pair, which is dev0 in the namespace; it stays, and packets pass while it is attached."""

    def __init__(self, vpc, netns):
        self.pair = new_pair(netns)
        self.name = self.pair.__enter__()
        super().__init__(vpc, netns)
        ip("link", "set", "dev0", "address", self.interface.mac, netns=netns)
        ip("address", "add", f"{self.interface.address}/24", "dev", "dev0", netns=netns)

    def place(self):
        return "--device", self.name

    def state(self, server):
        return "whole" if reaches(self.netns, server.address, PORT, timeout_s=0.5) else "gone"

    def end(self):
        super().end()
        self.pair.__exit__(None, None, None)


class Container(Port):
    def __init__(self, vpc, netns):
        self.vpc, self.region, self.netns = vpc, vpc.region, netns
        self.attach, self.detach = self.plugin("ADD"), self.plugin("DEL")

    def plugin(self, command):
        configuration = {"cniVersion": "1.0.0", "name": "blue", "type": "ginnel-cni", "stateDir": self.region.state_dir,
                         "subnetId": self.vpc.subnet}
        environment = {"CNI_COMMAND": command, "CNI_CONTAINERID": "c1", "CNI_IFNAME": self.device,
                       "CNI_NETNS": f"/run/netns/{self.netns}", "PATH": os.environ["PATH"]}

        def start():
            call = subprocess.Popen([PLUGIN], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True)
            call.stdin.write(json.dumps(configuration))
            call.stdin.close()
            call.stdin = None
            return call
        return start

    def listed(self):
        ports = json.loads(self.region.ginnel("ports", "--json").stdout)
        return next((port for port in ports if port["container"] == f"blue/c1/{self.device}"), None)

    def in_use(self):
        found = self.vpc.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["Container *"]}])
        return [each["Status"] for each in found["NetworkInterfaces"]] == ["in-use"]

    def end(self):
        assert not self.vpc.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": ["Container *"]}])["NetworkInterfaces"]


def finish(call):
    """Whether the call was answered with success; and how it said what was wrong."""
    out, error = call.communicate(timeout=60)
    return call.returncode == 0, (out or "") + (error or "")


def usual_duration(port, server):
    """Of both calls, undisturbed."""
    durations = []
    for start, state in ((port.attach, "whole"), (port.detach, "gone")):
        begun = time.monotonic()
        done, words = finish(start())
        durations.append(time.monotonic() - begun)
        assert done, words
        assert port.state(server) == state
    return max(durations)


@pytest.fixture
def vpc(region, account):
    return Vpc(region, account, ipv6=True)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", (Port, Tap, Device, Container), ids=("netns", "tap", "device", "container"))
def test_killed_while_attaching_and_detaching(region, vpc, kind, record_property):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    record_property("seed", seed)
    chance = random.Random(seed)
    server = vpc.instance(groups=[vpc.group(ANYWHERE, ANYWHERE6)])
    with new_netns() as netns, tcp_server(echo, server.address, PORT, server.id), tcp_server(echo, server.address6, PORT, server.id):
        port = kind(vpc, netns)
        longest = usual_duration(port, server)
        before, links = region.devices(), ip("-brief", "link")
        for number in range(ROUNDS):
            was = port.listed() is not None
            call = (port.detach if was else port.attach)()
            time.sleep(chance.uniform(0, longest))
            region.kill()
            done, words = finish(call)
            region.start()
            listed = port.listed()
            assert done or words, "a call that fails says why"
            assert not done or (listed is not None) != was, f"round {number}: it was answered and did not happen"
            assert (listed is not None) == port.in_use()
            wanted = "whole" if listed else "gone"
            wait_for(lambda: port.state(server) == wanted, f"round {number}: the port to be {wanted}", 10)
            assert not listed or port.listed()["state"] == "attached"
        if port.listed():
            assert finish(port.detach())[0]
        # All of it goes on to work, and nothing is left.
        usual_duration(port, server)
        assert region.devices() == before and ip("-brief", "link") == links
        port.end()
