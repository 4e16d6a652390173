"""What the kernels at both ends make of ICMP errors and fragments that come through an endpoint and a load balancer: in
either family, and where an IPv6 client meets an IPv4 target."""
import contextlib
import errno
import os
import socket
import subprocess

import pytest
from balancer import LoadBalancer, Service
from isolation import inside
from network import ANYWHERE, ANYWHERE6, Vpc, tcp_server
from waiting import wait_for

PORT, UDP_PORT, NARROW = 8080, 5000, 1400
MTU, IN_BOTH = 8500, 8500 - 28  # of the devices, and what is left of it as IPv6, with a fragment header
BIG = os.urandom(20000)  # more than two packets of the largest MTU
WAYS = ("ipv4", "ipv6", "ipv6 to ipv4")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Way:
    """From a client's address to a target's: what each side calls itself and the other."""

    def __init__(self, path, client6, target6):
        self.client, self.target = path.client, path.target
        self.port, self.udp_port = (PORT + target6, UDP_PORT + target6)
        self.from_family = socket.AF_INET6 if client6 else socket.AF_INET
        self.to_family = socket.AF_INET6 if target6 else socket.AF_INET
        self.client_address = path.client.address6 if client6 else path.client.address
        self.target_address = path.target.address6 if target6 else path.target.address
        self.address = path.addresses[client6]  # the endpoint's, as the client knows it
        self.node = path.nodes[target6]  # the load balancer's, as the target knows it
        self.more = 20 * (client6 - target6)  # an MTU at the target's side is so much larger at the client's

    @contextlib.contextmanager
    def datagrams(self):
        """A socket of the target, and one of the client that is connected to the endpoint."""
        with inside(self.target.id):
            server = socket.socket(self.to_family, socket.SOCK_DGRAM)
        with inside(self.client.id):
            client = socket.socket(self.from_family, socket.SOCK_DGRAM)
        with server, client:
            server.bind((self.target_address, self.udp_port))
            client.connect((self.address, self.udp_port))
            for sock in (server, client):
                sock.settimeout(5)
            yield server, client


class Path:
    """A consumer's instance, an endpoint, a load balancer of another account, and its target; all have both families."""

    def __init__(self, region):
        provider, consumer = (Vpc(region, region.new_account(), ipv6=True) for _ in range(2))
        self.target = provider.instance("10.0.1.10", [provider.group(ANYWHERE, ANYWHERE6)])
        self.client = consumer.instance("10.0.1.10")
        balancer = LoadBalancer(provider, address_type="dualstack")
        targets = (self.target.address, self.target.address6)
        with contextlib.ExitStack() as checks:  # what health checks ask
            for number, address in enumerate(targets):
                checks.enter_context(tcp_server(lambda sock: None, address, PORT + number, self.target.id))
            for number, address in enumerate(targets):
                settings = {"IpAddressType": ("ipv4", "ipv6")[number]}
                balancer.listen(PORT + number, [address], **settings)
                balancer.listen(UDP_PORT + number, [address], protocol="UDP", HealthCheckPort=str(PORT + number), **settings)
            service = Service(balancer, SupportedIpAddressTypes=["ipv4", "ipv6"])
            endpoint = consumer.available(service.ask(consumer, [consumer.group(ANYWHERE, ANYWHERE6)], IpAddressType="dualstack"))
        keys = ("PrivateIpAddress", "Ipv6Address")
        self.addresses = [consumer.addresses(endpoint, key)[0] for key in keys]
        self.nodes = [list(balancer.nodes(key).values())[0] for key in keys]


@pytest.fixture(scope="module")
def path(region):
    return Path(region)


@pytest.fixture(params=WAYS)
def way(request, path):
    return Way(path, client6=request.param != "ipv4", target6=request.param == "ipv6")


INSIDE = {socket.AF_INET: ("192.168.9.1", "192.168.9.2", "24"), socket.AF_INET6: ("fd00:9::1", "fd00:9::2", "64")}


@contextlib.contextmanager
def narrower_behind(instance, family, rules):
    """A namespace behind a device of the instance with a narrower MTU, and what the instance does with what comes for it or
    from it; its name and address."""
    name = f"{instance.id}-behind"
    router, host, length = INSIDE[family]
    nft, nodad = ("ip6", ["nodad"]) if family == socket.AF_INET6 else ("ip", [])

    def at(*command):
        run("ip", "netns", "exec", instance.id, *command)
    run("ip", "netns", "add", name)
    try:
        at("ip", "link", "add", "in0", "mtu", str(NARROW), "type", "veth", "peer", "name", "eth0", "netns", name)
        at("sysctl", "-qw", "net.ipv6.conf.in0.disable_ipv6=0")
        at("ip", "address", "add", f"{router}/{length}", "dev", "in0", *nodad)
        at("ip", "link", "set", "in0", "up")
        # Who is behind it believes in the wide one, so that his MSS tells the other end nothing.
        run("ip", "-n", name, "link", "set", "eth0", "mtu", str(MTU), "up")
        run("ip", "-n", name, "address", "add", f"{host}/{length}", "dev", "eth0", *nodad)
        run("ip", "-n", name, "route", "add", "default", "via", router)
        at("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        at("nft", f"add table {nft} t; add chain {nft} t d {{ type nat hook prerouting priority -100; }}; "
           f"add chain {nft} t s {{ type nat hook postrouting priority 100; }}; add rule {nft} t {rules.format(host=host)}")
        yield name, host
    finally:
        at("nft", "flush ruleset")
        subprocess.run(["ip", "-n", instance.id, "link", "del", "in0"], check=False)  # at once; with the namespace only later
        run("ip", "netns", "del", name)


def known_mtu(instance, address):
    """What the instance's kernel has learned of the path, or None."""
    words = run("ip", "-n", instance.id, "route", "get", address).split()
    return int(words[words.index("mtu") + 1]) if "mtu" in words else None


def forget(instance, family):
    run("ip", "-n", instance.id, "-6" if family == socket.AF_INET6 else "-4", "route", "flush", "cache")


def receives(count):
    def handle(sock):
        while part := sock.recv(1 << 16):
            count.append(len(part))
        sock.sendall(b"done")
    return handle


def test_a_narrower_path_behind_the_target_is_found(way):
    received = []
    to_host = f"d iif eth0 tcp dport {way.port} dnat to {{host}}"
    with narrower_behind(way.target, way.to_family, to_host) as (behind, host), tcp_server(receives(received), host, way.port, behind):
        forget(way.client, way.from_family)
        assert known_mtu(way.client, way.address) is None
        with way.client.connect(way.address, way.port, 10) as sock:
            sock.sendall(bytes(300000))
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(20)
            assert sock.recv(10) == b"done"
            level, option = (socket.IPPROTO_IPV6, 24) if way.from_family == socket.AF_INET6 else (socket.IPPROTO_IP, 14)
            assert sock.getsockopt(level, option) == NARROW + way.more  # IPV6_MTU, IP_MTU
        assert sum(received) == 300000
        assert known_mtu(way.client, way.address) == NARROW + way.more


def test_a_narrower_path_behind_the_client_is_found(way):
    def give(sock):
        sock.sendall(bytes(300000))
    with narrower_behind(way.client, way.from_family, "s oif eth0 masquerade") as (behind, _), \
            tcp_server(give, way.target_address, way.port, way.target.id):
        forget(way.target, way.to_family)
        assert known_mtu(way.target, way.node) is None
        with inside(behind):
            sock = socket.create_connection((way.address, way.port), timeout=10)
        with sock:
            sock.settimeout(20)
            received = 0
            while part := sock.recv(1 << 16):
                received += len(part)
        assert received == 300000
        assert known_mtu(way.target, way.node) == NARROW - way.more


def counters(instance, family):
    """How many fragments the kernel has made, and how many datagrams it has put together."""
    with inside(instance.id):
        if family == socket.AF_INET6:
            with open("/proc/thread-self/net/snmp6", encoding="ascii") as file:
                all_of_them = dict(line.split() for line in file)
            return int(all_of_them["Ip6FragCreates"]), int(all_of_them["Ip6ReasmOKs"])
        with open("/proc/thread-self/net/snmp", encoding="ascii") as file:
            names, values = [line.split() for line in file if line.startswith("Ip:")]
        all_of_them = dict(zip(names, values))
        return int(all_of_them["FragCreates"]), int(all_of_them["ReasmOKs"])


def goes_through(sender, receiver, data, to=None):
    """Sends the datagram until it arrives, as a path's MTU is learned by losing one. The sender's address."""
    receiver.settimeout(0.5)

    def arrives():
        try:
            sender.sendto(data, to) if to else sender.send(data)
            got, peer = receiver.recvfrom(1 << 16)
        except TimeoutError:
            return None
        assert got == data
        return peer
    return wait_for(arrives, f"{len(data)} bytes to arrive")


def test_large_datagrams_pass_both_ways(way):
    ends = ((way.client, way.from_family), (way.target, way.to_family))
    for end in ends:
        forget(*end)
    before = [counters(*end) for end in ends]
    with way.datagrams() as (server, client):
        for size in (8460, MTU, 9000, len(BIG)):
            peer = goes_through(client, server, BIG[:size])
            goes_through(server, client, BIG[:size][::-1], peer)
    for (made, whole), (made_before, whole_before) in zip([counters(*end) for end in ends], before):
        assert made >= made_before + 7 and whole >= whole_before + 3
    # What the target sends must also fit as IPv6, of which the endpoint told it.
    assert known_mtu(way.target, way.node) == (IN_BOTH if way.more else None)
    assert known_mtu(way.client, way.address) is None


def test_large_datagrams_find_a_narrower_path_behind_the_client(way):
    forget(way.target, way.to_family)
    with narrower_behind(way.client, way.from_family, "s oif eth0 masquerade") as (behind, _), inside(behind):
        client = socket.socket(way.from_family, socket.SOCK_DGRAM)
        client.connect((way.address, way.udp_port))
        with client, way.datagrams() as (server, _):
            peer = goes_through(client, server, b"question")
            goes_through(server, client, BIG, peer)
    # IPv4's routers cut up by themselves what may be cut up.
    assert known_mtu(way.target, way.node) == (None if way.from_family == socket.AF_INET else NARROW - (28 if way.more else 0))


def test_a_datagram_that_may_not_be_cut_up_is_refused(way):
    """The sender wants to know what fits, and is told."""
    forget(way.target, way.to_family)
    with way.datagrams() as (server, client):
        peer = goes_through(client, server, b"question")
        level, option = (socket.IPPROTO_IPV6, 23) if way.to_family == socket.AF_INET6 else (socket.IPPROTO_IP, 10)
        server.setsockopt(level, option, 2)  # IPV6_MTU_DISCOVER, IP_MTU_DISCOVER: IP_PMTUDISC_DO
        fits = MTU - (28 if way.to_family == socket.AF_INET else 48)
        most, too_long = (fits - MTU + IN_BOTH, fits) if way.more else (fits, fits + 1)

        def refused():
            try:
                server.sendto(bytes(too_long), peer)
            except OSError as error:
                assert error.errno == errno.EMSGSIZE
                return True
            return False
        wait_for(refused, "a datagram to be too long")
        goes_through(server, client, BIG[:most], peer)


def test_a_closed_port_refuses_datagrams(way):
    with way.datagrams() as (server, client):
        client.send(b"question")
        assert server.recvfrom(100)[0] == b"question"
        server.close()

        def refused():
            try:
                client.send(b"anybody there?")
                client.settimeout(1)
                client.recv(100)
            except ConnectionRefusedError:
                return True
            except TimeoutError:
                return False
            return False
        wait_for(refused, "the refusal")
