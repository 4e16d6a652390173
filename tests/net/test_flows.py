"""`ginnel flows`: what flows there are, as they open and end, and how they are ended."""
import contextlib
import json
import queue
import re
import socket
import subprocess
import threading

import pytest
from isolation import inside
from network import ANYWHERE, echo, tcp_from, tcp_server
from region import GINNEL
from waiting import wait_for

PORT = 7007
UDP_PORT = 7008


class Pair:
    """A client and a server with TCP, and an endpoint for the service outside, in a VPC of its own."""

    def __init__(self, region, vpc):
        self.region, self.vpc = region, vpc
        group = vpc.group(ANYWHERE)
        self.client, self.server = vpc.instance(), vpc.instance(groups=[group])
        self.endpoint = vpc.endpoint("echo", groups=[vpc.group(tcp_from("10.0.0.0/16", region.echo_port))])
        [self.endpoint_address] = vpc.addresses(self.endpoint)

    def interface(self, instance):
        found = self.vpc.ec2.describe_instances(InstanceIds=[instance.id])["Reservations"][0]["Instances"][0]
        return found["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def flows(self, *conditions, vpc=None):
        """Those of the VPC, as objects."""
        words = [word for condition in (f"vpc={vpc or self.vpc.id}", *conditions) for word in ("--filter", condition)]
        lines = self.region.ginnel("flows", "--json", *words).stdout.splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture
def pair(region, vpc):
    made = Pair(region, vpc)
    with tcp_server(echo, address=made.server.address, port=PORT, netns=made.server.id):
        yield made


def said(sock, text=b"hello"):
    sock.sendall(text)
    assert sock.recv(100) == text


def test_a_flow_inside_a_vpc(pair):
    with pair.client.connect(pair.server.address, PORT) as sock:
        said(sock)
        wait_for(lambda: pair.flows(f"port={PORT}")[0]["packets_sent"] == 4, "the last acknowledgement")
        [flow] = pair.flows(f"port={PORT}")
        own_port = sock.getsockname()[1]
        expected = {"protocol": "tcp", "state": "established", "cut": False, "vpc": pair.vpc.id,
                    "interface": pair.interface(pair.client), "source": pair.client.address, "source_port": own_port,
                    "destination": pair.server.address, "destination_port": PORT, "translated": None, "link": None,
                    "link_number": 0, "idle_limit_s": 350, "packets_sent": 4, "packets_received": 3}
        assert {name: flow[name] for name in expected} == expected
        # SYN, ACK, data, ACK; SYN-ACK, ACK, data: 14 + 20 + 20 bytes each, options and data.
        assert flow["bytes_sent"] > 4 * 54 + 5 and flow["bytes_received"] > 3 * 54 + 5 and flow["idle_s"] < 30
        assert flow["idle_s"] <= flow["age_s"] < 600


def test_a_flow_through_an_endpoint_has_its_translation(pair):
    with pair.client.connect(pair.endpoint_address, pair.region.echo_port) as sock:
        said(sock)
        [flow] = pair.flows(f"endpoint={pair.endpoint['VpcEndpointId']}")
        assert (flow["link"], flow["destination"]) == (pair.endpoint["VpcEndpointId"], pair.endpoint_address)
        assert flow["translated"]["vpc"] == "system" and flow["translated"]["source"].startswith("100.")
        assert flow["translated"]["destination"] == "100.64.0.1"
        [interface] = pair.endpoint["NetworkInterfaceIds"]
        assert [each["source_port"] for each in pair.flows(f"interface={interface}")] == [sock.getsockname()[1]]


def test_filters(pair):
    with pair.client.connect(pair.server.address, PORT) as one, pair.client.connect(pair.server.address, PORT) as other:
        said(one), said(other)
        ports = {one.getsockname()[1], other.getsockname()[1]}
        for condition in (f"interface={pair.interface(pair.client)}", f"interface={pair.interface(pair.server)}",
                          f"address={pair.server.address}", "address=10.0.1.0/24", "protocol=tcp", "protocol=6", "state=open",
                          "state=established", f"port={PORT} state=open", "younger=600"):
            assert {flow["source_port"] for flow in pair.flows(condition)} >= ports, condition
        for condition in ("protocol=udp", "address=10.9.0.0/16", "port=1", "state=closed", "link=4711", "older=600"):
            assert not ports & {flow["source_port"] for flow in pair.flows(condition)}, condition
        [flow] = pair.flows(f"port={one.getsockname()[1]}")
        assert flow["source_port"] == one.getsockname()[1]
    wait_for(lambda: len(pair.flows(f"port={PORT} state=closed")) == 2, "both to be closed")


@pytest.mark.parametrize("condition, why", [
    ("colour=red", "read the condition colour=red: there is no such condition"),
    ("port=http", "read the condition port=http: is not such a number"),
    ("vpc=vpc-0123", "read the condition vpc=vpc-0123: there is no such VPC"),
    ("endpoint=vpce-0123", "read the condition endpoint=vpce-0123: there is no such endpoint"),
    ("interface=eni-0123", "read the condition interface=eni-0123: there is no such interface"),
    ("older=1h", "read the condition older=1h: is not such a number"),
    ("address=10.0.0", "read the condition address=10.0.0: is neither an address nor a CIDR"),
    ("state=dead", "read the condition state=dead: is none of opening, established, closing, closed, reset and open")])
def test_a_bad_condition_is_named(region, condition, why):
    for command in (["flows", "--filter", condition], ["flows", "cut", condition]):
        result = region.ginnel(*command, check=False)
        assert (result.returncode, result.stderr) == (1, f"ginnel: {why}\n")


def test_ages_are_not_followed(region):
    result = region.ginnel("flows", "--follow", "--filter", "older=5", check=False)
    assert (result.returncode, result.stderr) == (1, "ginnel: follow flows: --follow goes without older and younger\n")


def test_a_table_for_people(pair):
    with pair.client.connect(pair.server.address, PORT) as sock:
        said(sock)
        header, row = pair.region.ginnel("flows", "--filter", f"vpc={pair.vpc.id} port={PORT}").stdout.splitlines()
        assert header.split() == ["PROTOCOL", "STATE", "VPC", "INTERFACE", "SOURCE", "DESTINATION", "TRANSLATED", "LINK", "AGE", "IDLE",
                                  "SENT", "RECEIVED"]
        fields = row.split()
        assert fields[:6] == ["tcp", "established", pair.vpc.id, pair.interface(pair.client),
                              "%s:%d" % sock.getsockname(), f"{pair.server.address}:{PORT}"]
        beginnings = [[word.start() for word in re.finditer(r"\S+", line)] for line in (header, row)]
        assert beginnings[0] == beginnings[1], "columns are aligned"


def cut(pair, *conditions):
    return json.loads(pair.region.ginnel("flows", "cut", f"vpc={pair.vpc.id}", *conditions, "--json").stdout)["cut"]


def test_cut_resets_both_ends_at_once(pair):
    """Though both are idle; another flow goes on."""
    ended = queue.Queue()

    def hold(sock):
        try:
            while data := sock.recv(100):
                sock.sendall(data)
        except ConnectionResetError:
            ended.put("reset")
    with tcp_server(hold, pair.server.address, PORT + 1, pair.server.id), \
            pair.client.connect(pair.server.address, PORT + 1, timeout_s=10) as victim, \
            pair.client.connect(pair.server.address, PORT) as other:
        said(victim), said(other)
        assert cut(pair, f"port={PORT + 1}") == 1
        with pytest.raises(ConnectionResetError):
            victim.recv(1)
        assert ended.get(timeout=10) == "reset"
        said(other)
        assert cut(pair, f"port={PORT + 1}") == 0
        assert pair.client.reaches(pair.server.address, PORT + 1), "new ones are opened as before"


def test_cut_through_an_endpoint(pair):
    endpoint = pair.endpoint["VpcEndpointId"]
    with pair.client.connect(pair.endpoint_address, pair.region.echo_port, timeout_s=10) as sock:
        said(sock)
        assert cut(pair, f"endpoint={endpoint} state=open") == 1
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert pair.client.reaches(pair.endpoint_address, pair.region.echo_port)


def test_cut_takes_one_datagram_and_forgets_the_flow(pair):
    with contextlib.ExitStack() as stack:
        socks = []
        for instance in (pair.client, pair.server):
            with inside(instance.id):
                sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.settimeout(10)
            sock.bind((instance.address, UDP_PORT))
            socks.append(sock)
        client, server = socks

        def states():
            return [(flow["state"], flow["cut"]) for flow in pair.flows(f"port={UDP_PORT}")]
        client.sendto(b"1", server.getsockname())
        assert server.recv(10) == b"1" and states() == [("opening", False)]
        assert cut(pair, f"port={UDP_PORT}") == 1
        assert states() == [("opening", True)]
        client.sendto(b"2", server.getsockname())
        wait_for(lambda: states() == [], "the flow to be forgotten")
        client.sendto(b"3", server.getsockname())
        assert server.recv(10) == b"3" and states() == [("opening", False)]


def test_cut_wants_a_condition(region):
    result = region.ginnel("flows", "cut", check=False)
    assert result.returncode == 1 and "no condition says which" in result.stderr
    result = region.ginnel("flows", "cut", "--all", "port=1", check=False)
    assert result.returncode == 1 and "--all goes without conditions" in result.stderr


def test_without_a_daemon(pair):
    """The maps are in the kernel: listing and cutting go on. What only the daemon knows by name has its number."""
    with pair.client.connect(pair.server.address, PORT, timeout_s=10) as sock:
        said(sock)
        interface = pair.interface(pair.client)
        region = pair.region
        region.kill()
        try:
            lines = region.ginnel("flows", "--json", "--filter", f"interface={interface} port={PORT}").stdout.splitlines()
            [flow] = map(json.loads, lines)
            assert flow["interface"] == interface and flow["vpc"].isdigit()
            refused = region.ginnel("flows", "--filter", f"vpc={pair.vpc.id}", check=False)
            assert refused.returncode == 1 and "no daemon answers" in refused.stderr
            assert len(pair.flows(f"port={PORT}", vpc=flow["vpc"])) == 1
            assert region.ginnel("flows", "cut", f"vpc={flow['vpc']}", f"port={PORT}").stdout == "1 flow cut\n"
            with pytest.raises(ConnectionResetError):
                sock.recv(1)
        finally:
            region.start()


@contextlib.contextmanager
def following(region, *arguments):
    """Lines of `ginnel flows --follow --json` as objects, in a queue."""
    process = subprocess.Popen([GINNEL, "--state-dir", region.state_dir, "flows", "--follow", "--json", "--interval", "0.1", *arguments],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    events = queue.Queue()

    def read():
        for line in process.stdout:
            events.put(json.loads(line))
    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield events
        assert process.poll() is None, "it goes on until it is ended"
    finally:
        process.terminate()
        process.wait(10)
        reader.join(10)


def test_follow(pair):
    with following(pair.region, "--filter", f"vpc={pair.vpc.id} port={PORT}") as events:
        # The first reading is of what is there; so a flow tells when it is over.
        def heard():
            pair.client.connect(pair.server.address, PORT).close()
            with contextlib.suppress(queue.Empty):
                return events.get(timeout=0.3)
        wait_for(heard, "the first event")
        with inside(pair.client.id):
            sock = socket.create_connection((pair.server.address, PORT), timeout=10)
        port = sock.getsockname()[1]

        def next_of_it():
            while (event := events.get(timeout=15))["source_port"] != port:
                pass
            return event["event"], event["why"], event["vpc"]
        assert next_of_it() == ("opened", "", pair.vpc.id)
        said(sock)
        sock.close()
        assert next_of_it() == ("ended", "closed", pair.vpc.id)
        with pair.client.connect(pair.server.address, PORT, timeout_s=10) as victim:
            port = victim.getsockname()[1]
            assert next_of_it()[0] == "opened"
            assert cut(pair, f"port={port}") == 1
            assert next_of_it()[:2] in {("ended", "cut"), ("ended", "gone"), ("ended", "reset")}
