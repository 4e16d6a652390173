"""What is measured of a path. Each function takes a path and a time in seconds and gives a figure, or several by name."""
import json
import pathlib
import re
import socket
import subprocess

from isolation import inside

from .paths import IPERF, PING, WEB


def _busy_s():
    """CPU seconds that all cores together have worked."""
    fields = pathlib.Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, soft, steal = map(int, fields)
    return (user + nice + system + irq + soft + steal) / 100


def _run(path, *command, seconds):
    with inside(path.client):
        before = _busy_s()
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 30)
        busy = _busy_s() - before
    if done.returncode != 0:
        raise RuntimeError(f"{path.name}: {' '.join(command)}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout, busy


def _iperf(path, seconds, *options):
    out, busy = _run(path, "iperf3", "-c", path.address, "-p", str(IPERF), "-t", str(seconds), "-J", *options, seconds=seconds)
    return json.loads(out)["end"], busy


def tcp(streams):
    def measure(path, seconds):
        end, busy = _iperf(path, seconds, "-P", str(streams), "-C", "reno")
        received = end["sum_received"]
        return {"gbit/s": received["bits_per_second"] / 1e9, "cpu s/GB": busy / (received["bytes"] / 1e9)}
    return measure


def udp(path, seconds):
    end, busy = _iperf(path, seconds, "-u", "-l", "64", "-b", "0")
    total = end["sum"]
    received = total["packets"] - total["lost_packets"]
    return {"packets/s": received / total["seconds"], "cpu us/packet": busy / received * 1e6}


_UNITS = {"us": 1, "ms": 1e3, "s": 1e6}


def _latency(out, percent):
    value, unit = re.search(rf"\n\s+{percent}%\s+([\d.]+)(us|ms|s)", out).groups()
    return float(value) * _UNITS[unit]


def _wrk(path, seconds, *options):
    out, busy = _run(path, "wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", *options, f"http://{path.address}:{WEB}/", seconds=seconds)
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"{path.name}: {out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), out, busy


def connections(path, seconds):
    rate, _out, busy = _wrk(path, seconds, "-H", "Connection: close")
    return {"connections/s": rate, "cpu us/connection": busy / (rate * seconds) * 1e6}


def kept(path, seconds):
    rate, out, _busy = _wrk(path, seconds)
    return {"requests/s": rate, "p50 us": _latency(out, 50), "p99 us": _latency(out, 99)}


def ping_pong(kind):
    """Both ends on one CPU: else the wakeups from idle are all that is seen."""
    def measure(path, seconds):
        out, _busy = _run(path, "taskset", "-c", "0", "sockperf", "ping-pong", "-i", path.address, "-p", str(PING), "-t", str(seconds),
                          "-m", "64", *(["--tcp"] if kind == "tcp" else []), seconds=seconds)
        half = {percent: float(re.search(rf"percentile {percent}\.0+\s*=\s*([\d.]+)", out).group(1)) for percent in (50, 99)}
        return {"p50 us": 2 * half[50], "p99 us": 2 * half[99]}
    return measure


def answers(path):
    """Whether all server programs of the path can be reached."""
    for port in (IPERF, WEB, PING):
        try:
            with inside(path.client):
                socket.create_connection((path.address, port), timeout=1).close()
        except OSError:
            return False
    return True
