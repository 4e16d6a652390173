"""One region with packets for each test file: each file tears its region down and checks that nothing is left."""
import pytest
from network import Vpc, echo, tcp_server
from region import Region, free_port
from upstream_dns import upstream_dns

ECHO_PORT = 9001  # on the endpoint


class Outside:
    """What the test runs outside the VPCs: the upstreams of the region's services, and a DNS server."""


@pytest.fixture(scope="module")
def outside():
    made = Outside()
    made.handler = echo
    with upstream_dns() as dns_port, tcp_server(lambda sock: made.handler(sock)) as port:
        made.dns_port, made.port = dns_port, port
        yield made


@pytest.fixture(scope="module")
def region(outside):
    metrics_port = free_port()
    configuration = f"""
metrics_listen = "127.0.0.1:{metrics_port}"
upstream_resolvers = ["127.0.0.1:{outside.dns_port}"]
private_dns_verification_s = 2

[[service]]
name = "echo"
upstream = "127.0.0.1:{outside.port}"
port = {ECHO_PORT}

[[service]]
name = "kinesis"
upstream = "127.0.0.1:4567"
"""
    with Region(dataplane="ebpf", config=configuration) as started:
        started.echo_port, started.metrics_port = ECHO_PORT, metrics_port
        yield started


@pytest.fixture
def account(region):
    return region.new_account()


@pytest.fixture
def vpc(region, account):
    return Vpc(region, account)
