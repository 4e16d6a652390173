#!/usr/bin/env python3
"""New connections of one instance through an endpoint: alone; while another sends as many frames as a flood has, which the
packet program drops at once; and while it floods the same endpoint with SYNs.

What the sender itself takes is no harm that the flood does, but on one host it is in both: the ratio is of the last two. They take
turns in each round, so that a change of the machine's mood falls on all. The flood is bounded in its rate, which leaves both ends of
the connections a processor; its flows end at the cap of the interface.
"""
import contextlib
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

import isolation  # noqa: E402
from frames import SYN, TCP, Sender, ethernet, ip4, tcp  # noqa: E402
from network import ANYWHERE, Vpc  # noqa: E402
from region import Region, free_port  # noqa: E402

ROUNDS = int(os.environ.get("GINNEL_BENCH_ROUNDS", "7"))
SECONDS = float(os.environ.get("GINNEL_BENCH_SECONDS", "2"))
SYNS_A_SECOND = int(os.environ.get("GINNEL_BENCH_SYNS", "10000"))
NOT_IP = b"\x88\xb5"  # the ethertype for local experiments
PORT, CAP, ROUTER, BURST = 9001, 60000, "02:fe:00:00:00:01", 100


class Flood:
    """SYNs from every source port in turn, made beforehand, in bursts; or frames of their size that are not IP."""

    def __init__(self, instance, target):
        own = json.loads(subprocess.run(["ip", "-n", instance.id, "-j", "link", "show", "eth0"], check=True,
                                        capture_output=True).stdout)[0]["address"]
        self.sender = Sender(instance.id)
        self.syns = [ethernet(ROUTER, own, 0x0800, ip4(instance.address, target, TCP, tcp(
            instance.address, target, (port, PORT), SYN))) for port in range(1024, 65536)]
        self.others = [frame[:12] + NOT_IP + frame[14:] for frame in self.syns]
        self.sent = 0

    def run(self, frames, ending):
        due = time.monotonic()
        while not ending.is_set():
            for _ in range(BURST):
                self.sender.socket.send(frames[self.sent % len(frames)])
                self.sent += 1
            due += BURST / SYNS_A_SECOND
            ending.wait(max(0.0, due - time.monotonic()))


@contextlib.contextmanager
def sending(flood, frames):
    ending = threading.Event()
    thread = threading.Thread(target=flood.run, args=(frames, ending))
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join()


def connect(address, seconds):
    """One connection after the other, each a number to and fro; how many in a second."""
    done, begun = 0, time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        with socket.socket() as sock:
            sock.settimeout(10)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port waits in TIME_WAIT
            sock.connect((address, PORT))
            sock.sendall(b"12345678")
            if sock.recv(64) != b"12345678":
                sys.exit("the answer is another")
        done += 1
    print(done / passed)


def connects_a_second(instance, address):
    with isolation.inside(instance.id):
        done = subprocess.run([sys.executable, __file__, "connect", address, str(SECONDS)], check=True, capture_output=True,
                              text=True)
    return float(done.stdout)


@contextlib.contextmanager
def echo_server():
    """Processes of their own, since this one floods; yields the port."""
    port = free_port()
    server = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(isolation.__file__), "connection_load.py"), "serve",
                               "127.0.0.1", str(port)], stdout=subprocess.PIPE, text=True)
    try:
        server.stdout.readline()
        yield port
    finally:
        server.kill()
        server.wait()


def main():
    if sys.argv[1:2] == ["connect"]:
        return connect(sys.argv[2], float(sys.argv[3]))
    isolation.enter_new_network()
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(echo_server())
        config = f'max_flows_per_interface = {CAP}\n[[service]]\nname = "bench"\nupstream = "127.0.0.1:{upstream}"\nport = {PORT}\n'
        region = stack.enter_context(Region(dataplane="ebpf", config=config))
        vpc = Vpc(region)
        group = vpc.group(ANYWHERE)
        client, attacker = vpc.instance(), vpc.instance()
        [endpoint] = vpc.addresses(vpc.endpoint("bench", groups=[group]))
        flood = Flood(attacker, endpoint)
        frames = {"alone": None, "other frames": flood.others, "flooded": flood.syns}
        rates = {name: [] for name in frames}
        for _ in range(ROUNDS):
            for name, each in frames.items():
                with sending(flood, each) if each else contextlib.nullcontext():
                    rates[name].append(connects_a_second(client, endpoint))
        drops = json.loads(region.ginnel("drops", "--json").stdout)
    middle = {name: statistics.median(values) for name, values in rates.items()}
    for name, values in rates.items():
        print(f"{name:12} {middle[name]:6.1f} connections/s  ({min(values):.1f}–{max(values):.1f})")
    print(f"ratio        {middle['flooded'] / middle['other frames']:.3f}, of {flood.sent} frames "
          f"{drops.get('port_flow_limit', 0)} were dropped at the cap of {CAP}")


if __name__ == "__main__":
    main()
