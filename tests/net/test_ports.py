"""Network interfaces in namespaces, on taps and on devices that were there before."""
import contextlib
import fcntl
import json
import os
import struct

import pytest
from attached import Interface, ip, new_netns, new_pair, reaches
from network import Vpc, echo, tcp6_from, tcp_from, tcp_from_group, tcp_server
from waiting import wait_for

PORT = 7007
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454CA, 2, 0x1000, 0x4000


@pytest.fixture
def netns():
    with new_netns() as name:
        yield name


@pytest.fixture
def interface(vpc):
    made = Interface(vpc)
    yield made
    made.detach(check=False)


@pytest.fixture
def server(vpc):
    """An instance that serves PORT to its VPC."""
    instance = vpc.instance(groups=[vpc.group(tcp_from("10.0.0.0/16", PORT))])
    with tcp_server(echo, address=instance.address, port=PORT, netns=instance.id):
        yield instance


def links():
    return {link["ifname"] for link in json.loads(ip("-j", "link"))}


@contextlib.contextmanager
def tap_opened(name):
    """As a virtual machine has it."""
    with open("/dev/net/tun", "rb+", buffering=0) as file:
        fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        yield file


def test_a_namespace_is_part_of_the_vpc(interface, netns, server):
    before = links()
    assert interface.status == "available"
    interface.attach("--netns", netns)
    assert interface.status == "in-use"
    assert interface.port["state"] == "attached"
    assert f"{interface.address}/24" in ip("-brief", "address", "show", "eth0", netns=netns)
    assert reaches(netns, server.address, PORT)
    interface.detach()
    assert interface.status == "available" and interface.port is None
    assert "eth0" not in ip("-brief", "link", netns=netns)
    assert links() == before
    interface.delete()


def test_both_families_in_a_namespace(region, account, netns):
    vpc = Vpc(region, account, ipv6=True)
    server = vpc.instance(groups=[vpc.group(tcp6_from(vpc.cidr6, PORT))])
    interface = Interface(vpc, ipv6=True)
    interface.attach("--netns", netns)
    assert interface.port["address6"] == interface.address6
    row = next(line for line in region.ginnel("ports").stdout.splitlines() if interface.id in line)
    assert interface.address in row and interface.address6 in row
    assert f"{interface.address6}/64" in ip("-6", "-brief", "address", "show", "eth0", netns=netns)
    assert "default via fe80::1 dev eth0" in ip("-6", "route", netns=netns)
    with tcp_server(echo, address=server.address6, port=PORT, netns=server.id):
        assert reaches(netns, server.address6, PORT)
        region.kill()
        region.start()
        assert interface.port["state"] == "attached" and reaches(netns, server.address6, PORT)
    interface.detach()
    assert "eth0" not in ip("-brief", "link", netns=netns)
    with new_netns() as second:  # under another name routes are their owner's
        interface.attach("--netns", second, "--ifname", "vpc0")
        assert f"{interface.address6}/64" in ip("-6", "-brief", "address", "show", "vpc0", netns=second)
        assert "default" not in ip("-6", "route", netns=second)
        interface.detach()


def test_an_ipv6_address_that_comes_and_goes(region, account, netns):
    vpc = Vpc(region, account, ipv6=True)
    server = vpc.instance(groups=[vpc.group(tcp6_from(vpc.cidr6, PORT))])
    inside, tap = Interface(vpc), Interface(vpc)
    inside.attach("--netns", netns)
    tap.attach("--tap", "gtap6")
    assert inside.port["address6"] is None and "fe80::1" not in ip("-6", "route", netns=netns)
    index = ip("-brief", "link", "show", "gtap6")
    given = [vpc.ec2.assign_ipv6_addresses(NetworkInterfaceId=each.id, Ipv6AddressCount=1)["AssignedIpv6Addresses"][0]
             for each in (inside, tap)]
    with tcp_server(echo, address=server.address6, port=PORT, netns=server.id):
        wait_for(lambda: reaches(netns, server.address6, PORT), "the way by IPv6")
    assert [inside.port["address6"], tap.port["address6"]] == given
    assert ip("-brief", "link", "show", "gtap6") == index, "what holds the tap goes on to hold it"
    for each, address in zip((inside, tap), given):
        vpc.ec2.unassign_ipv6_addresses(NetworkInterfaceId=each.id, Ipv6Addresses=[address])

    def ipv4_alone():  # the device is made anew
        shown = ip("address", netns=netns)
        return f"{inside.address}/24" in shown and given[0] not in shown
    wait_for(ipv4_alone, "the address to go")
    inside.detach()
    tap.detach()


def test_the_same_interface_elsewhere_under_another_name(interface, netns, server):
    with new_netns() as second:
        interface.attach("--netns", netns)
        assert "attached already: eth0 in" in interface.attach("--netns", second, check=False).stderr
        interface.detach()
        interface.attach("--netns", f"/run/netns/{second}", "--ifname", "vpc0")
        assert f"{interface.address}/24" in ip("-brief", "address", "show", "vpc0", netns=second)
        ip("route", "add", "10.0.0.0/16", "via", "10.0.1.1", "dev", "vpc0", "onlink", netns=second)
        assert reaches(second, server.address, PORT)


def test_an_endpoint_knows_it_by_its_security_group(vpc, interface, netns):
    clients = vpc.group()
    address = vpc.addresses(vpc.endpoint("ec2", groups=[vpc.group(tcp_from_group(clients, 443))]))[0]
    interface.attach("--netns", netns)
    assert not reaches(netns, address, 443, timeout_s=0.5)
    vpc.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface.id, Groups=[clients])
    wait_for(lambda: reaches(netns, address, 443), "the interface to be a member of the group")


def test_a_device_that_was_there(interface, netns, server):
    with new_pair(netns) as device:
        before = ip("-d", "link", "show", device)
        ip("link", "set", "dev0", "address", interface.mac, netns=netns)
        ip("address", "add", f"{interface.address}/24", "dev", "dev0", netns=netns)
        interface.attach("--device", device)
        assert interface.port["device"] == device
        assert reaches(netns, server.address, PORT)
        interface.detach()
        assert not reaches(netns, server.address, PORT, timeout_s=0.3)
        assert ip("-d", "link", "show", device) == before


def test_a_tap_stays_open_over_a_restart(region, interface):
    interface.attach("--tap", "gtap", "--owner", "0")
    assert ip("-brief", "link", "show", "gtap")
    with tap_opened("gtap") as opened:
        region.kill()
        region.start()
        assert interface.port["state"] == "attached"
        os.write(opened.fileno(), bytes(10) + b"\xff" * 6 + bytes(60))  # still the same device
        interface.detach()
    assert "gtap" not in links()


def test_what_is_in_the_way_is_said(interface, netns, vpc):
    def refused(*options):
        answer = interface.attach(*options, check=False)
        assert answer.returncode == 1 and interface.port is None and interface.status == "available"
        return answer.stderr
    assert "/run/netns/no-such" in refused("--netns", "no-such")
    assert "it is not one" in refused("--netns", "/dev/null")
    assert "there is none" in refused("--device", "no-such")
    assert "does not carry Ethernet" in refused("--device", "lo")
    assert "belongs to" in refused("--device", "ginnel0")
    assert "at most 15 characters" in refused("--tap", "a234567890123456")
    with new_pair(netns) as device:
        assert "a device of this name stands in" in refused("--netns", netns, "--ifname", "dev0")
        assert "attach it as it is" in refused("--tap", device)
        ip("link", "set", device, "down")
        assert "it is down" in refused("--device", device)
        ip("link", "set", device, "up")
        ip("address", "add", "192.0.2.1/24", "dev", device)
        assert "the host uses it" in refused("--device", device)
        ip("address", "del", "192.0.2.1/24", "dev", device)
        other = Interface(vpc)
        other.attach("--device", device)
        assert f"it carries {other.id}" in refused("--device", device)
        other.detach()
    instance = vpc.instance()
    of_instance = vpc.ec2.describe_network_interfaces(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance.id]}])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    answer = vpc.region.ginnel("attach", of_instance, "--tap", "x", check=False)
    assert f"it is the interface of {instance.id}" in answer.stderr
    assert vpc.region.ginnel("attach", "eni-0", "--tap", "x", check=False).stderr.count("no such network interface") == 1
    assert vpc.region.ginnel("attach", "eni-0", check=False).returncode == 2
    assert interface.detach(check=False).returncode == 1


def test_a_namespace_that_goes_and_comes_back(region, vpc, interface, netns, server):
    interface.attach("--netns", netns)
    assert reaches(netns, server.address, PORT)
    ip("netns", "del", netns)
    wait_for(lambda: interface.port["state"] == "waiting", "the port to be missed")
    assert f"/run/netns/{netns}" in interface.port["why"]
    assert vpc.instance().reaches(server.address, PORT)  # the VPC goes on
    region.stop()
    region.start()
    assert interface.port["state"] == "waiting"
    ip("netns", "add", netns)
    wait_for(lambda: interface.port["state"] == "attached", "the port to be back")
    assert reaches(netns, server.address, PORT)


def test_a_device_that_goes_and_comes_back(interface, netns, server):
    def plug(name):
        ip("link", "add", name, "type", "veth", "peer", "name", "dev0", "netns", netns)
        ip("link", "set", "dev0", "address", interface.mac, netns=netns)
        ip("address", "add", f"{interface.address}/24", "dev", "dev0", netns=netns)
        ip("link", "set", "dev0", "up", netns=netns)
        ip("link", "set", name, "up")
    plug("gplug")
    interface.attach("--device", "gplug")
    assert reaches(netns, server.address, PORT)
    ip("link", "del", "gplug")
    wait_for(lambda: interface.port["state"] == "waiting", "the device to be missed")
    assert "there is none" in interface.port["why"]
    plug("gplug")
    wait_for(lambda: interface.port["state"] == "attached", "the device to be back")
    assert reaches(netns, server.address, PORT)
    interface.detach()
    ip("link", "del", "gplug")


def test_attachments_are_adopted_after_kill_9(region, interface, netns, server):
    interface.attach("--netns", netns)
    with new_netns() as second, new_pair(second) as device:
        other = Interface(interface.vpc)
        ip("link", "set", "dev0", "address", other.mac, netns=second)
        ip("address", "add", f"{other.address}/24", "dev", "dev0", netns=second)
        other.attach("--device", device)
        before = region.devices()
        region.kill()
        assert reaches(netns, server.address, PORT) and reaches(second, server.address, PORT)
        region.start()
        assert region.devices() == before
        assert reaches(netns, server.address, PORT) and reaches(second, server.address, PORT)
        other.detach()
        interface.detach()
        assert len(region.devices()) == len(before) - 1  # the device that was there has none of its own
