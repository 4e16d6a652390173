"""The result of `./dev bench net` as text, as a page of the documentation, and as a plot."""
import datetime
import os
import pathlib
import platform
import re
import statistics

DIRECT, GINNEL, BIG = "direct", "ginnel", "ginnel, BIG TCP"
LOWER_IS_BETTER = ("cpu", "p50", "p99")

# (what, metric, figure, path, beside which, the ratio, what the ratio must be)
TARGETS = [
    *[(f"TCP throughput, one stream, MTU {mtu}", f"TCP, one stream, MTU {mtu}", "gbit/s", GINNEL, other, bound)
      for mtu in (1500, 8500) for other, bound in ((DIRECT, 0.95), ("nftables", 1.15), ("haproxy", 3.0))],
    *[(f"the same with BIG TCP, MTU {mtu}", f"TCP, one stream, MTU {mtu}", "gbit/s", BIG, DIRECT, 1.2) for mtu in (1500, 8500)],
    *[(f"CPU per GB, MTU {mtu}", f"TCP, one stream, MTU {mtu}", "cpu s/GB", GINNEL, DIRECT, 1.05) for mtu in (1500, 8500)],
    *[("new connections per second", "new connections, MTU 1500", "connections/s", GINNEL, other, bound)
      for other, bound in ((DIRECT, 0.95), ("nftables", 1.3), ("haproxy", 1.5))],
    ("kept connections, requests/s", "kept connections, MTU 1500", "requests/s", GINNEL, DIRECT, 1.0),
    ("kept connections, p99", "kept connections, MTU 1500", "p99 us", GINNEL, DIRECT, 1.05),
    *[(f"{kind} ping-pong, {figure[:3]}", f"{kind} ping-pong, MTU 1500", figure, GINNEL, DIRECT, 1.1)
      for kind in ("TCP", "UDP") for figure in ("p50 us", "p99 us")],
    *[("UDP 64-byte packets per second", "UDP, 64 bytes, MTU 1500", "packets/s", GINNEL, other, bound)
      for other, bound in ((DIRECT, 0.9), ("nftables", 1.35))],
]
FEWEST, MOST_GROWTH = "10 endpoints", 0.95


def machine():
    cpu = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(encoding="ascii"))
    return {"cpu": cpu.group(1) if cpu else platform.machine(), "cores": os.cpu_count(), "memory": f"{int(memory.group(1)) // 2**20} GiB",
            "kernel": ".".join(platform.release().split(".")[:2]), "date": datetime.date.today().isoformat()}


def lower_is_better(figure):
    return figure.startswith(LOWER_IS_BETTER)


def ratios(found, path, other, figure):
    """Of each round, to the same round of the other path."""
    return [mine[figure] / its[figure] for mine, its in zip(found[path], found[other])]


def spread(values, form="{:.2f}"):
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}–{form.format(max(values))})"


def _number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def _targets(result):
    for what, metric, figure, path, other, bound in TARGETS:
        found = result["paths"].get(metric)
        if not found or path not in found or other not in found:
            continue
        values = ratios(found, path, other, figure)
        middle, lower = statistics.median(values), lower_is_better(figure)
        met = middle <= bound if lower else middle >= bound
        yield [what, f"{'≤' if lower else '≥'} {bound:g} × {other}", spread(values), "yes" if met else "no"]
    for metric, found in result["growth"].items():
        [figure] = [name for name in found[FEWEST][0] if name.endswith("/s")]
        for size in found:
            if size != FEWEST:
                values = ratios(found, size, FEWEST, figure)
                met = statistics.median(values) >= MOST_GROWTH
                yield [f"{metric} with {size}", f"≥ {MOST_GROWTH} × {FEWEST}", spread(values), "yes" if met else "no"]


def _figures(result):
    for metric, found in result["paths"].items():
        for figure in next(iter(found.values()))[0]:
            for path, values in found.items():
                own = [each[figure] for each in values]
                row = [metric, figure, path, f"{_number(statistics.median(own))} ({_number(min(own))}–{_number(max(own))})"]
                yield [*row, spread(ratios(found, path, DIRECT, figure)) if path != DIRECT else "1"]


def _stages(result):
    return [[what, f"{cost:,}"] for what, cost in result["stages"].items()]


def _parts(result):
    return [("Targets", ["what", "target", "ratio: median (least–most)", "met"], list(_targets(result))),
            ("All figures", ["metric", "figure", "path", "median (least–most)", "× direct"], list(_figures(result))),
            ("The packet program alone", ["what", "ns"], _stages(result))]


def text(result):
    lines = []
    for title, head, rows in _parts(result):
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
        lines += ["", title, *("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [head, *rows])]
    return "\n".join(lines)


EXPLANATION = """# Performance

Made by `sudo ./dev bench net --document`. {cores} cores of {cpu}, {memory}, Linux {kernel}; {date}. All of it runs on one host: client,
server and what lies between them share the cores. {rounds} rounds of {seconds} s after a warm-up, the paths in turn; a ratio is of figures of
the same round. Congestion control is Reno.

![Ratios to a bare veth pair](performance.svg)

Paths: **direct**, one veth pair; **ginnel**, an endpoint and a load balancer, with security groups, both addresses translated, and the same
addresses at both ends; **nftables**, a router with DNAT, SNAT and connection tracking; **haproxy** (TCP mode) and **nginx** (stream) in a
router. MTU 1500 but where it says 8500. CPU counts all cores. Ping-pong has both ends on one CPU. The server programs are the same for all.
The data plane is driven without a daemon, from the same library. What bounds the ratios that are below their target:
[decisions/0022](decisions/0022-what-a-packet-costs.md).
"""

PROGRAM = """
One run of the packet program by `BPF_PROG_TEST_RUN`, one packet again and again: its caches are warm, and the kernel's own part of a
packet's way is not in it. What is dropped early shows what the stages until there cost.
"""


def document(result, folder):
    lines = [EXPLANATION.format(**result["machine"], rounds=result["rounds"], seconds=result["seconds"])]
    for title, head, rows in _parts(result):
        lines += [f"## {title}", PROGRAM if title == "The packet program alone" else "", *_table(head, rows), ""]
    (folder / "performance.md").write_text("\n".join(lines), encoding="utf-8")
    plot(result, folder / "performance.svg")


def plot(result, file):
    """A row of bars a metric: the ratio of each path to `direct`."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ginnel", "font.size": 8})
    shown = [(metric, next(figure for figure in found[DIRECT][0])) for metric, found in result["paths"].items()]
    names = [name for name in (GINNEL, BIG, "nftables", "haproxy", "nginx")]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 5), width_ratios=(2, 1))
    height = 0.8 / len(names)
    for index, name in enumerate(names):
        for row, (metric, value) in enumerate(shown):
            found = result["paths"][metric]
            if name in found:
                values = ratios(found, name, DIRECT, value)
                left.barh(row + index * height, statistics.median(values), height, color=f"C{index}",
                          label=name if row == 0 else None)
    left.set_yticks([row + 0.4 for row in range(len(shown))], [f"{metric}\n{value}" for metric, value in shown])
    left.invert_yaxis()
    left.axvline(1, color="black", linewidth=0.8)
    left.set_xlabel("ratio to one veth pair")
    left.legend(loc="lower right")
    for index, (metric, found) in enumerate(result["growth"].items()):
        [value] = [each for each in found[FEWEST][0] if each.endswith("/s")]
        right.plot(list(found), [statistics.median(ratios(found, size, FEWEST, value)) for size in found], marker="o",
                   color=f"C{index}", label=metric)
    right.set_ylim(0, 1.2)
    right.tick_params(axis="x", rotation=20)
    right.set_ylabel("ratio to 10 endpoints")
    right.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
