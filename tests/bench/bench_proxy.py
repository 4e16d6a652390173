#!/usr/bin/env python3
"""What a PROXY v2 header costs: connections and bytes through a load balancer that puts one before them, as ratios to one that
does not. The same servers behind both; in network namespaces of its own; the paths take turns, so that a change of the
machine's mood falls on both.
"""
import contextlib
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

os.environ["GINNEL_BUILD"] = "build/dev"  # the helper is a test's; the packet program is the same in every build

import isolation  # noqa: E402
from balanced import ENDPOINT, TARGET, Balanced  # noqa: E402
from proxy_protocol import read_header  # noqa: E402
from waiting import wait_for  # noqa: E402

ROUNDS = int(os.environ.get("GINNEL_BENCH_ROUNDS", "7"))
SECONDS = int(os.environ.get("GINNEL_BENCH_SECONDS", "3"))
WEB, STREAM = {"plain": 80, "proxy": 81}, {"plain": 82, "proxy": 83}


@contextlib.contextmanager
def nginx(region):
    with tempfile.TemporaryDirectory() as folder:
        listeners = "".join(f"server {{ listen {TARGET}:{port + 8000} backlog=4096 {'proxy_protocol' if kind == 'proxy' else ''};"
                            ' location / { return 200 "ok"; } }\n' for kind, port in WEB.items())
        temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = pathlib.Path(folder) / "nginx.conf"
        path.write_text(f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; "
                        "events { worker_connections 10000; }\n"
                        f"http {{ access_log off; {temporary}\n{listeners} }}\n", encoding="ascii")
        with isolation.inside(region.target):
            server = subprocess.Popen(["nginx", "-c", str(path)])
        try:
            wait_for(lambda: all(_answers(region, port) for port in WEB.values()), "nginx")
            yield
        finally:
            server.terminate()
            server.wait()


def _answers(region, port):
    try:
        region.connect(port).close()
        return True
    except OSError:
        return False


def connections(region, kind):
    """New connections a second, each with one request."""
    with isolation.inside(region.consumer):
        out = subprocess.run(["wrk", "-t1", "-c64", f"-d{SECONDS}s", "-H", "Connection: close", f"http://{ENDPOINT}:{WEB[kind]}/"],
                             capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"{kind}: {out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def kept(region, kind):
    """Requests a second on 64 connections that are kept."""
    with isolation.inside(region.consumer):
        out = subprocess.run(["wrk", "-t1", "-c64", f"-d{SECONDS}s", f"http://{ENDPOINT}:{WEB[kind]}/"], capture_output=True,
                             text=True, check=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def throughput(region, kind):
    """Gbit/s of one stream to the target."""
    with region.listening(STREAM[kind] + 8000) as listener:
        client = region.connect(STREAM[kind])
        server, _ = listener.accept()
        server.settimeout(20)
        if kind == "proxy":
            read_header(server)
        block, until = bytes(1 << 20), time.monotonic() + SECONDS

        def send():
            while time.monotonic() < until:
                client.sendall(block)
            client.shutdown(socket.SHUT_WR)

        sender, start, got, into = threading.Thread(target=send), time.monotonic(), 0, bytearray(1 << 20)
        sender.start()
        while count := server.recv_into(into):
            got += count
        sender.join()
        client.close()
        server.close()
        return got * 8 / 1e9 / (time.monotonic() - start)


def main():
    isolation.enter_new_network()
    listeners = [(port, port + 8000, kind) for ports in (WEB, STREAM) for kind, port in ports.items()]
    with Balanced(*listeners) as region:
        region.set("net.ipv4.tcp_congestion_control", "reno")
        region.set("net.ipv4.ip_local_port_range", "10600 65535", region.consumer)
        with nginx(region):
            for name, measure in (("connections/s", connections), ("requests/s, kept", kept), ("Gbit/s, one stream", throughput)):
                figures = {"plain": [], "proxy": []}
                for turn in range(ROUNDS + 1):
                    for kind, values in figures.items():
                        value = measure(region, kind)
                        if turn:  # the first is the warm-up
                            values.append(value)
                middle = {kind: statistics.median(values) for kind, values in figures.items()}
                ratios = [proxy / plain for plain, proxy in zip(figures["plain"], figures["proxy"])]
                print(f"{name:20} plain {middle['plain']:9.1f} ({min(figures['plain']):.1f}–{max(figures['plain']):.1f})  "
                      f"proxy {middle['proxy']:9.1f} ({min(figures['proxy']):.1f}–{max(figures['proxy']):.1f})  "
                      f"ratio of rounds {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})", flush=True)
        print("dropped:", region.drops())


if __name__ == "__main__":
    main()
