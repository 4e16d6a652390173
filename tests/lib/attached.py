"""Network interfaces that are attached to namespaces and devices of the tests' own."""
import contextlib
import itertools
import json
import socket
import subprocess

from isolation import inside

_serial = itertools.count(1)


def ip(*words, netns=None):
    command = ["ip", *(["-n", netns] if netns else []), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextlib.contextmanager
def new_netns():
    """A namespace of ip netns; its name."""
    name = f"gt{next(_serial)}"
    ip("netns", "add", name)
    try:
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)  # the test may have done it


@contextlib.contextmanager
def new_pair(netns):
    """A device here whose other end is dev0 in the namespace, both up; its name."""
    name = f"gd{next(_serial)}"
    ip("link", "add", name, "type", "veth", "peer", "name", "dev0", "netns", netns)
    try:
        ip("link", "set", name, "up")
        ip("link", "set", "dev0", "up", netns=netns)
        yield name
    finally:
        subprocess.run(["ip", "link", "del", name], capture_output=True)


class Interface:
    """One that CreateNetworkInterface made."""

    def __init__(self, vpc, groups=(), ipv6=False):
        self.vpc, self.region = vpc, vpc.region
        arguments = {"Groups": list(groups)} if groups else {}
        if ipv6:
            arguments["Ipv6AddressCount"] = 1
        made = vpc.ec2.create_network_interface(SubnetId=vpc.subnet, **arguments)["NetworkInterface"]
        self.id, self.address, self.mac = made["NetworkInterfaceId"], made["PrivateIpAddress"], made["MacAddress"]
        self.address6 = made["Ipv6Addresses"][0]["Ipv6Address"] if ipv6 else None

    def attach(self, *options, check=True):
        return self.region.ginnel("attach", self.id, *options, check=check)

    def detach(self, check=True):
        return self.region.ginnel("detach", self.id, check=check)

    def delete(self):
        self.vpc.ec2.delete_network_interface(NetworkInterfaceId=self.id)

    @property
    def status(self):
        return self.vpc.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.id])["NetworkInterfaces"][0]["Status"]

    @property
    def port(self):
        """As `ginnel ports` shows it; None where it does not."""
        ports = json.loads(self.region.ginnel("ports", "--json").stdout)
        return next((port for port in ports if port["interface"] == self.id), None)


def reaches(netns, host, port, timeout_s=1.0):
    try:
        with inside(netns):
            socket.create_connection((host, port), timeout=timeout_s).close()
        return True
    except OSError:
        return False
