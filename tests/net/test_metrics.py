"""`/metrics` against what a generator counted itself, to the byte."""
import contextlib
import json
import os
import socket
import struct
import threading
import urllib.error
import urllib.request

import pytest
from balancer import LoadBalancer, Service
from capture import Capture
from isolation import inside
from metrics import scrape
from network import ANYWHERE, Vpc, tcp_from, tcp_server
from waiting import wait_for

PORT = 5432
TCP, UDP = socket.IPPROTO_TCP, socket.IPPROTO_UDP
ENDS_IN_RESET = b"reset me\n"  # the server's answer to it is a RST


def abort(sock):
    """Closes with a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def serve(sock):
    while data := sock.recv(1 << 16):
        if data == ENDS_IN_RESET:
            return abort(sock)
        sock.sendall(data)


@contextlib.contextmanager
def udp_server(server):
    with inside(server.id):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.bind((server.address, PORT))
        sock.settimeout(0.1)
        ending = threading.Event()

        def run():
            while not ending.is_set():
                with contextlib.suppress(TimeoutError):
                    data, address = sock.recvfrom(1 << 16)
                    sock.sendto(data, address)
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join(10)


class Stage:
    """A service of TCP and UDP with its endpoint, a client of it, and one that the endpoint's group keeps out."""

    def __init__(self, region):
        self.region = region
        self.url = f"http://127.0.0.1:{region.metrics_port}/metrics"
        self.provider, self.consumer = Vpc(region, region.new_account()), Vpc(region, region.new_account())
        self.server = self.provider.instance("10.0.1.10", [self.provider.group(ANYWHERE)])
        self.client, self.stranger = self.consumer.instance("10.0.1.10"), self.consumer.instance("10.0.1.66")

    @contextlib.contextmanager
    def open(self):
        with tcp_server(serve, self.server.address, PORT, self.server.id), udp_server(self.server):
            self.balancer = LoadBalancer(self.provider)
            self.balancer.listen(PORT, [self.server.address], protocol="TCP_UDP")
            self.service = Service(self.balancer)
            rules = [{**tcp_from("10.0.1.10/32", PORT), "IpProtocol": protocol} for protocol in ("tcp", "udp")]
            endpoint = self.consumer.available(self.service.ask(self.consumer, groups=[self.consumer.group(*rules)]))
            self.endpoint = endpoint["VpcEndpointId"]
            [self.address] = self.consumer.addresses(endpoint)
            yield self

    def interface(self, instance):
        found = self.consumer.ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
        return found["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def of_endpoint(self, metrics, name):
        return metrics.get(f"privatelink_endpoints_{name}", vpc_endpoint_id=self.endpoint, vpc_id=self.consumer.id,
                           subnet_id=self.consumer.subnet, endpoint_type="Interface", service_name=self.service.name)

    def of_service(self, metrics, name):
        return metrics.get(f"privatelink_services_{name}", vpc_endpoint_id=self.endpoint, service_id=self.service.id,
                           az="ap-northeast-1a", load_balancer_arn=self.balancer.arn)


@pytest.fixture
def stage(region):
    with Stage(region).open() as made:
        yield made


class Generator:
    """Makes traffic through the endpoint and knows what it made."""

    def __init__(self, stage):
        self.stage, self.opened, self.datagrams = stage, 0, 0
        with inside(stage.client.id):
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.settimeout(10)
        self.udp.bind((stage.client.address, 0))

    def connect(self):
        self.opened += 1
        return self.stage.client.connect(self.stage.address, PORT, timeout_s=20)

    def exchange(self, sock, size):
        data, back = os.urandom(size), b""
        sender = threading.Thread(target=sock.sendall, args=(data,))
        sender.start()
        while len(back) < size and (part := sock.recv(1 << 18)):
            back += part
        sender.join(20)
        assert back == data

    def work(self, connections=12, datagrams=30):
        """Connections that end in each way, and datagrams; all through."""
        for n in range(connections):
            sock = self.connect()
            self.exchange(sock, 1 + n * 7919)
            if n % 3 == 0:
                sock.close()
            elif n % 3 == 1:
                abort(sock)
            else:
                sock.sendall(ENDS_IN_RESET)
                with pytest.raises(ConnectionResetError):
                    sock.recv(1)
                sock.close()
        for n in range(datagrams):
            data = os.urandom(n * 40)
            self.udp.sendto(data, (self.stage.address, PORT))
            assert self.udp.recv(1 << 16) == data
        self.datagrams += datagrams

    def close(self):
        self.udp.close()


@pytest.fixture
def generator(stage):
    made = Generator(stage)
    yield made
    made.close()


def expect(stage, generator, capture, active):
    """Until the daemon's numbers are the generator's."""
    address = (stage.address, PORT)
    interface = stage.interface(stage.client)

    def numbers(metrics):
        own = {"interface_id": interface, "vpc_id": stage.consumer.id, "instance_id": stage.client.id}
        return {
            "bytes": stage.of_endpoint(metrics, "bytes_processed_total"),
            "new": stage.of_endpoint(metrics, "new_connections_total"),
            "active": stage.of_endpoint(metrics, "active_connections"),
            "resets received": stage.of_endpoint(metrics, "rst_packets_received_total"),
            "dropped": stage.of_endpoint(metrics, "packets_dropped_total"),
            "sent": (metrics.get("ginnel_interface_sent_packets_total", **own), metrics.get("ginnel_interface_sent_bytes_total", **own)),
            "received": (metrics.get("ginnel_interface_received_packets_total", **own),
                         metrics.get("ginnel_interface_received_bytes_total", **own)),
            "opened": metrics.get("ginnel_interface_opened_flows_total", **own),
            "resets sent": metrics.get("ginnel_interface_sent_resets_total", **own)}

    def own_numbers():
        return {
            "bytes": capture.total(*address).bytes, "new": generator.opened + 1, "active": active + 1,  # one UDP flow
            "resets received": capture.total(*address, sent=False, reset=True).frames, "dropped": 0,
            "sent": capture.total(*address, sent=True), "received": capture.total(*address, sent=False),
            "opened": generator.opened + 1, "resets sent": capture.total(*address, sent=True, reset=True).frames}

    def both():
        metrics = scrape(stage.url)
        return metrics, numbers(metrics), own_numbers()
    try:
        wait_for(lambda: (lambda _, theirs, ours: theirs == ours)(*both()), "equal counters")
    except AssertionError:
        _, theirs, ours = both()
        assert theirs == ours
        raise
    metrics, theirs, ours = both()
    assert theirs == ours
    for name in ("bytes_processed_total", "new_connections_total", "active_connections"):
        assert stage.of_service(metrics, name) == stage.of_endpoint(metrics, name)
    assert stage.of_service(metrics, "rst_packets_sent_total") == ours["resets received"]
    return ours


def test_exact_to_the_byte(stage, generator):
    with Capture(stage.client.id) as capture:
        generator.work()
        held = [generator.connect() for _ in range(3)]
        for sock in held:
            generator.exchange(sock, 100000)
        ours = expect(stage, generator, capture, active=3)
        assert ours["resets received"] >= 4 and ours["resets sent"] >= 4 and ours["new"] == 16
        assert capture.total(stage.address, PORT, sent=True, protocol=UDP).frames == generator.datagrams == 30
        for sock in held:
            sock.close()
        expect(stage, generator, capture, active=0)


def test_exact_over_kill_9_and_restart(stage, generator):
    with Capture(stage.client.id) as capture:
        held = generator.connect()
        generator.work()
        before = expect(stage, generator, capture, active=1)
        stage.region.kill()
        try:
            with pytest.raises(OSError):
                scrape(stage.url)
            generator.work()
            generator.exchange(held, 50000)
        finally:
            stage.region.start()
        after = expect(stage, generator, capture, active=1)
        assert after["bytes"] > before["bytes"] and after["new"] == before["new"] + 12
        generator.work()
        held.close()
        expect(stage, generator, capture, active=0)


def test_a_flow_that_is_cut_stays_counted(stage, generator):
    """What an entry held is counted when the entry goes."""
    with Capture(stage.client.id) as capture:
        generator.work()
        held = generator.connect()
        generator.exchange(held, 5000)
        before = expect(stage, generator, capture, active=1)
        cut = json.loads(stage.region.ginnel("flows", "cut", "--json", f"endpoint={stage.endpoint}", "protocol=tcp", "state=open").stdout)
        assert cut == {"cut": 1}
        with pytest.raises(ConnectionResetError):
            held.recv(1)
        held.close()
        flows = stage.region.ginnel("flows", "--json", "--filter", f"endpoint={stage.endpoint} state=open protocol=tcp").stdout
        assert flows == ""
        metrics = scrape(stage.url)
        received = capture.total(stage.address, PORT, sent=False, reset=True).frames
        assert received > before["resets received"], "the program's own reset"
        assert stage.of_endpoint(metrics, "rst_packets_received_total") == received
        assert stage.of_service(metrics, "rst_packets_sent_total") == received
        own = {"interface_id": stage.interface(stage.client), "vpc_id": stage.consumer.id, "instance_id": stage.client.id}
        assert metrics.get("ginnel_interface_received_resets_total", **own) == received
        assert metrics.get("ginnel_interface_sent_resets_total", **own) == before["resets sent"]
        assert stage.of_endpoint(metrics, "active_connections") == 1  # UDP's
        assert stage.of_endpoint(metrics, "new_connections_total") == generator.opened + 1
        assert stage.of_endpoint(metrics, "bytes_processed_total") == before["bytes"], "resets of the program's own are none of it"


def test_drops_by_reason(stage):
    """Datagrams that a group keeps out, and some to a port that is none: each counted once, under its reason."""
    before = scrape(stage.url)
    with inside(stage.stranger.id):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        for _ in range(37):
            sock.sendto(b"x", (stage.address, PORT))
        for _ in range(11):
            sock.sendto(b"x", (stage.address, PORT + 1))
    interface = stage.interface(stage.stranger)

    def since(metrics, name, **labels):
        return metrics.find(name, **labels) - before.find(name, **labels)

    def counted():
        after = scrape(stage.url)
        return (since(after, "ginnel_endpoint_dropped_packets_total", vpc_endpoint_id=stage.endpoint, reason="ingress_denied"),
                since(after, "ginnel_interface_dropped_packets_total", interface_id=interface, reason="ingress_denied"),
                since(after, "ginnel_interface_dropped_packets_total", interface_id=interface, reason="no_listener"),
                since(after, "ginnel_packets_dropped_total", reason="ingress_denied"),
                since(after, "ginnel_packets_dropped_total", reason="no_listener"),
                stage.of_endpoint(after, "packets_dropped_total"), stage.of_endpoint(after, "new_connections_total"))
    wanted = (37, 37, 11, 37, 11, 37, 0)
    wait_for(lambda: counted() == wanted, "the drops to be counted")
    assert counted() == wanted
    by_interface = json.loads(stage.region.ginnel("drops", "--by", "interface", "--json").stdout)
    assert (by_interface[interface]["ingress_denied"], by_interface[interface]["no_listener"]) == (37, 11)
    by_link = json.loads(stage.region.ginnel("drops", "--by", "link", "--json").stdout)
    assert by_link[stage.endpoint] == {"ingress_denied": 37}
    header, *rows = [line.split(maxsplit=3) for line in stage.region.ginnel("drops", "--by", "link").stdout.splitlines()]
    assert header == ["LINK", "REASON", "PACKETS", "MEANING"]
    assert [stage.endpoint, "ingress_denied", "37", "no ingress rule of the receiver's security groups allows it"] in rows
    header, *rows = [line.split(maxsplit=2) for line in stage.region.ginnel("drops").stdout.splitlines()]
    assert header == ["REASON", "PACKETS", "MEANING"] and rows == sorted(rows)
    assert {"ingress_denied", "no_listener"} <= {row[0] for row in rows}


def test_the_page(stage):
    metrics = scrape(stage.url)
    assert metrics.types["privatelink_endpoints_active_connections"] == "gauge"
    assert metrics.types["privatelink_endpoints_bytes_processed_total"] == "counter"
    assert metrics.get("privatelink_services_endpoints_count", service_id=stage.service.id) == 1
    assert metrics.get("ginnel_port_allocation_errors_total", load_balancer_arn=stage.balancer.arn, az="ap-northeast-1a") == 0
    assert 0 < metrics.get("ginnel_flows") < metrics.get("ginnel_flows_limit")
    assert [line.split(" ")[0] for line in metrics.text.splitlines()] == \
        [line.split(" ")[0] for line in scrape(stage.url).text.splitlines()], "the order is stable"
    with pytest.raises(urllib.error.HTTPError) as other:
        urllib.request.urlopen(stage.url.replace("/metrics", "/"), timeout=10)
    assert other.value.code == 404
    with pytest.raises(urllib.error.HTTPError) as post:
        urllib.request.urlopen(stage.url, data=b"x", timeout=10)
    assert post.value.code == 405


def test_top(stage, generator):
    top = threading.Thread(target=lambda: answers.append(
        stage.region.ginnel("top", "--once", "--json", "--interval", "3", "--rows", "1000").stdout))
    answers = []
    top.start()
    while top.is_alive():
        generator.work(connections=3, datagrams=3)
    top.join()
    answer = json.loads(answers[0])
    [link] = [each for each in answer["links"] if each["name"] == stage.endpoint]
    [client] = [each for each in answer["interfaces"] if each["name"] == stage.interface(stage.client)]
    for each in (link, client):
        assert each["sent_bytes_per_s"] > 0 and each["received_bytes_per_s"] > 0 and each["packets_per_s"] > 1
        assert each["new_flows_per_s"] > 0 and each["active_flows"] >= 1
    words = stage.region.ginnel("top", "--once", "--interval", "0.1").stdout
    assert "INTERFACE" in words and stage.endpoint in words and "\033" not in words
