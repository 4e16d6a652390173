"""VPCs with both families: instances, security groups, the resolver."""
import contextlib
import socket
import struct

import pytest
from isolation import inside
from network import Vpc, echo, read_all, tcp6_from, tcp_from, tcp_from_group, tcp_server
from waiting import wait_for

PORT = 7007
RESOLVER6 = "fd00:ec2::253"


@pytest.fixture
def vpc(region, account):
    return Vpc(region, account, ipv6=True)


@contextlib.contextmanager
def serving(instance, port=PORT):
    """An echo at both of the instance's addresses."""
    with contextlib.ExitStack() as stack:
        for address in filter(None, (instance.address, instance.address6)):
            stack.enter_context(tcp_server(echo, address=address, port=port, netns=instance.id))
        yield


def echoed(instance, host, port, size=300_000):
    """What an echo at the other end gives back is what was sent; the peer is the host that was asked for."""
    sock = instance.connect(host, port)
    assert sock.getpeername()[0] == host
    sock.sendall(b"x" * size)
    sock.shutdown(socket.SHUT_WR)
    assert read_all(sock) == b"x" * size


def test_two_instances_talk_by_either_family(vpc):
    group = vpc.group(tcp6_from(vpc.cidr6, PORT), tcp_from(vpc.cidr, PORT))
    client, server = vpc.instance(), vpc.instance(groups=[group])
    with serving(server):
        echoed(client, server.address6, PORT)
        echoed(client, server.address, PORT)


def test_across_subnets(vpc):
    other = vpc.add_subnet("10.0.2.0/24", "ap-northeast-1c")
    client, server = vpc.instance(), vpc.instance(subnet=other)
    with serving(server):
        echoed(client, server.address6, PORT)


def test_rules_are_of_one_family(vpc):
    client, server = vpc.instance(), vpc.instance(groups=[vpc.group(tcp6_from(vpc.cidr6, PORT))])
    with serving(server):
        assert client.reaches(server.address6, PORT)
        assert client.times_out(server.address, PORT)
    other = vpc.instance(groups=[vpc.group(tcp_from(vpc.cidr, PORT), tcp6_from("2001:db8:ffff::/48", PORT))])
    with serving(other):
        assert client.reaches(other.address, PORT)
        assert client.times_out(other.address6, PORT)


def test_a_rule_that_names_a_group_holds_for_both(vpc):
    hosts = vpc.group()
    server = vpc.instance(groups=[vpc.group(tcp_from_group(hosts, PORT))])
    member, stranger = vpc.instance(groups=[hosts]), vpc.instance(groups=[vpc.group()])
    with serving(server):
        assert member.reaches(server.address6, PORT) and member.reaches(server.address, PORT)
        assert stranger.times_out(server.address6, PORT)


def udp_socket(instance, address, port=0):
    with inside(instance.id):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind((address, port))
        sock.settimeout(3)
        return sock


def test_udp_is_stateful(vpc):
    rule = {"IpProtocol": "udp", "FromPort": PORT, "ToPort": PORT, "Ipv6Ranges": [{"CidrIpv6": vpc.cidr6}]}
    client, server = vpc.instance(groups=[vpc.group()]), vpc.instance(groups=[vpc.group(rule)])
    with udp_socket(server, server.address6, PORT) as there, udp_socket(client, client.address6) as here:
        here.sendto(b"ping", (server.address6, PORT))
        data, source = there.recvfrom(100)
        assert data == b"ping" and source[0] == client.address6
        there.sendto(b"pong", source[:2])  # nothing is allowed into the client's group; the answer belongs to the flow
        assert here.recvfrom(100)[0] == b"pong"
    with udp_socket(server, server.address6, PORT + 1) as there, udp_socket(client, client.address6) as here:
        here.sendto(b"ping", (server.address6, PORT + 1))
        there.settimeout(0.5)
        with pytest.raises(TimeoutError):
            there.recvfrom(100)


ECHO_REQUEST, ECHO_REPLY = 128, 129


def pings(client, address, timeout_s):
    with inside(client.id):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with sock:
        sock.settimeout(timeout_s)
        sock.sendto(struct.pack("!BBHHH", ECHO_REQUEST, 0, 0, 0x1234, 1) + b"echo", (address, 0))
        try:
            while True:
                data, source = sock.recvfrom(100)
                if data[0] == ECHO_REPLY and source[0] == address:
                    return data[8:] == b"echo"
        except TimeoutError:
            return False


def test_ping(vpc):
    rule = {"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    client, server = vpc.instance(), vpc.instance(groups=[vpc.group(rule)])
    assert pings(client, server.address6, 3)
    assert not pings(client, vpc.instance(groups=[vpc.group()]).address6, 0.5)


def test_an_address_comes_and_goes_while_the_instance_runs(vpc):
    group = vpc.group(tcp6_from("::/0", PORT), tcp_from(vpc.cidr, PORT))
    client, server = vpc.instance(), vpc.instance(groups=[group], ipv6=False)
    assert server.address6 is None
    interface = vpc.ec2.describe_instances(InstanceIds=[server.id])["Reservations"][0]["Instances"][0]["NetworkInterfaces"][0]
    with serving(server), tcp_server(echo, address="::", port=PORT + 1, netns=server.id):
        (address,) = vpc.ec2.assign_ipv6_addresses(NetworkInterfaceId=interface["NetworkInterfaceId"],
                                                   Ipv6AddressCount=1)["AssignedIpv6Addresses"]
        vpc.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp6_from("::/0", PORT + 1)])
        wait_for(lambda: client.reaches(address, PORT + 1), "the address to be there")
        assert client.reaches(server.address, PORT)
        vpc.ec2.unassign_ipv6_addresses(NetworkInterfaceId=interface["NetworkInterfaceId"], Ipv6Addresses=[address])
        wait_for(lambda: not client.reaches(address, PORT + 1), "the address to be gone")
        wait_for(lambda: client.reaches(server.address, PORT), "the other address to be there")


def test_the_same_ipv4_address_in_two_vpcs_and_blocks_of_their_own(vpc, region, account):
    other = Vpc(region, account, ipv6=True)
    assert other.cidr == vpc.cidr and other.cidr6 != vpc.cidr6
    here = vpc.instance("10.0.1.9", groups=[vpc.group(tcp6_from("::/0", PORT))])
    there = other.instance("10.0.1.9", groups=[other.group(tcp6_from("::/0", PORT))])
    client = other.instance()
    with serving(here), serving(there):
        assert client.reaches(there.address6, PORT)
        assert not client.reaches(here.address6, PORT)


def test_the_resolver_answers_over_ipv6(vpc):
    client = vpc.instance()
    for tcp in (False, True):
        answer = client.ask("ec2.ap-northeast-1.amazonaws.com", server=RESOLVER6, tcp=tcp)
        assert answer.answer[0][0].address == "203.0.113.10"


def test_a_vpc_without_ipv6_has_no_resolver_there(region, account):
    client = Vpc(region, account).instance()
    with inside(client.id), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock, pytest.raises(OSError):
        sock.connect((RESOLVER6, 53))
        sock.send(b"anything")
