"""Somebody who tries to break out of his VPC, and those who watch."""
import errno
import hashlib
import json
import os
import re
import socket
import subprocess
import time

from frames import UDP, Listener, Sender, Watcher, ethernet, ip4, udp
from isolation import inside
from network import Vpc, tcp6_from, tcp_from, tcp_server
from region import ROOT
from waiting import wait_for

ME, VICTIM, FRIEND, NOBODY, ENDPOINT_PORT = "10.0.1.10", "10.0.1.20", "10.0.1.77", "10.0.1.99", 9001
ROUTER = "02:fe:00:00:00:01"
OPEN_UDP, CLOSED, FLOW_PORT = 9999, 9998, 7007
IPV4, IPV6, ARP = 0x0800, 0x86DD, 0x0806
RULE_UDP = {"IpProtocol": "udp", "FromPort": OPEN_UDP, "ToPort": OPEN_UDP, "IpRanges": [{"CidrIp": ME + "/32"}]}


class Scene:
    """One VPC with the attacker, a victim and a third with a connection to it, and another VPC with the same addresses. With
    ipv6 they have IPv6 addresses too; then the attacker has a connection through a dual-stack endpoint to a service that
    listens on IPv4."""

    def __init__(self, region, stack, ipv6=False):
        vpc, other = (Vpc(region, region.new_account(), ipv6=ipv6) for _ in range(2))
        self.region, self.vpc = region, vpc
        self.attacker = vpc.instance(ME)
        rules6 = [{**RULE_UDP, "IpRanges": [], "Ipv6Ranges": [{"CidrIpv6": self.attacker.address6 + "/128"}]}] if ipv6 else []
        self.victim = vpc.instance(VICTIM, [vpc.group(RULE_UDP, tcp_from(FRIEND + "/32", FLOW_PORT), *rules6)])
        self.friend = vpc.instance(FRIEND, [vpc.group()])
        others = [other.instance(address) for address in (ME, VICTIM, NOBODY)]
        if ipv6:
            self.with_ipv6(others[1], stack)
        else:
            [self.endpoint] = vpc.addresses(vpc.endpoint("echo", [vpc.group()]))
        stack.enter_context(tcp_server(lambda sock: sock.recv(1), VICTIM, FLOW_PORT, self.victim.id))
        self.flow = self.friend.connect(VICTIM, FLOW_PORT)
        self.flow_port = self.flow.getsockname()[1]
        with inside(self.victim.id):
            self.open = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # so that nothing answers by an ICMP error
            self.open.bind((VICTIM, OPEN_UDP))
        self.mac, self.port_index = self.card(self.attacker)
        self.victim_mac = self.card(self.victim)[0]
        run("ip", "-n", self.attacker.id, "link", "set", "eth0", "mtu", "65535")
        self.sender = Sender(self.attacker.id)
        self.watch([self.victim, self.friend, *others])
        self.serial = 0

    def with_ipv6(self, elsewhere, stack):
        vpc, self.me6, self.victim6, self.friend6 = self.vpc, *(one.address6 for one in (self.attacker, self.victim, self.friend))
        self.elsewhere6 = elsewhere.address6
        for_me = vpc.group(tcp6_from(self.me6 + "/128", ENDPOINT_PORT))
        [self.endpoint6] = vpc.addresses(vpc.endpoint("echo", [for_me], IpAddressType="dualstack"), "Ipv6Address")
        [self.closed6] = vpc.addresses(vpc.endpoint("ec2", [vpc.group()], IpAddressType="dualstack"), "Ipv6Address")
        self.through = stack.enter_context(self.attacker.connect(self.endpoint6, ENDPOINT_PORT))
        self.through_port = self.through.getsockname()[1]
        with inside(self.victim.id):
            self.open6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            self.open6.bind((self.victim6, OPEN_UDP))
        self.until_reports_end()

    def until_reports_end(self):
        """The kernels tell of the multicast groups of their addresses twice, a second apart (RFC 3810), which is counted."""
        seen, since = None, 0.0

        def silent():
            nonlocal seen, since
            count = self.drops().get("multicast_listener", 0)
            if count != seen:
                seen, since = count, time.monotonic()
            return time.monotonic() - since > 2.5
        wait_for(silent, "the reports of multicast listeners to end", 30, 0.2)

    @staticmethod
    def card(instance):
        [link] = json.loads(run("ip", "-n", instance.id, "-j", "link", "show", "eth0"))
        return link["address"], link["link_index"]

    def watch(self, instances):
        own = [link["ifname"] for link in json.loads(run("ip", "-j", "link")) if link["ifindex"] != self.port_index]
        self.at_victim = Watcher("victim", "eth0", instances[0].id)
        self.watchers = [Watcher(one.id, "eth0", one.id) for one in instances[1:]] + [Watcher(name, name) for name in own]
        self.watchers += [Listener(socket.AF_INET, protocol) for protocol in (1, 6, 17, 41, 47)]
        self.watchers += [Listener(socket.AF_INET6, protocol) for protocol in (6, 17, 58)]
        assert len(self.watchers) > 12

    def drops(self):
        return json.loads(self.region.ginnel("drops", "--json").stdout)

    def mark(self):
        self.serial += 1
        return hashlib.sha256(b"%d" % self.serial).digest()[:14]

    def own(self, packet, kind=IPV4, to=ROUTER):
        return ethernet(to, self.mac, kind, packet)

    def settle(self):
        """Everything that was sent before has been judged: frames keep their order, and this one arrives."""
        mark = self.mark()
        self.sender.send(self.own(ip4(ME, VICTIM, UDP, udp(ME, VICTIM, (5555, OPEN_UDP), mark))))
        wait_for(lambda: self.at_victim.saw(mark), "an allowed datagram to arrive", 10)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def send(scene, made):
    if not isinstance(made, tuple):
        scene.sender.send(made)
    elif made[1] == "cut":
        scene.sender.send_to_be_cut(made[0], made[2])
    else:
        scene.sender.send(made[0], mark=made[1])


def outcome(scene, make):
    """What one attempt was counted as, and who saw it."""
    mark, before = scene.mark(), scene.drops()
    for watcher in [scene.at_victim, *scene.watchers]:
        watcher.saw(mark)
        watcher.clear()
    try:
        send(scene, make(scene, mark))
    except OSError as error:
        assert error.errno == errno.ENOBUFS  # the device did not take it
    scene.settle()
    after = scene.drops()
    counted = {reason: count - before.get(reason, 0) for reason, count in after.items() if count != before.get(reason, 0)}
    return counted, [watcher.name for watcher in [scene.at_victim, *scene.watchers] if watcher.saw(mark[:10])]


def listed(heading):
    """The attempts of a chapter of the manual, and their reasons."""
    with open(os.path.join(ROOT, "docs", "isolation.md"), encoding="utf-8") as file:
        chapter = file.read().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \| `?([^|`]+?)`? \|$", chapter, re.M)
    return [row for row in rows if not set(row[0]) <= set("-") and row[0] != "Attempt"]
