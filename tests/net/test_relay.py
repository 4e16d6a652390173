"""A service whose upstream lies outside any VPC: bytes pass untouched, each direction ends by itself."""
import hashlib
import json
import os
import signal
import socket
import threading

import pytest
from network import echo, read_all, tcp_from
from waiting import wait_for


@pytest.fixture
def path(region, vpc):
    """An instance and the address of its endpoint for the echo service."""
    endpoint = vpc.endpoint("echo", groups=[vpc.group(tcp_from("10.0.0.0/16", region.echo_port))])
    return vpc.instance(), vpc.addresses(endpoint)[0], region.echo_port


@pytest.fixture(autouse=True)
def echoes_again(outside):
    yield
    outside.handler = echo


def test_bytes_come_back(path):
    instance, address, port = path
    with instance.connect(address, port) as sock:
        for size in (1, 1460, 100_000):
            data = os.urandom(size)
            sock.sendall(data)
            got = b""
            while len(got) < size:
                got += sock.recv(1 << 16)
            assert got == data


def test_no_byte_is_lost_in_a_long_transfer(path, outside):
    instance, address, port = path
    size = 64 << 20
    block = os.urandom(1 << 20)
    wanted = hashlib.sha256(block * (size >> 20)).digest()
    received = {}

    def take(sock):
        digest, count = hashlib.sha256(), 0
        while part := sock.recv(1 << 18):
            digest.update(part)
            count += len(part)
        received.update(count=count, digest=digest.digest())
        sock.sendall(digest.digest())
    outside.handler = take
    with instance.connect(address, port, timeout_s=60) as sock:
        for _ in range(size >> 20):
            sock.sendall(block)
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == wanted
    assert received == {"count": size, "digest": wanted}


def test_half_close_from_the_client(path, outside):
    """The upstream answers after the client has said that it sends no more."""
    instance, address, port = path
    outside.handler = lambda sock: sock.sendall(b"you said " + read_all(sock))
    with instance.connect(address, port) as sock:
        sock.sendall(b"hello")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"you said hello"


def test_half_close_from_the_upstream(path, outside):
    """The client goes on sending after the upstream has said that it sends no more."""
    instance, address, port = path
    ended, got = threading.Event(), []

    def speak_first(sock):
        sock.sendall(b"bye")
        sock.shutdown(socket.SHUT_WR)
        got.append(read_all(sock))
        ended.set()
    outside.handler = speak_first
    with instance.connect(address, port) as sock:
        assert read_all(sock) == b"bye"
        sock.sendall(b"one more thing")
    assert ended.wait(10) and got == [b"one more thing"]


def test_a_server_that_speaks_first(path, outside):
    instance, address, port = path
    outside.handler = lambda sock: sock.sendall(b"220 ready\r\n")
    with instance.connect(address, port) as sock:
        assert read_all(sock) == b"220 ready\r\n"


def test_a_reset_reaches_the_client(path, outside):
    instance, address, port = path
    import struct

    def reset(sock):
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    outside.handler = reset
    with instance.connect(address, port) as sock:
        sock.sendall(b"x")
        try:
            assert sock.recv(10) == b""
        except ConnectionResetError:
            pass


def test_many_at_once(path):
    instance, address, port = path
    socks = [instance.connect(address, port) for _ in range(100)]
    for i, sock in enumerate(socks):
        sock.sendall(f"number {i:04}".encode())
    for i, sock in enumerate(socks):
        assert sock.recv(100) == f"number {i:04}".encode()
        sock.close()


def test_an_upstream_that_is_down(vpc):
    """Nobody listens on kinesis' port here: the connection is cut, it does not hang."""
    endpoint = vpc.endpoint("kinesis", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    instance = vpc.instance()
    with pytest.raises(ConnectionResetError):  # by connect() already where the reset is quicker than its wake-up
        with instance.connect(vpc.addresses(endpoint)[0], 443, timeout_s=15) as sock:
            sock.recv(10)


def test_a_killed_relay_comes_back(path, region):
    instance, address, port = path

    def relay():
        return json.loads(region.ginnel("status", "--json").stdout)["relay"]

    before = relay()["pid"]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: relay().get("pid") not in (None, before), "the daemon to start another relay")
    with instance.connect(address, port) as sock:
        sock.sendall(b"again")
        assert sock.recv(16) == b"again"
