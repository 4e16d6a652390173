"""Endpoints with IPv6 addresses: names, the way to IPv4 targets, to relayed services, and to IPv6 targets."""
import contextlib
import json
import socket
import ssl

import botocore.exceptions
import dns.rcode
import pytest
from balancer import LoadBalancer, Service
from isolation import inside
from network import ANYWHERE, ANYWHERE6, Vpc, echo, read_all, tcp6_from, tcp_server
from proxy_protocol import read_header
from waiting import wait_for

PORT = 5432
NAME = "ec2.ap-northeast-1.amazonaws.com"
RESOLVER6 = "fd00:ec2::253"


@pytest.fixture
def vpc(region, account):
    return Vpc(region, account, ipv6=True)


def tells(sock):
    """A server that says whom it sees."""
    sock.sendall(f"{sock.getpeername()[0].removeprefix('::ffff:')}\n".encode())
    echo(sock)


def seen_as(client, host, port=PORT):
    with client.connect(host, port) as sock:
        return sock.makefile().readline().strip()


def echoed(client, host, port, data):
    with client.connect(host, port) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)


class Provider:
    """A server with both families behind a dual-stack load balancer, and a service for both."""

    def __init__(self, region, stack, **settings):
        self.vpc = Vpc(region, region.new_account(), ipv6=True)
        self.server = self.vpc.instance("10.0.1.10", [self.vpc.group(ANYWHERE, ANYWHERE6)])
        for address in (self.server.address, self.server.address6):
            stack.enter_context(tcp_server(tells, address, PORT, self.server.id))
        self.balancer = LoadBalancer(self.vpc, address_type="dualstack")
        self.node, self.node6 = (list(self.balancer.nodes(key).values())[0] for key in ("PrivateIpAddress", "Ipv6Address"))
        target = self.server.address6 if settings.get("IpAddressType") == "ipv6" else self.server.address
        self.group = self.balancer.listen(PORT, [target], **settings)
        self.service = Service(self.balancer, SupportedIpAddressTypes=["ipv4", "ipv6"])


@pytest.fixture
def stack():
    with contextlib.ExitStack() as made:
        yield made


def test_an_instance_calls_the_api_over_ipv6(vpc):
    client = vpc.instance()
    made = vpc.endpoint("ec2", groups=[vpc.group(tcp6_from(vpc.cidr6, 443))], IpAddressType="ipv6")
    assert made["IpAddressType"] == "ipv6" and made["DnsOptions"]["DnsRecordIpType"] == "ipv6"
    [address] = vpc.addresses(made, "Ipv6Address")
    assert client.resolve(NAME, kind="AAAA", server=RESOLVER6) == [address]
    answer = client.run("aws", "ec2", "describe-availability-zones", "--cli-connect-timeout", "5", "--no-cli-pager")
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads(answer.stdout)["AvailabilityZones"]) == 3
    context = ssl.create_default_context(cafile=vpc.region.ca_path())
    with context.wrap_socket(client.connect(address, 443), server_hostname=NAME) as sock:
        assert sock.getpeername()[0] == address


def test_groups_of_the_endpoint_judge_ipv6(vpc):
    client = vpc.instance()
    made = vpc.endpoint("ec2", groups=[vpc.group(tcp6_from("2001:db8:ffff::/48", 443))], IpAddressType="dualstack")
    [address] = vpc.addresses(made, "Ipv6Address")
    assert client.times_out(address, 443)
    vpc.ec2.authorize_security_group_ingress(GroupId=made["Groups"][0]["GroupId"],
                                             IpPermissions=[tcp6_from(f"{client.address6}/128", 443)])
    wait_for(lambda: client.reaches(address, 443), "the rule to hold")
    assert client.times_out(vpc.addresses(made)[0], 443)


@pytest.mark.parametrize("records, families", [
    ("dualstack", ("A", "AAAA")), ("ipv4", ("A",)), ("ipv6", ("AAAA",)), ("service-defined", ("A",))])
def test_names_have_the_records_of_their_type(vpc, records, families):
    client = vpc.instance()
    made = vpc.endpoint("ec2", IpAddressType="dualstack", DnsOptions={"DnsRecordIpType": records})
    addresses = {"A": vpc.addresses(made), "AAAA": vpc.addresses(made, "Ipv6Address")}
    regional, zonal, private = (entry["DnsName"] for entry in made["DnsEntries"])
    assert private == NAME
    for name in (regional, zonal, private):
        public = records == "service-defined" and name != private
        for kind in ("A", "AAAA"):
            answer = client.ask(name, kind)
            assert answer.rcode() == dns.rcode.NOERROR
            wanted = addresses[kind] if public or kind in families else []
            assert client.resolve(name, kind=kind) == wanted, (name, kind)
            assert answer.answer or answer.authority, "NODATA carries the zone's SOA"


def test_a_type_that_changes_keeps_the_old_address_and_its_connections(vpc, region):
    client = vpc.instance()
    made = vpc.endpoint("echo", groups=[vpc.group(ANYWHERE, ANYWHERE6)])
    [address] = vpc.addresses(made)
    with client.connect(address, region.echo_port) as old:
        vpc.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], IpAddressType="dualstack")
        made = vpc.available(made["VpcEndpointId"])
        assert vpc.addresses(made) == [address]
        [address6] = vpc.addresses(made, "Ipv6Address")
        assert echoed(client, address6, region.echo_port, b"six" * 50_000) == b"six" * 50_000
        old.sendall(b"four")
        assert old.recv(100) == b"four"
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], IpAddressType="ipv4")
    vpc.available(made["VpcEndpointId"])
    assert not client.reaches(address6, region.echo_port)
    assert client.reaches(address, region.echo_port)


def test_a_dual_stack_endpoint_before_an_ipv4_target(region, vpc, stack):
    provider = Provider(region, stack)
    made = vpc.available(provider.service.ask(vpc, [vpc.group(ANYWHERE, ANYWHERE6)], IpAddressType="dualstack"))
    client = vpc.instance()
    [address], [address6] = vpc.addresses(made), vpc.addresses(made, "Ipv6Address")
    assert seen_as(client, address6) == seen_as(client, address) == provider.node
    data = bytes(range(256)) * 4096
    assert echoed(client, address6, PORT, data).endswith(data)


def test_datagrams_to_an_ipv4_target(region, vpc, stack):
    provider = Provider(region, stack)
    port = PORT + 1
    provider.balancer.listen(port, [provider.server.address], protocol="UDP", HealthCheckPort=str(PORT))
    made = vpc.available(provider.service.ask(vpc, [vpc.group(ANYWHERE6)], IpAddressType="ipv6"))
    [address6] = vpc.addresses(made, "Ipv6Address")
    client = vpc.instance()
    with inside(client.id):
        here = stack.enter_context(socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))
    with inside(provider.server.id):
        there = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    there.bind((provider.server.address, port))
    here.settimeout(5)
    there.settimeout(5)
    for data in (b"", b"ping", bytes(range(256)) * 30):
        here.sendto(data, (address6, port))
        got, source = there.recvfrom(10000)
        assert got == data and source[0] == provider.node
        there.sendto(data[::-1], source)
        got, source = here.recvfrom(10000)
        assert got == data[::-1] and source[:2] == (address6, port)


@pytest.mark.parametrize("kind", ["ipv4", "ipv6"])
def test_the_proxy_header_tells_the_ipv6_client(region, vpc, stack, kind):
    """Of the client's family, whatever the target's is."""
    provider = Provider(region, stack)
    port = PORT + 2
    target = provider.server.address6 if kind == "ipv6" else provider.server.address

    def tells_header(sock):
        header = read_header(sock)
        sock.sendall(json.dumps([header.source, header.destination, header.endpoint]).encode())
        sock.shutdown(socket.SHUT_WR)
    stack.enter_context(tcp_server(tells_header, target, port, provider.server.id))
    provider.balancer.listen(port, [target], IpAddressType=kind, HealthCheckPort=str(PORT), **{"proxy_protocol_v2.enabled": True})
    made = vpc.available(provider.service.ask(vpc, [vpc.group(ANYWHERE6)], IpAddressType="dualstack"))
    [address6] = vpc.addresses(made, "Ipv6Address")
    client = vpc.instance()
    with client.connect(address6, port) as sock:
        own = list(sock.getsockname()[:2])
        sock.sendall(b"x")
        assert json.loads(read_all(sock)) == [own, [address6, port], made["VpcEndpointId"]]
    assert own[0] == client.address6


def test_an_ipv6_endpoint_before_an_ipv6_target(region, vpc, stack):
    provider = Provider(region, stack, IpAddressType="ipv6")
    made = vpc.available(provider.service.ask(vpc, [vpc.group(ANYWHERE6)], IpAddressType="ipv6"))
    client = vpc.instance()
    [address6] = vpc.addresses(made, "Ipv6Address")
    assert seen_as(client, address6) == provider.node6
    data = bytes(range(256)) * 4096
    assert echoed(client, address6, PORT, data).endswith(data)


def test_ipv6_targets_are_checked(region, stack):
    provider = Provider(region, stack, IpAddressType="ipv6")  # waits until the target is healthy
    target = provider.server.address6
    provider.group.until(target, "healthy")
    rules = provider.vpc.ec2.describe_instances(InstanceIds=[provider.server.id])["Reservations"][0]["Instances"][0]
    provider.vpc.ec2.revoke_security_group_ingress(GroupId=rules["SecurityGroups"][0]["GroupId"], IpPermissions=[ANYWHERE6])
    provider.group.until(target, "unhealthy")


def test_a_dual_stack_load_balancer_inside_its_vpc(region, stack):
    provider = Provider(region, stack)
    client = provider.vpc.instance()
    assert client.resolve(provider.balancer.dns_name, kind="AAAA") == [provider.node6]
    assert client.resolve(provider.balancer.dns_name) == [provider.node]
    assert seen_as(client, provider.node6) == provider.node  # translated: the client's address cannot be kept


def test_an_address_type_that_nobody_offers_is_refused(region, vpc):
    other = Vpc(region, region.new_account())
    service = Service(LoadBalancer(other))
    with pytest.raises(botocore.exceptions.ClientError, match="does not support the IP address type ipv6"):
        service.ask(vpc, IpAddressType="ipv6")
