"""A service that one account offers and others reach, where both have the same addresses."""
import socket
import threading
import time

import pytest
from balancer import LoadBalancer, Service
from isolation import inside
from network import ANYWHERE, Vpc, echo, tcp_from, tcp_server
from newer import also_sending
from waiting import wait_for

PORT = 5432
ZONE_A, ZONE_C = "ap-northeast-1a", "ap-northeast-1c"


def tells(name):
    def handle(sock):
        sock.sendall(f"{name} {sock.getpeername()[0]}\n".encode())
        echo(sock)
    return handle


def ask(client, host, port=PORT):
    """(the server's name, the source address that it sees)"""
    with client.connect(host, port) as sock:
        return tuple(sock.makefile().readline().split())


class Provider:
    """A server at 10.0.1.10 behind a load balancer."""

    def __init__(self, region, name, subnets=1):
        self.vpc = Vpc(region, region.new_account())
        group = self.vpc.group(ANYWHERE)
        self.subnets = [self.vpc.subnet, self.vpc.add_subnet("10.0.2.0/24", ZONE_C)][:subnets]
        self.servers = [self.vpc.instance(f"10.0.{n + 1}.10", [group], subnet) for n, subnet in enumerate(self.subnets)]
        self.listening = [tcp_server(tells(f"{name}{n}"), server.address, PORT, server.id)
                          for n, server in enumerate(self.servers)]
        self.balancer = LoadBalancer(self.vpc, self.subnets)

    def __enter__(self):
        for server in self.listening:
            server.__enter__()
        self.targets = self.balancer.listen(PORT, [server.address for server in self.servers])
        return self

    def __exit__(self, *_):
        for server in self.listening:
            server.__exit__(None, None, None)


@pytest.fixture
def provider(region):
    with Provider(region, "p") as made:
        yield made


@pytest.fixture
def consumer(region):
    return Vpc(region, region.new_account())


def reach(consumer, service, **arguments):
    """The address of a new endpoint, available."""
    [address] = consumer.addresses(consumer.available(service.ask(consumer, **arguments)))
    return address


def test_a_consumer_with_the_same_addresses(provider, consumer):
    service = Service(provider.balancer)
    client = consumer.instance("10.0.1.10")  # as the server's
    assert client.times_out("10.0.1.20", PORT)
    address = reach(consumer, service)
    [node] = provider.balancer.nodes().values()
    assert ask(client, address) == ("p0", node)
    assert client.times_out(address, PORT + 1)


def test_two_consumers_from_the_same_address_and_port(region, provider):
    service = Service(provider.balancer)
    socks = []
    for _ in range(3):
        consumer = Vpc(region, region.new_account())
        client = consumer.instance("10.0.1.10")
        address = reach(consumer, service)
        with inside(client.id):
            sock = socket.create_connection((address, PORT), timeout=5, source_address=("10.0.1.10", 40000))
        socks.append(sock)
    for n, sock in enumerate(socks):
        sock.sendall(f"consumer {n}\n".encode())
    for n, sock in enumerate(socks):
        lines = sock.makefile()
        assert lines.readline().startswith("p0") and lines.readline() == f"consumer {n}\n"
        sock.close()


def test_client_addresses_never_pass_a_link(provider, consumer):
    provider.targets.set(**{"preserve_client_ip.enabled": True})
    address = reach(consumer, Service(provider.balancer))
    [node] = provider.balancer.nodes().values()
    assert ask(consumer.instance("10.0.1.77"), address) == ("p0", node)


def test_names_of_an_endpoint(provider, consumer):
    endpoint = consumer.available(Service(provider.balancer).ask(consumer))
    [address] = consumer.addresses(endpoint)
    client = consumer.instance()
    names = [entry["DnsName"] for entry in endpoint["DnsEntries"]]
    assert len(names) == 2
    for name in names:
        assert client.resolve(name) == [address]
    assert ask(client, address)[0] == "p0"


def test_acceptance(provider, consumer):
    service = Service(provider.balancer, acceptance=True)
    client, endpoint = consumer.instance(), service.ask(consumer)
    found = consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
    assert found["State"] == "pendingAcceptance"
    [address] = consumer.addresses(found)
    assert client.times_out(address, PORT)
    [asked] = service.ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"]
    assert (asked["VpcEndpointId"], asked["VpcEndpointState"]) == (endpoint, "pendingAcceptance")
    assert service.accept(endpoint)["Unsuccessful"] == []
    consumer.available(endpoint)
    assert ask(client, address)[0] == "p0"


def test_reject_resets_live_connections_at_once(provider, consumer, record_property):
    service = Service(provider.balancer, acceptance=True)
    client, endpoint = consumer.instance(), service.ask(consumer)
    service.accept(endpoint)
    [address] = consumer.addresses(consumer.available(endpoint))
    socks = [client.connect(address, PORT, timeout_s=10) for _ in range(20)]
    for sock in socks:
        sock.makefile().readline()
    began = time.monotonic()
    service.reject(endpoint)
    for sock in socks:  # idle: nobody sends
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    record_property("reject_call_to_last_of_20_resets_ms", round((time.monotonic() - began) * 1000, 1))
    assert client.times_out(address, PORT)
    assert consumer.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"] == "rejected"
    service.accept(endpoint)
    consumer.available(endpoint)
    assert ask(client, address)[0] == "p0"


def test_the_server_is_told_too(provider, consumer):
    """The target's side of a cut connection is reset as well, so that it holds nothing."""
    ended = threading.Event()

    def hold(sock):
        try:
            while sock.recv(100):
                pass
        except ConnectionResetError:
            ended.set()
    service = Service(provider.balancer)
    with tcp_server(hold, "10.0.1.10", PORT + 1, provider.servers[0].id):
        provider.balancer.listen(PORT + 1, ["10.0.1.10"])
        client, endpoint = consumer.instance(), service.ask(consumer)
        [address] = consumer.addresses(consumer.available(endpoint))
        with client.connect(address, PORT + 1) as sock:
            sock.sendall(b"x")
            consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
            assert ended.wait(10)


def test_nothing_opens_a_connection_back(provider, consumer):
    address = reach(consumer, Service(provider.balancer))
    client = consumer.instance("10.0.1.99", [consumer.group(ANYWHERE)])
    neighbour = consumer.instance("10.0.1.98")
    with tcp_server(echo, "10.0.1.99", PORT, client.id), client.connect(address, PORT) as sock:
        node, port = provider.balancer.nodes()[ZONE_A], sock.getsockname()[1]
        assert neighbour.reaches("10.0.1.99", PORT)
        server = provider.servers[0]
        assert server.times_out("10.0.1.99", PORT)
        assert address in (server.address, node) or server.times_out(address, PORT)  # both VPCs have the same addresses
        assert server.times_out(node, port)  # the very address and port that the connection comes from


def test_security_groups_of_the_endpoint_and_of_the_load_balancer(region, provider, consumer):
    front = provider.vpc.group(tcp_from("10.0.1.50/32", PORT))
    balancer = LoadBalancer(provider.vpc, groups=[front])
    balancer.listen(PORT, ["10.0.1.10"], wait=False)
    service = Service(balancer)
    address = reach(consumer, service, groups=[consumer.group(tcp_from("10.0.1.0/24", PORT))])
    wanted, other = consumer.instance("10.0.1.50"), consumer.instance("10.0.1.51")
    assert ask(wanted, address)[0] == "p0"
    assert other.times_out(address, PORT)  # the load balancer's group sees the client's own address
    with also_sending(balancer.elbv2, "SetSecurityGroups", {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": "off"}):
        balancer.elbv2.set_security_groups(LoadBalancerArn=balancer.arn, SecurityGroups=[front])
    wait_for(lambda: other.reaches(address, PORT), "the load balancer's group not to count")


def test_an_endpoint_uses_its_zone_and_names_follow_health(region, consumer):
    with Provider(region, "z", subnets=2) as provider:
        other = consumer.add_subnet("10.0.2.0/24", ZONE_C)
        endpoint = consumer.available(Service(provider.balancer).ask(consumer, subnets=[consumer.subnet, other]))
        client = consumer.instance()
        one, two = consumer.addresses(endpoint)
        nodes = provider.balancer.nodes()
        assert ask(client, one) == ("z0", nodes[ZONE_A]) and ask(client, two) == ("z1", nodes[ZONE_C])
        regional = endpoint["DnsEntries"][0]["DnsName"]
        assert client.resolve(regional) == [one, two]
        provider.targets.deregister("10.0.1.10")
        wait_for(lambda: client.resolve(regional) == [two], "the name to lead to the other zone")


def test_new_listeners_and_targets_reach_existing_endpoints(provider, consumer):
    address = reach(consumer, Service(provider.balancer))
    client = consumer.instance()
    assert client.times_out(address, 80)
    with tcp_server(tells("web"), "10.0.1.10", 80, provider.servers[0].id):
        web = provider.balancer.listen(80, ["10.0.1.10"])
        wait_for(lambda: client.reaches(address, 80), "the new listener to be reached")
        assert ask(client, address, 80)[0] == "web"
        with client.connect(address, PORT) as kept, client.connect(address, 80, timeout_s=10) as lost:
            kept.makefile().readline()
            lost.makefile().readline()
            web.elbv2.delete_listener(ListenerArn=web.listener)
            with pytest.raises(ConnectionResetError):
                lost.recv(1)
            kept.sendall(b"untouched")  # of the same endpoint, by another listener
            assert kept.recv(100) == b"untouched"
        assert client.times_out(address, 80)


def test_connections_survive_a_killed_daemon(region, provider, consumer):
    address = reach(consumer, Service(provider.balancer))
    client = consumer.instance()
    with client.connect(address, PORT) as sock:
        lines = sock.makefile()
        lines.readline()
        region.kill()
        try:
            assert ask(client, address)[0] == "p0"  # new ones, too
            sock.sendall(b"down\n")
            assert lines.readline() == "down\n"
        finally:
            region.start()
        sock.sendall(b"up\n")
        assert lines.readline() == "up\n"
        assert provider.targets.health()["10.0.1.10"][0] == "healthy"
