"""What the kernels at both ends make of ICMP errors and fragments that come through an endpoint and a load balancer."""
import contextlib
import os
import socket
import subprocess

import pytest
from balancer import LoadBalancer, Service
from isolation import inside
from network import ANYWHERE, Vpc, tcp_server
from waiting import wait_for

PORT, UDP_PORT, NARROW = 8080, 5000, 1400
BIG = os.urandom(20000)  # more than two packets of the largest MTU


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Path:
    """A consumer's instance, an endpoint, a load balancer of another account, and its target."""

    def __init__(self, region):
        provider, consumer = Vpc(region, region.new_account()), Vpc(region, region.new_account())
        self.target = provider.instance("10.0.1.10", [provider.group(ANYWHERE)])
        self.client = consumer.instance("10.0.1.10")
        with tcp_server(lambda sock: None, self.target.address, PORT, self.target.id):  # what health checks ask
            balancer = LoadBalancer(provider)
            balancer.listen(PORT, [self.target.address])
            balancer.listen(UDP_PORT, [self.target.address], protocol="UDP", HealthCheckPort=str(PORT))
            endpoint = consumer.available(Service(balancer).ask(consumer))
        [self.address] = consumer.addresses(endpoint)

    def datagrams(self):
        """A socket of the target, and one of the client that is connected to the endpoint."""
        with inside(self.target.id):
            server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind((self.target.address, UDP_PORT))
        with inside(self.client.id):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.connect((self.address, UDP_PORT))
        for sock in (server, client):
            sock.settimeout(5)
        return server, client


@pytest.fixture(scope="module")
def path(region):
    return Path(region)


@contextlib.contextmanager
def narrower_behind(target):
    """What comes for the target's port goes on to a namespace behind a device with a narrower MTU; its name."""
    name = f"{target.id}-behind"

    def at(*command):
        run("ip", "netns", "exec", target.id, *command)
    run("ip", "netns", "add", name)
    try:
        at("ip", "link", "add", "in0", "mtu", str(NARROW), "type", "veth", "peer", "name", "eth0", "netns", name)
        at("ip", "address", "add", "192.168.9.1/24", "dev", "in0")
        at("ip", "link", "set", "in0", "up")
        # The server behind it believes in the wide one, so that its MSS tells the client nothing.
        run("ip", "-n", name, "link", "set", "eth0", "mtu", "8500", "up")
        run("ip", "-n", name, "address", "add", "192.168.9.2/24", "dev", "eth0")
        run("ip", "-n", name, "route", "add", "default", "via", "192.168.9.1")
        at("sysctl", "-qw", "net.ipv4.ip_forward=1")
        at("nft", "add table ip t; add chain ip t c { type nat hook prerouting priority -100; }; "
           f"add rule ip t c iif eth0 tcp dport {PORT} dnat to 192.168.9.2")
        yield name
    finally:
        run("ip", "netns", "del", name)


def known_mtu(client, address):
    """What the client's kernel has learned of the path, or None."""
    words = run("ip", "-n", client.id, "route", "get", address).split()
    return int(words[words.index("mtu") + 1]) if "mtu" in words else None


def test_a_narrower_path_behind_the_target_is_found(path):
    received = []

    def count(sock):
        while part := sock.recv(1 << 16):
            received.append(len(part))
        sock.sendall(b"done")
    with narrower_behind(path.target) as behind, tcp_server(count, "192.168.9.2", PORT, behind):
        assert known_mtu(path.client, path.address) is None
        with path.client.connect(path.address, PORT, 10) as sock:
            sock.sendall(bytes(300000))
            sock.shutdown(socket.SHUT_WR)
            sock.settimeout(20)
            assert sock.recv(10) == b"done"
        assert sum(received) == 300000
        assert known_mtu(path.client, path.address) == NARROW


def test_large_datagrams_pass_both_ways(path):
    server, client = path.datagrams()
    with server, client:
        for size in (9000, len(BIG)):
            client.send(BIG[:size])
            data, peer = server.recvfrom(1 << 16)
            assert data == BIG[:size]
            server.sendto(BIG[:size][::-1], peer)
            assert client.recv(1 << 16) == BIG[:size][::-1]


def test_a_closed_port_refuses_datagrams(path):
    server, client = path.datagrams()
    with client:
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
