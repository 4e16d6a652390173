"""Traffic between the instances of a VPC, and what security groups make of it."""
import contextlib
import socket

import pytest
from isolation import inside
from network import ANYWHERE, Vpc, echo, read_all, tcp_from, tcp_from_group, tcp_server
from waiting import wait_for

PORT = 7007


@contextlib.contextmanager
def serving(instance, port=PORT):
    with tcp_server(echo, address=instance.address, port=port, netns=instance.id):
        yield


def test_two_instances_talk(vpc):
    group = vpc.group(tcp_from("10.0.0.0/16", PORT))
    client, server = vpc.instance(), vpc.instance(groups=[group])
    with serving(server):
        sock = client.connect(server.address, PORT)
        assert sock.getpeername()[0] == server.address
        sock.sendall(b"x" * 1_000_000)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"x" * 1_000_000


def test_the_default_group_lets_its_members_talk(vpc):
    client, server = vpc.instance(), vpc.instance()
    with serving(server):
        assert client.reaches(server.address, PORT)
        stranger = vpc.instance(groups=[vpc.group()])
        assert stranger.times_out(server.address, PORT)


def test_across_subnets(vpc):
    other = vpc.add_subnet("10.0.2.0/24", "ap-northeast-1c")
    client, server = vpc.instance(), vpc.instance(subnet=other)
    with serving(server):
        assert client.reaches(server.address, PORT)


def test_a_rule_that_names_a_group(vpc):
    hosts = vpc.group()
    group = vpc.group(tcp_from_group(hosts, PORT))
    server = vpc.instance(groups=[group])
    with serving(server):
        assert vpc.instance(groups=[vpc.group()]).times_out(server.address, PORT)
        # An instance that comes later is a member at once.
        assert vpc.instance(groups=[hosts]).reaches(server.address, PORT)


def test_ports_and_ranges(vpc):
    group = vpc.group({"IpProtocol": "tcp", "FromPort": 7000, "ToPort": 7010, "IpRanges": [{"CidrIp": "10.0.1.0/24"}]})
    client, server = vpc.instance(), vpc.instance(groups=[group])
    with serving(server), serving(server, 7011):
        assert client.reaches(server.address, PORT)
        assert client.times_out(server.address, 7011)
    with pytest.raises(ConnectionRefusedError):
        client.connect(server.address, 7010)  # allowed, and nobody listens


def test_revocation_ends_new_connections_and_spares_tracked_ones(vpc):
    rule = tcp_from("10.0.0.0/16", PORT)
    group = vpc.group(rule)
    client, server = vpc.instance(), vpc.instance(groups=[group])
    with serving(server):
        old = client.connect(server.address, PORT)
        old.sendall(b"before")
        assert old.recv(100) == b"before"
        vpc.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
        wait_for(lambda: client.times_out(server.address, PORT), "new connections to time out")
        old.sendall(b"after")
        assert old.recv(100) == b"after"
        old.close()


def test_egress_rules(vpc):
    quiet = vpc.group()
    vpc.ec2.revoke_security_group_egress(GroupId=quiet, IpPermissions=[ANYWHERE])
    client, server = vpc.instance(groups=[quiet]), vpc.instance(groups=[vpc.group(ANYWHERE)])
    with serving(server):
        assert client.times_out(server.address, PORT)
        vpc.ec2.authorize_security_group_egress(GroupId=quiet, IpPermissions=[tcp_from("10.0.1.0/24", PORT)])
        wait_for(lambda: client.reaches(server.address, PORT), "the egress rule to hold")


def udp_socket(instance, port=0):
    with inside(instance.id):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((instance.address, port))
        sock.settimeout(2)
        return sock


def test_udp_is_stateful(vpc):
    group = vpc.group({"IpProtocol": "udp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]})
    client, server = vpc.instance(groups=[vpc.group()]), vpc.instance(groups=[group])
    with udp_socket(server, PORT) as there, udp_socket(client) as here:
        here.sendto(b"ping", (server.address, PORT))
        data, source = there.recvfrom(100)
        assert data == b"ping" and source[0] == client.address
        there.sendto(b"pong", source)  # nothing is allowed into the client's group; the answer belongs to the flow
        assert here.recvfrom(100)[0] == b"pong"
        stranger = udp_socket(client)
        there.sendto(b"unasked", stranger.getsockname())
        stranger.settimeout(0.5)
        with pytest.raises(TimeoutError):
            stranger.recvfrom(100)
        stranger.close()


def test_ping(vpc):
    client, server = vpc.instance(), vpc.instance()
    answer = client.run("python3", "-c", PING, server.address)
    assert answer.returncode == 0, answer.stderr


PING = """
import socket, struct, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
sock.settimeout(3)
body = b"hello"
def checksum(data):
    data += b"\\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total >> 16) + (total & 0xffff)
    return 0xffff & ~(total + (total >> 16))
header = struct.pack("!BBHHH", 8, 0, 0, 77, 1)
sock.sendto(struct.pack("!BBHHH", 8, 0, checksum(header + body), 77, 1) + body, (sys.argv[1], 0))
while True:
    packet = sock.recv(2000)
    if packet[20] == 0 and packet[24:26] == struct.pack("!H", 77) and packet[28:] == body:
        break
"""


def test_another_source_address_is_dropped(region, vpc):
    client, server = vpc.instance(), vpc.instance(groups=[vpc.group(ANYWHERE)])
    before = region.ginnel("drops").stdout
    with serving(server):
        added = client.run("ip", "address", "add", "10.0.1.99/32", "dev", "eth0")
        assert added.returncode == 0, added.stderr
        with inside(client.id):
            sock = socket.socket()
            sock.settimeout(0.7)
            sock.bind(("10.0.1.99", 0))
            with pytest.raises(TimeoutError):
                sock.connect((server.address, PORT))
            sock.close()
        assert client.reaches(server.address, PORT)
    assert region.ginnel("drops").stdout != before, "the drop is counted"


def test_a_terminated_instance_is_gone(vpc):
    client, server = vpc.instance(), vpc.instance()
    with serving(server):
        assert client.reaches(server.address, PORT)
    vpc.ec2.terminate_instances(InstanceIds=[server.id])
    import os
    wait_for(lambda: not os.path.exists(f"/run/netns/{server.id}"), "its namespace to be gone")
    assert not client.reaches(server.address, PORT)
    # Its address is free again, and another instance can have it.
    again = vpc.instance(address=server.address)
    with serving(again):
        wait_for(lambda: client.reaches(again.address, PORT), "the new instance to be reached")


def test_vpcs_are_apart(region, vpc):
    client = vpc.instance()
    other = Vpc(region, vpc.account)
    server = other.instance(address="10.0.1.200", groups=[other.group(ANYWHERE)])
    with serving(server):
        assert client.times_out("10.0.1.200", PORT)
        assert other.instance().reaches("10.0.1.200", PORT)
