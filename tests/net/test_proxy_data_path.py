"""PROXY v2 headers that the packet program puts before a client's data, over real sockets and a server that reads them."""
import concurrent.futures
import contextlib
import hashlib
import os
import select
import socket
import subprocess
import threading

import isolation
import pytest
from balanced import CLIENT, ENDPOINT, ENDPOINT_ID, NODE, Balanced
from proxy_protocol import Header, read_exactly, read_header

PORT, TARGET_PORT = 443, 8443
PLAIN_PORT, PLAIN_TARGET_PORT = 444, 8444
MSG_FASTOPEN = 0x20000000
TCP_QUICKACK, TCP_FASTOPEN, TCP_DEFER_ACCEPT = 12, 23, 9


def timestamps_off(region):
    region.set("net.ipv4.tcp_timestamps", 0)


def sack_off(region):
    region.set("net.ipv4.tcp_sack", 0)


def offloads_off(region):
    for place in (region.consumer, region.inside, region.target):
        isolation.without_offloads(place)


def cookies_forced(region):
    region.set("net.ipv4.tcp_syncookies", 2, region.target)


def as_it_is(_):
    pass


@pytest.fixture(scope="module", params=[as_it_is, timestamps_off, sack_off, offloads_off, cookies_forced], ids=lambda f: f.__name__)
def region(request):
    with Balanced((PORT, TARGET_PORT, "proxy"), (PLAIN_PORT, PLAIN_TARGET_PORT, "plain")) as started:
        started.set("net.ipv4.tcp_congestion_control", "reno")
        request.param(started)
        started.forgetful = request.param is cookies_forced
        yield started


@pytest.fixture
def listener(region):
    with region.listening(TARGET_PORT, backlog=512) as sock:
        yield sock


@pytest.fixture(params=["through an endpoint", "inside the VPC"])
def way(request, region):
    """Place of the client, where it connects to, and the endpoint in the header."""
    return (region.consumer, ENDPOINT, ENDPOINT_ID) if request.param == "through an endpoint" else (region.inside, NODE, None)


def accepted(listener):
    sock, (address, _) = listener.accept()
    sock.settimeout(20)
    assert address == NODE
    return sock


def expected(client, address, endpoint):
    return Header((CLIENT, client.getsockname()[1]), (address, PORT), endpoint, 100)


def test_the_client_speaks_first(region, listener, way):
    place, address, endpoint = way
    client = region.connect(PORT, place, address)
    client.sendall(b"hello")
    server = accepted(listener)
    assert read_header(server) == expected(client, address, endpoint)
    assert read_exactly(server, 5) == b"hello"
    server.sendall(b"welcome")
    assert read_exactly(client, 7) == b"welcome"
    client.close()
    assert server.recv(1) == b""


def test_the_server_speaks_first(region, listener, way):
    place, address, endpoint = way
    client = region.connect(PORT, place, address)
    server = accepted(listener)
    server.sendall(b"220 ready")
    assert read_exactly(client, 9) == b"220 ready"
    assert read_header(server) == expected(client, address, endpoint)
    client.sendall(b"QUIT")
    assert read_exactly(server, 4) == b"QUIT"
    server.close()
    assert client.recv(1) == b""


def test_nobody_speaks_at_all(region, listener, way):
    place, address, endpoint = way
    client = region.connect(PORT, place, address)
    server = accepted(listener)
    assert read_header(server) == expected(client, address, endpoint)


def test_the_client_closes_at_once(region, listener):
    client = region.connect(PORT)
    wanted = expected(client, ENDPOINT, ENDPOINT_ID)
    client.close()
    server = accepted(listener)
    assert read_header(server) == wanted
    assert server.recv(1) == b""


def test_the_first_acknowledgement_is_that_of_data(region, listener):
    """The client keeps its ACK back until it has data: they come before any header went out."""
    client = region.socket()
    client.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 0)
    client.setsockopt(socket.IPPROTO_TCP, TCP_DEFER_ACCEPT, 0)
    client.connect((ENDPOINT, PORT))
    data = os.urandom(50000)
    client.sendall(data)
    server = accepted(listener)
    assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
    assert read_exactly(server, len(data)) == data


def test_the_first_acknowledgement_is_a_fin(region, listener):
    client = region.socket()
    client.setsockopt(socket.IPPROTO_TCP, TCP_QUICKACK, 0)
    client.connect((ENDPOINT, PORT))
    client.shutdown(socket.SHUT_WR)
    server = accepted(listener)
    assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
    assert server.recv(1) == b""
    server.sendall(b"bye")
    assert read_exactly(client, 3) == b"bye"


def test_one_half_is_closed_and_the_other_goes_on(region, listener):
    client = region.connect(PORT)
    client.sendall(b"question")
    client.shutdown(socket.SHUT_WR)
    server = accepted(listener)
    read_header(server)
    assert read_exactly(server, 8) == b"question"
    assert server.recv(1) == b""
    answer = os.urandom(300000)
    threading.Thread(target=lambda: (server.sendall(answer), server.close())).start()
    assert read_exactly(client, len(answer)) == answer
    assert client.recv(1) == b""


def test_data_in_the_syn_come_after_the_header(region, listener):
    """A client that puts its data into the SYN without a cookie, and a server that would take them."""
    region.set("net.ipv4.tcp_fastopen", 0x5, region.consumer)
    region.set("net.ipv4.tcp_fastopen", 0x202, region.target)
    listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    client = region.socket()
    client.sendto(b"early" * 100, MSG_FASTOPEN, (ENDPOINT, PORT))
    server = accepted(listener)
    assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
    assert read_exactly(server, 500) == b"early" * 100


def test_a_refusal_reaches_the_client(region):
    client = region.socket()
    with pytest.raises(ConnectionRefusedError):
        client.connect((ENDPOINT, PORT))


def test_a_reset_of_the_client_reaches_the_server(region, listener):
    client = region.connect(PORT)
    server = accepted(listener)
    read_header(server)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    client.close()
    with pytest.raises(ConnectionResetError):
        server.recv(1)


def swap(near, far, size):
    """Sends `size` bytes each way at once; they must come out the same."""
    block = os.urandom(1 << 20)
    whole, rest = divmod(size, len(block))
    parts = [block] * whole + [block[:rest]]
    wanted = hashlib.sha256()
    for part in parts:
        wanted.update(part)

    def send(sock):
        for part in parts:
            sock.sendall(part)

    def receive(sock):
        got, left = hashlib.sha256(), size
        while left:
            part = sock.recv(min(left, 1 << 18))
            assert part, f"the connection ended {left} bytes early"
            got.update(part)
            left -= len(part)
        return got.digest()

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(send, near), pool.submit(send, far), pool.submit(receive, near), pool.submit(receive, far)]
        results = [task.result() for task in tasks]
    assert results[2:] == [wanted.digest()] * 2


@pytest.mark.parametrize("size", [1, 65536, 100_000_000])
def test_bytes_come_out_as_they_went_in(region, listener, size):
    client = region.connect(PORT)
    client.sendall(b"first")
    server = accepted(listener)
    assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
    assert read_exactly(server, 5) == b"first"
    swap(client, server, size)


def test_many_connections_at_once(region, listener):
    """Every one has its own header, and its own data behind it."""
    def serve():
        for _ in range(400):
            with accepted(listener) as server:
                header = read_header(server)
                port = int(read_exactly(server, 5))
                assert header.source == (CLIENT, port)
                server.sendall(b"%05d" % port)

    def ask(_):
        with region.connect(PORT) as client:
            name = b"%05d" % client.getsockname()[1]
            client.sendall(name)
            assert read_exactly(client, 5) == name

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        serving = pool.submit(serve)
        list(pool.map(ask, range(400)))
        serving.result()


@contextlib.contextmanager
def losing(place, chain, match):
    """Packets of that chain (input, output) of the namespace are dropped that match."""
    rules = f"""table ip lossy {{
      chain {chain} {{
        type filter hook {chain} priority 0; policy accept;
        {match} drop
      }}
    }}
    """
    with isolation.inside(place):
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        with isolation.inside(place):
            subprocess.run(["nft", "delete", "table", "ip", "lossy"], check=True)


def whole_or_reset(region, listener, chain, rule):
    """With SYN cookies nothing at the server asks again for a lost header: the connection is reset as soon as data come,
    and never do data arrive without a header."""
    whole = 0
    with losing(region.target, chain, rule):
        for _ in range(15):
            client = region.connect(PORT)
            client.sendall(b"first")
            ready, _, _ = select.select([listener, client], [], [], 20)
            if client in ready:
                with pytest.raises(ConnectionResetError):
                    client.recv(1)
                continue
            server = accepted(listener)
            assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
            assert read_exactly(server, 5) == b"first"
            whole += 1
    assert whole > 0


def test_lost_headers_are_sent_again(region, listener, way):
    """Two of three segments as long as the header's never arrive; data that overtake them wait."""
    if region.forgetful:
        return whole_or_reset(region, listener, "input", "tcp dport 8443 meta length 140-180 numgen inc mod 3 < 2")
    place, address, endpoint = way
    with losing(region.target, "input", "tcp dport 8443 meta length 140-180 numgen inc mod 3 < 2"):
        for speak_first in (True, False):
            client = region.connect(PORT, place, address)
            if speak_first:
                client.sendall(b"x" * 1000)
            server = accepted(listener)
            assert read_header(server) == expected(client, address, endpoint)
            server.sendall(b"hello")
            assert read_exactly(client, 5) == b"hello"
            if speak_first:
                assert read_exactly(server, 1000) == b"x" * 1000


@pytest.mark.parametrize("chain", ["input", "output"])
def test_every_twentieth_packet_is_lost(region, listener, chain):
    if region.forgetful:
        return whole_or_reset(region, listener, chain, "numgen inc mod 20 == 0")
    with losing(region.target, chain, "numgen inc mod 20 == 0"):
        for _ in range(15):
            client = region.connect(PORT)
            client.sendall(b"first")
            server = accepted(listener)
            assert read_header(server) == expected(client, ENDPOINT, ENDPOINT_ID)
            assert read_exactly(server, 5) == b"first"
            swap(client, server, 200_000)


def test_sequence_numbers_go_round(region, listener):
    client = region.connect(PORT)
    client.sendall(b"first")
    server = accepted(listener)
    read_header(server)
    read_exactly(server, 5)
    size, block = (1 << 32) + (1 << 28), bytes(1 << 22)

    def send():
        for _ in range(size // len(block)):
            client.sendall(block)
        client.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    got = 0
    into = bytearray(1 << 22)
    while count := server.recv_into(into):
        got += count
    sender.join()
    assert got == size


def test_the_plain_listener_has_no_header(region):
    with region.listening(PLAIN_TARGET_PORT) as listener:
        client = region.connect(PLAIN_PORT)
        client.sendall(b"hello")
        assert read_exactly(accepted(listener), 5) == b"hello"
