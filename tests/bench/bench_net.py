#!/usr/bin/env python3
"""Throughput of traffic between two instances of a VPC, and through an endpoint and the relay, as ratios to a bare veth pair.

Everything runs in network namespaces of its own. The ratio is of medians over rounds in which each path takes its turn, so
that a change of the machine's mood falls on all of them.
"""
import contextlib
import json
import os
import secrets
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

import isolation  # noqa: E402
from network import ANYWHERE, Vpc  # noqa: E402
from region import Region, free_port  # noqa: E402

ROUNDS = int(os.environ.get("GINNEL_BENCH_ROUNDS", "5"))
SECONDS = os.environ.get("GINNEL_BENCH_SECONDS", "3")
PORT = 5201


def ip(*words):
    subprocess.run(["ip", *words], check=True)


@contextlib.contextmanager
def veth_pair():
    """Two namespaces with a pair between them; yields their names and the server's address."""
    names = [f"ginnel-bench-{secrets.token_hex(3)}" for _ in range(2)]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", "eth0", "mtu", "8500", "netns", names[0], "type", "veth", "peer", "name", "eth0", "mtu", "8500",
           "netns", names[1])
        for name, address in zip(names, ("192.0.2.1/24", "192.0.2.2/24")):
            ip("-n", name, "address", "add", address, "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        yield names[0], names[1], "192.0.2.2"
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def iperf_server(netns=None, port=PORT):
    with isolation.inside(netns) if netns else contextlib.nullcontext():
        server = subprocess.Popen(["iperf3", "-s", "-p", str(port), "--forceflush"], stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if "listening" in line:
            break
    try:
        yield
    finally:
        server.kill()
        server.wait()


def measure(netns, address, port=PORT):
    """Gbit/s of one TCP stream."""
    with isolation.inside(netns):
        answer = subprocess.run(["iperf3", "-c", address, "-p", str(port), "-t", SECONDS, "-C", "cubic", "-J"],
                                capture_output=True, text=True, check=False)
    result = json.loads(answer.stdout)
    if "error" in result:
        raise RuntimeError(f"iperf3 to {address}:{port}: {result['error']}")
    return result["end"]["sum_received"]["bits_per_second"] / 1e9


def main():
    isolation.enter_new_network()
    upstream = free_port()
    config = f'[[service]]\nname = "bench"\nupstream = "127.0.0.1:{upstream}"\nport = {PORT}\n'
    with contextlib.ExitStack() as stack:
        near, far, far_address = stack.enter_context(veth_pair())
        region = stack.enter_context(Region(dataplane="ebpf", config=config))
        vpc = Vpc(region)
        group = vpc.group(ANYWHERE)
        client, server = vpc.instance(), vpc.instance(groups=[group])
        [endpoint] = vpc.addresses(vpc.endpoint("bench", groups=[group]))
        for place, port in ((far, PORT), (server.id, PORT), (None, upstream)):
            stack.enter_context(iperf_server(place, port))
        paths = {"bare veth pair": (near, far_address), "two instances of a VPC": (client.id, server.address),
                 "endpoint and relay": (client.id, endpoint)}
        figures = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                figures[name].append(measure(*path))
    base = statistics.median(figures["bare veth pair"])
    for name, values in figures.items():
        middle = statistics.median(values)
        print(f"{name:24} {middle:6.1f} Gbit/s  ({min(values):.1f}–{max(values):.1f})  ratio {middle / base:.2f}")


if __name__ == "__main__":
    main()
