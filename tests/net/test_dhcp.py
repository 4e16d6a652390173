"""DHCP of both families on a device that was there: who is answered, what he is told, and what is only counted."""
import json
import socket
import subprocess
import time

import pytest
from attached import Interface, ip, new_netns, new_pair
from isolation import inside
from network import Vpc
from waiting import wait_for

SCRIPT = """#!/bin/sh
[ "$1" = bound ] && echo "$ip/$mask $router $dns $domain $mtu $lease $serverid $hostname" > "$0.out"
exit 0
"""


@pytest.fixture
def client(vpc, tmp_path):
    with new_netns() as netns, new_pair(netns) as device:
        interface = Interface(vpc)
        ip("link", "set", "dev0", "address", interface.mac, netns=netns)
        interface.attach("--device", device)
        made = Client(interface, netns, tmp_path / "script")
        yield made
        interface.detach()


class Client:
    def __init__(self, interface, netns, script):
        self.interface, self.netns, self.script = interface, netns, script
        script.write_text(SCRIPT)
        script.chmod(0o755)

    def ask(self, *options, tries=5):
        """What busybox's client is told; None where it gets no lease."""
        out = self.script.with_suffix(".out")
        out.unlink(missing_ok=True)
        subprocess.run(["ip", "netns", "exec", self.netns, "busybox", "udhcpc", "-i", "dev0", "-s", str(self.script), "-n", "-q",
                        "-f", "-t", str(tries), "-T", "1", "-O", "mtu", *options], capture_output=True)
        return out.read_text().split() if out.exists() else None

    def send(self, frame):
        with inside(self.netns), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("dev0", 0x0800))
            sock.send(frame)


def counted(region):
    return json.loads(region.ginnel("status", "--json").stdout)["dhcp"]


def drops(region, reason):
    return json.loads(region.ginnel("drops", "--json").stdout).get(reason, 0)


def test_a_client_is_told_its_own_address(region, vpc, client):
    before = drops(region, "dhcp_question"), drops(region, "spoofed_address")
    host = "ip-" + client.interface.address.replace(".", "-")
    assert client.ask() == [f"{client.interface.address}/24", "10.0.1.1", vpc.resolver, f"{region.name}.compute.internal", "8500",
                            "3600", "10.0.1.1", host]
    assert drops(region, "dhcp_question") > before[0] and drops(region, "spoofed_address") == before[1]


def test_it_gets_no_other_one(client):
    assert client.ask("-r", "10.0.1.77")[0] == f"{client.interface.address}/24"


def test_another_mac_is_not_answered(region, client):
    before = counted(region)
    ip("link", "set", "dev0", "address", "02:00:00:00:00:99", netns=client.netns)
    assert client.ask(tries=2) is None
    after = counted(region)
    assert after["ignored"] > before["ignored"] and after["answered"] == before["answered"]


def frame_to_server(mac, payload):
    udp = (68).to_bytes(2, "big") + (67).to_bytes(2, "big") + (8 + len(payload)).to_bytes(2, "big") + bytes(2) + payload
    header = bytearray(bytes.fromhex("4500") + (20 + len(udp)).to_bytes(2, "big") + bytes(4) + bytes([64, 17, 0, 0]) + bytes(4) +
                       b"\xff" * 4)
    total = sum(int.from_bytes(header[at:at + 2], "big") for at in range(0, 20, 2))
    total = (total & 0xFFFF) + (total >> 16)
    header[10:12] = (~total & 0xFFFF).to_bytes(2, "big")
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) + b"\x08\x00" + bytes(header) + udp


def discover(mac):
    return (bytes([1, 1, 6, 0]) + bytes(24) + bytes.fromhex(mac.replace(":", "")) + bytes(10 + 192) +
            bytes.fromhex("63825363") + bytes([53, 1, 1, 255]))


def test_nonsense_is_counted_and_does_no_harm(region, vpc, client):
    before = counted(region)
    mac = client.interface.mac
    for payload in (b"", b"\0" * 300, discover(mac)[:-1], discover(mac)[:100], discover(mac).replace(b"\x35\x01\x01", b"\x35\xff\x01")):
        client.send(frame_to_server(mac, payload))
    wait_for(lambda: counted(region)["malformed"] == before["malformed"] + 5, "the frames to be counted")
    assert client.ask()[0] == f"{client.interface.address}/24"


def test_a_flood_of_questions_is_answered_at_a_bounded_rate(region, client):
    before = counted(region)
    frame = frame_to_server(client.interface.mac, discover(client.interface.mac))
    start = time.monotonic()
    for _ in range(200):
        client.send(frame)
    total = lambda: sum(counted(region)[key] - before[key] for key in ("answered", "limited"))  # noqa: E731
    wait_for(lambda: total() == 200, "all questions to be looked at")
    most = 20 + 10 * (time.monotonic() - start) + 1
    assert counted(region)["answered"] - before["answered"] <= most


def test_leases_go_on_after_a_restart(region, client):
    region.kill()
    region.start()
    assert client.ask()[0] == f"{client.interface.address}/24"


SOLICIT = bytes.fromhex("01123456" "0001000a00030001020a0b0c0d0e" "0003000c000000070000000000000000")


def test_an_ipv6_client_finds_its_router_and_its_address(region, account):
    vpc = Vpc(region, account, ipv6=True)
    interface = Interface(vpc, ipv6=True)
    with new_netns() as netns, new_pair(netns) as device:
        ip("link", "set", "dev0", "address", interface.mac, netns=netns)
        interface.attach("--device", device)
        ip("link", "set", "dev0", "down", netns=netns)
        ip("link", "set", "dev0", "up", netns=netns)  # now it solicits a router

        def default_route():
            return ip("-6", "route", "show", "default", netns=netns)
        wait_for(lambda: "via fe80::1 dev dev0 proto ra" in default_route(), "the kernel to hear of its router", 30)
        assert "inet6" not in ip("-6", "address", "show", "dev", "dev0", "scope", "global", netns=netns)  # managed

        with inside(netns), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::", 546))
            sock.settimeout(10)
            sock.sendto(SOLICIT, ("ff02::1:2", 547, 0, socket.if_nametoindex("dev0")))
            reply, server = sock.recvfrom(4096)
        assert server[0].startswith("fe80::1") and reply[0] == 2 and reply[1:4] == SOLICIT[1:4]
        assert socket.inet_pton(socket.AF_INET6, interface.address6) in reply
        assert drops(region, "router_solicitation") and drops(region, "dhcp_question")
        interface.detach()
