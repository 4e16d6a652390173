"""The daemon goes and comes back, and the packets do not notice."""
import hashlib
import json
import os
import socket
import subprocess
import threading
import time

import pytest
from network import Vpc, echo, read_all, tcp_from, tcp_server
from waiting import wait_for

NAME = "ec2.ap-northeast-1.amazonaws.com"


class Transfer:
    """Sends through a socket until told to end, and checks that every byte comes back in order."""

    def __init__(self, sock):
        self.sock, self.sent, self.received, self.error = sock, 0, 0, None
        self._ending = threading.Event()
        self._out, self._in = hashlib.sha256(), hashlib.sha256()
        sock.settimeout(30)
        self._threads = [threading.Thread(target=self._guard, args=(work,)) for work in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _guard(self, work):
        try:
            work()
        except OSError as error:
            self.error = error

    def _send(self):
        while not self._ending.is_set():
            data = os.urandom(1 << 14)
            self.sock.sendall(data)
            self._out.update(data)
            self.sent += len(data)
        self.sock.shutdown(socket.SHUT_WR)

    def _receive(self):
        while part := self.sock.recv(1 << 16):
            self._in.update(part)
            self.received += len(part)

    def goes_on(self):
        """Bytes arrive that were sent after now."""
        mark = self.sent
        wait_for(lambda: self.received > mark or self.error, "the transfer to go on", deadline_s=30)
        assert self.error is None, self.error

    def finish(self):
        self._ending.set()
        for thread in self._threads:
            thread.join(60)
        self.sock.close()
        assert self.error is None, self.error
        assert self.sent == self.received > 0 and self._out.digest() == self._in.digest()


@pytest.fixture
def transfer(region, vpc):
    endpoint = vpc.endpoint("echo", groups=[vpc.group(tcp_from("10.0.0.0/16", region.echo_port))])
    running = Transfer(vpc.instance().connect(vpc.addresses(endpoint)[0], region.echo_port))
    yield running
    running._ending.set()
    running.sock.close()


def test_a_transfer_survives_kill_9_and_a_restart(region, transfer):
    transfer.goes_on()
    region.kill()
    transfer.goes_on()
    region.start()
    transfer.goes_on()
    transfer.finish()


def test_a_transfer_survives_a_clean_stop_and_start(region, transfer):
    transfer.goes_on()
    region.stop()
    transfer.goes_on()
    region.start()
    transfer.goes_on()
    transfer.finish()


def test_instances_talk_while_the_daemon_is_down(region, vpc):
    group = vpc.group(tcp_from("10.0.0.0/16", 7007))
    client, server = vpc.instance(), vpc.instance(groups=[group])
    with tcp_server(echo, address=server.address, port=7007, netns=server.id):
        region.kill()
        try:
            assert client.reaches(server.address, 7007)  # a new connection, too
            assert client.times_out(server.address, 7008)
        finally:
            region.start()
        assert client.reaches(server.address, 7007)


def test_new_connections_through_the_relay_while_the_daemon_is_down(region, vpc):
    endpoint = vpc.endpoint("echo", groups=[vpc.group(tcp_from("10.0.0.0/16", region.echo_port))])
    [address] = vpc.addresses(endpoint)
    instance = vpc.instance()
    region.kill()
    try:
        with instance.connect(address, region.echo_port) as sock:
            sock.sendall(b"still here")
            sock.shutdown(socket.SHUT_WR)
            assert read_all(sock) == b"still here"
    finally:
        region.start()


def test_a_restarted_daemon_adopts_what_is_there(region, vpc):
    instance = vpc.instance()
    group = vpc.group(tcp_from("10.0.0.0/16", 443))
    [address] = vpc.addresses(vpc.endpoint("ec2", groups=[group]))
    before = os.stat(f"/run/netns/{instance.id}").st_ino
    devices = region.devices()
    region.kill()
    region.start()
    assert os.stat(f"/run/netns/{instance.id}").st_ino == before
    assert region.devices() == devices
    assert json.loads(region.ginnel("status", "--json").stdout)["adopted"] is True
    assert instance.resolve(NAME) == [address] and instance.reaches(address, 443)
    # And it goes on managing it.
    vpc.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[tcp_from("10.0.0.0/16", 443)])
    wait_for(lambda: instance.times_out(address, 443), "new connections to time out")


def test_changes_made_by_hand_are_put_right_at_the_start(region, vpc):
    """A namespace that somebody deleted is made anew."""
    instance = vpc.instance()
    region.kill()
    subprocess.run(["ip", "netns", "delete", instance.id], check=True)
    region.start()
    wait_for(lambda: os.path.exists(f"/run/netns/{instance.id}"), "the namespace to be there again")
    wait_for(lambda: instance.run("ip", "-brief", "address").stdout.count(instance.address), "its address to be there again")


def test_killed_again_and_again_while_it_works(region, account):
    """Whatever was acknowledged ends up applied."""
    vpc = Vpc(region, account)
    groups = []
    for round_number in range(5):
        group = vpc.group(tcp_from("10.0.0.0/16", 443))
        groups.append(group)
        vpc.ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc.id, ServiceName=vpc.service_name("sts"),
                                    SubnetIds=[vpc.subnet], SecurityGroupIds=[group], PrivateDnsEnabled=False)
        region.kill()
        region.start()
        assert round_number + 1 == len(vpc.ec2.describe_vpc_endpoints()["VpcEndpoints"])
    instance = vpc.instance()
    for endpoint in vpc.ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        ready = vpc.available(endpoint["VpcEndpointId"])
        assert instance.reaches(vpc.addresses(ready)[0], 443)


def test_time_to_be_ready_again(region, vpc, record_property):
    """Reported, not asserted."""
    for _ in range(3):
        vpc.instance()
    region.kill()
    began = time.monotonic()
    region.start()
    record_property("restart_ms", f"{(time.monotonic() - began) * 1000:.0f}")
