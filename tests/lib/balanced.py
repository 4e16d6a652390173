"""A data plane with load balancers and nothing above it: a consumer with an endpoint, a provider with the same addresses."""
import contextlib
import os
import pathlib
import secrets
import socket
import subprocess

from isolation import inside

ENDPOINT_ID = "vpce-0123456789abcdef0"
ENDPOINT, NODE, CLIENT, TARGET = "10.0.1.9", "10.0.1.50", "10.0.1.5", "10.0.1.6"
PROGRAM = pathlib.Path(os.environ.get("GINNEL_BUILD", "build/dev")) / "src/dataplane/dataplane_net_balanced"


class Balanced:
    """listeners: (port, target's port, "proxy" or "plain"). Its namespaces: consumer, inside (a client in the provider's VPC),
    target. `endpoints` in all, most of which nobody calls; room for so many `flows`. A context manager."""

    def __init__(self, *listeners, endpoints=1, flows=1 << 16, big_tcp=False):
        self.tag = secrets.token_hex(4)
        self.consumer, self.inside, self.target = (f"i-{self.tag}-{name}" for name in ("a", "a2", "b2"))
        self._arguments = ["--endpoints", str(endpoints), "--flows", str(flows), *(["--big-tcp"] if big_tcp else []),
                           *(":".join(map(str, each)) for each in listeners)]

    def __enter__(self):
        self._process = subprocess.Popen([PROGRAM, self.tag, *self._arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        if self._process.stdout.readline() != "ready\n":
            self.__exit__()
            raise RuntimeError(f"{PROGRAM} did not start")
        return self

    def __exit__(self, *_):
        try:
            self._process.communicate(timeout=30)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        assert self._process.returncode == 0

    def drops(self):
        """Packets dropped so far, by reason."""
        return {name: count for name, count in self._counts().items() if name != "flow_entries"}

    def flow_entries(self):
        """Two a tracked flow."""
        return self._counts()["flow_entries"]

    def _counts(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        words = self._process.stdout.readline().split()
        return {reason: int(count) for reason, count in zip(words[::2], words[1::2])}

    def set(self, name, value, *places):
        """A sysctl in the namespaces, in all where none is given."""
        for place in places or (self.consumer, self.inside, self.target):
            with inside(place), open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
                file.write(str(value))

    @contextlib.contextmanager
    def listening(self, port, backlog=128, options=()):
        with inside(self.target):
            sock = socket.socket()
        with sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            for option in options:
                sock.setsockopt(*option)
            sock.bind((TARGET, port))
            sock.listen(backlog)
            sock.settimeout(20)
            yield sock

    def socket(self, place=None):
        with inside(place or self.consumer):
            sock = socket.socket()
        sock.settimeout(20)
        return sock

    def connect(self, port, place=None, address=ENDPOINT):
        sock = self.socket(place)
        sock.connect((address, port))
        return sock
