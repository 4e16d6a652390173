#!/usr/bin/env python3
"""The data plane beside other ways to the same end, in network namespaces of its own. The paths take turns, so that a change of
the machine's mood falls on all of them; a figure is the median of the rounds, with the least and the most.

Writes build/bench/net.json; with --document docs/performance.md and its plot too.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lib"))
os.environ["GINNEL_BUILD"] = str(ROOT / "build" / "dev")  # these are tests; the packet program is the same in every build

import isolation  # noqa: E402
from net import growth, metrics, paths, report  # noqa: E402
from waiting import wait_for  # noqa: E402

BOTH_MTUS = (1500, 8500)
METRICS = {  # name → (function, the MTUs at which it is measured)
    "TCP, one stream": (metrics.tcp(1), BOTH_MTUS),
    "TCP, eight streams": (metrics.tcp(8), BOTH_MTUS),
    "new connections": (metrics.connections, (1500,)),
    "kept connections": (metrics.kept, (1500,)),
    "UDP, 64 bytes": (metrics.udp, (1500,)),
    "TCP ping-pong": (metrics.ping_pong("tcp"), (1500,)),
    "UDP ping-pong": (metrics.ping_pong("udp"), (1500,)),
}
BIG_TCP_METRICS = ("TCP, one stream", "TCP, eight streams")
GROWTH = {"10 endpoints": {"endpoints": 10}, "1,000 endpoints": {"endpoints": 1000}, "100,000 endpoints": {"endpoints": 100000},
          "1,000,000 flows": {"endpoints": 10, "flows": 1000000}}
GROWTH_METRICS = ("TCP, one stream", "new connections", "kept connections")


def rounds(name, measure, candidates, options):
    """Path → the figures of its rounds; the first round is the warm-up."""
    found = {path.name: [] for path in candidates}
    for turn in range(options.rounds + 1):
        for path in candidates:
            figures = measure(path, options.seconds)
            if turn:
                found[path.name].append(figures)
    print(f"measured: {name}", file=sys.stderr, flush=True)
    return found


def compare(options, folder):
    """Metric, as "NAME, MTU N" → path → rounds."""
    found = {}
    with contextlib.ExitStack() as stack:
        here = [stack.enter_context(paths.served(stack.enter_context(path), folder)) for path in
                (paths.direct(), paths.ginnel(), paths.nftables(), paths.haproxy(folder), paths.nginx_stream(folder),
                 paths.ginnel("ginnel, BIG TCP", big_tcp=True))]
        for path in here:
            wait_for(lambda path=path: metrics.answers(path), f"the servers of {path.name}")
        for mtu in BOTH_MTUS:
            for path in here:
                path.set_mtu(mtu)
            for name, (measure, mtus) in METRICS.items():
                if mtu not in mtus or not re.search(options.only, name):
                    continue
                able = [path for path in here if (path.udp or not name.startswith("UDP")) and
                        (name in BIG_TCP_METRICS or path.name != "ginnel, BIG TCP")]
                found[f"{name}, MTU {mtu}"] = rounds(f"{name}, MTU {mtu}", measure, able, options)
    return found


def grow(options, folder):
    found = {}
    with contextlib.ExitStack() as stack:
        here = [stack.enter_context(paths.served(stack.enter_context(growth.grown(name, **size)), folder))
                for name, size in GROWTH.items()]
        for path in here:
            wait_for(lambda path=path: metrics.answers(path), f"the servers of {path.name}")
            path.set_mtu(1500)
        for name in GROWTH_METRICS:
            if re.search(options.only, name):
                found[name] = rounds(f"{name}, growing", METRICS[name][0], here, options)
    return found


def stages():
    """What the packet program costs by BPF_PROG_TEST_RUN: what → ns."""
    test = ROOT / "build" / "dev" / "tests" / "packet" / "packet_test"
    out = subprocess.run([test, "--gtest_filter=PacketCost.*:NewFlowCost.*"], capture_output=True, text=True, check=True).stdout
    return {what.strip(): int(cost) for what, cost in re.findall(r"^(.{20,}?)\s+(\d+) ns$", out, re.MULTILINE)}


def keep(result):
    place = ROOT / "build" / "bench" / "net.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(result, indent=1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench net", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--only", default="", metavar="REGEX", help="metrics whose names match")
    parser.add_argument("--parts", nargs="+", choices=("growth", "paths"), default=("growth", "paths"))
    parser.add_argument("--document", action="store_true", help="write docs/performance.md and docs/performance.svg")
    options = parser.parse_args()
    isolation.enter_new_network()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        result = {"machine": report.machine(), "rounds": options.rounds, "seconds": options.seconds, "stages": stages(),
                  "paths": {}, "growth": {}}
        for part, measure in (("growth", grow), ("paths", compare)):
            if part in options.parts:
                result[part] = measure(options, folder)
                keep(result)  # the next part may fail
    print(report.text(result))
    if options.document:
        report.document(result, ROOT / "docs")


if __name__ == "__main__":
    main()
