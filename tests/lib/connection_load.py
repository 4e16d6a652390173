#!/usr/bin/env python3
"""New connections at a steady rate, and datagrams and a stream that are numbered: a server and its driver.

    connection_load.py serve ADDRESS PORT       echoes what comes, by TCP; takes numbered datagrams, by UDP
    connection_load.py drive HOST PORT RATE     RATE new connections a second, each a number to and fro
    connection_load.py datagrams HOST PORT RATE numbered datagrams, RATE a second; each is echoed
    connection_load.py stream HOST PORT         one connection with numbers to and fro, as fast as they are echoed

All but the server say "ready" once they work, end when their standard input ends, and then print what they saw as one
line of JSON.
"""
import collections
import json
import select
import socket
import struct
import sys
import time

DEADLINE_S = 30.0
SO_RCVBUFFORCE = 33  # asm-generic/socket.h
NUMBER = struct.Struct("!Q")
LINGER_NONE = struct.pack("ii", 1, 0)  # close() resets: no port waits in TIME_WAIT
# Offsets of tcpi_total_retrans and tcpi_dsack_dups in struct tcp_info (linux/tcp.h).
TOTAL_RETRANS, DSACK_DUPS = 100, 216


def sent_again(sock):
    """(segments sent again, how many of them the receiver had already: they were late, not lost)"""
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 224)
    return struct.unpack_from("I", info, TOTAL_RETRANS)[0], struct.unpack_from("I", info, DSACK_DUPS)[0]


def serve(address, port):
    listener = socket.create_server((address, port), backlog=4096)
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    datagrams.bind((address, port))
    poller, open_ones = select.epoll(), {}
    for sock in (listener, datagrams):
        sock.setblocking(False)
        poller.register(sock, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for fd, _ in poller.poll():
            if fd == listener.fileno():
                try:
                    while True:
                        sock, _ = listener.accept()
                        sock.setblocking(False)
                        open_ones[sock.fileno()] = sock
                        poller.register(sock, select.EPOLLIN)
                except BlockingIOError:
                    continue
            elif fd == datagrams.fileno():
                try:
                    while True:
                        data, peer = datagrams.recvfrom(64)
                        datagrams.sendto(data, peer)
                except BlockingIOError:
                    continue
            else:
                sock = open_ones[fd]
                try:
                    data = sock.recv(65536)
                    if data:
                        sock.sendall(data)
                        continue
                except BlockingIOError:
                    continue
                except OSError:
                    pass  # reset by its client, which had what it wanted
                poller.unregister(fd)
                del open_ones[fd]
                sock.close()


class Driver:
    def __init__(self, host, port, rate):
        self.target, self.rate = (host, port), rate
        self.poller = select.epoll()
        self.poller.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        self.open_ones = {}  # fd: [socket, number, when it began, connected]
        self.ages = collections.deque()  # (when, fd, number), oldest first
        self.begun = self.done = self.syns_again = 0
        self.failures = collections.Counter()
        self.ending = False

    def begin_one(self, now):
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)
        self.begun += 1
        error = sock.connect_ex(self.target)
        if error not in (0, 115):  # EINPROGRESS
            self.failures[f"connect: errno {error}"] += 1
            sock.close()
            return
        self.open_ones[sock.fileno()] = [sock, self.begun, now, False]
        self.ages.append((now, sock.fileno(), self.begun))
        self.poller.register(sock, select.EPOLLOUT)

    def end_one(self, fd, failure=None):
        sock = self.open_ones.pop(fd)[0]
        self.poller.unregister(fd)
        sock.close()
        if failure:
            self.failures[failure] += 1
            return
        self.done += 1

    def go_on(self, fd):
        one = self.open_ones[fd]
        sock, number, _, connected = one
        if not connected:
            error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                return self.end_one(fd, f"connect: errno {error}")
            self.syns_again += sent_again(sock)[0]
            one[3] = True
            sock.send(NUMBER.pack(number))
            return self.poller.modify(fd, select.EPOLLIN)
        try:
            data = sock.recv(64)
        except OSError as error:
            return self.end_one(fd, f"read: errno {error.errno}")
        return self.end_one(fd, None if data == NUMBER.pack(number) else f"read {data!r}")

    def give_up_old(self, now):
        while self.ages and now - self.ages[0][0] > DEADLINE_S:
            _, fd, number = self.ages.popleft()
            if fd in self.open_ones and self.open_ones[fd][1] == number:
                self.end_one(fd, "timed out")

    def run(self):
        started = due = time.monotonic()
        while not self.ending or self.open_ones:
            now = time.monotonic()
            while not self.ending and due <= now:
                self.begin_one(now)
                due += 1 / self.rate
            self.give_up_old(now)
            for fd, _ in self.poller.poll(max(0.0, due - now) if not self.ending else 0.1):
                if fd == sys.stdin.fileno():
                    self.ending, ended = True, time.monotonic()
                    self.poller.unregister(fd)
                elif fd in self.open_ones:
                    self.go_on(fd)
        return {"begun": self.begun, "done": self.done, "failures": dict(self.failures),
                "syns_again": self.syns_again, "rate": self.begun / (ended - started)}


def stdin_ended():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def datagrams(host, port, rate):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    sock.connect((host, port))
    sent = received = out_of_order = 0
    sock.settimeout(DEADLINE_S)

    def take(number):
        nonlocal received, out_of_order
        out_of_order += number != received
        received += 1
    due = time.monotonic()
    while not stdin_ended():
        sock.send(NUMBER.pack(sent))
        sent += 1
        due += 1 / rate
        while select.select([sock], [], [], max(0.0, due - time.monotonic()))[0]:
            take(NUMBER.unpack(sock.recv(64))[0])
    sock.settimeout(5)
    try:
        while received < sent:
            take(NUMBER.unpack(sock.recv(64))[0])
    except TimeoutError:
        pass
    return {"sent": sent, "received": received, "out_of_order": out_of_order}


def stream(host, port):
    with socket.create_connection((host, port), DEADLINE_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader, numbers = sock.makefile("rb"), 0
        while not stdin_ended():
            sock.sendall(NUMBER.pack(numbers))
            got = reader.read(NUMBER.size)
            if got != NUMBER.pack(numbers):
                return {"numbers": numbers, "wrong": repr(got), "sent_again": sent_again(sock)}
            numbers += 1
        return {"numbers": numbers, "wrong": None, "sent_again": sent_again(sock)}


def main():
    role, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if role == "serve":
        serve(host, port)
    work = {"drive": lambda: Driver(host, port, int(sys.argv[4])).run(),
            "datagrams": lambda: datagrams(host, port, int(sys.argv[4])),
            "stream": lambda: stream(host, port)}[role]
    print("ready", flush=True)
    print(json.dumps(work()), flush=True)


if __name__ == "__main__":
    main()
