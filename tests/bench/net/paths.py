"""The paths between a client and a server, each in network namespaces of its own; the same server programs stand behind all.

direct     one veth pair: the limit
ginnel     an interface endpoint and a load balancer: security groups, double translation, the same addresses at both ends
nftables   a router's namespace: DNAT and SNAT, connection tracking
haproxy    a router's namespace: a TCP proxy
nginx      likewise, its stream module, which carries UDP too
"""
import contextlib
import pathlib
import secrets
import subprocess

from balanced import ENDPOINT, TARGET, Balanced
from isolation import bring_up, inside

IPERF, WEB, PING = 5201, 80, 11111
PORTS = (IPERF, WEB, PING)
CLIENT_SIDE, SERVER_SIDE = "10.1.0", "10.2.0"
SYSCTLS = {
    "net.ipv4.tcp_congestion_control": "reno",  # the default of some machines halves the speed of a veth pair
    "net.ipv4.ip_local_port_range": "10600 65535",
    "net.ipv4.tcp_max_syn_backlog": "8192",
    "net.core.somaxconn": "8192",
}


def ip(*words, netns=None):
    subprocess.run(["ip", *(["-n", netns] if netns else []), *words], check=True)


def settle(netns, settings):
    with inside(netns):
        bring_up("lo")
        for name, value in settings.items():
            pathlib.Path("/proc/sys", *name.split(".")).write_text(value, encoding="ascii")


class Path:
    """client and server are namespaces, address is what the client calls, listening what the server binds to. `devices` are
    all (namespace, device) on the way whose MTU counts."""

    def __init__(self, name, client, server, address, listening, devices, udp=True):
        self.name, self.client, self.server, self.address, self.listening = name, client, server, address, listening
        self.devices, self.udp = devices, udp

    def set_mtu(self, mtu):
        for netns, device in self.devices:
            ip("link", "set", device, "mtu", str(mtu), netns=netns)


@contextlib.contextmanager
def namespaces(*roles):
    tag = secrets.token_hex(3)
    names = [f"ginnel-bench-{tag}-{role}" for role in roles]
    try:
        for name in names:
            ip("netns", "add", name)
            settle(name, SYSCTLS)
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, stderr=subprocess.DEVNULL)


def pair(near, near_device, near_address, far, far_device, far_address):
    ip("link", "add", near_device, "netns", near, "type", "veth", "peer", "name", far_device, "netns", far)
    for netns, device, address in ((near, near_device, near_address), (far, far_device, far_address)):
        ip("address", "add", address + "/24", "dev", device, netns=netns)
        ip("link", "set", device, "up", netns=netns)


@contextlib.contextmanager
def direct():
    with namespaces("c", "s") as (client, server):
        pair(client, "eth0", "10.0.1.10", server, "eth0", "10.0.1.11")
        yield Path("direct", client, server, "10.0.1.11", "10.0.1.11", [(client, "eth0"), (server, "eth0")])


@contextlib.contextmanager
def routed(name, udp=True):
    """A router between client and server; what makes it forward is the caller's. Yields the path and the router's namespace."""
    with namespaces("c", "r", "s") as (client, router, server):
        pair(client, "eth0", CLIENT_SIDE + ".10", router, "rc", CLIENT_SIDE + ".50")
        pair(server, "eth0", SERVER_SIDE + ".10", router, "rs", SERVER_SIDE + ".7")
        ip("route", "add", "default", "via", SERVER_SIDE + ".7", netns=server)
        devices = [(client, "eth0"), (router, "rc"), (router, "rs"), (server, "eth0")]
        yield Path(name, client, server, CLIENT_SIDE + ".50", SERVER_SIDE + ".10", devices, udp), router


@contextlib.contextmanager
def nftables():
    with routed("nftables") as (path, router):
        settle(router, {"net.ipv4.ip_forward": "1"})
        ports = ", ".join(map(str, PORTS))
        rules = f"""
            table ip nat {{
                chain before {{
                    type nat hook prerouting priority -100
                    iif rc ip daddr {path.address} meta l4proto {{ tcp, udp }} th dport {{ {ports} }} dnat to {path.listening}
                }}
                chain after {{
                    type nat hook postrouting priority 100
                    oif rs snat to {SERVER_SIDE}.7
                }}
            }}"""
        with inside(router):
            subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        yield path


@contextlib.contextmanager
def running(netns, *command):
    """A program that ends with the block."""
    with inside(netns):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def haproxy(folder):
    with routed("haproxy", udp=False) as (path, router):
        proxies = "".join(f"listen port{port}\n  bind {path.address}:{port}\n  server s {path.listening}:{port}\n" for port in PORTS)
        file = folder / "haproxy.cfg"
        file.write_text("global\n  maxconn 4000\n  nbthread 1\ndefaults\n  mode tcp\n  option splice-auto\n  timeout connect 5s\n"
                        f"  timeout client 60s\n  timeout server 60s\n  backlog 8192\n{proxies}", encoding="ascii")
        with running(router, "haproxy", "-db", "-f", str(file)):
            yield path


@contextlib.contextmanager
def nginx_stream(folder):
    with routed("nginx") as (path, router):
        servers = "".join(f"server {{ listen {path.address}:{port}{udp} {options}; proxy_pass {path.listening}:{port}; }}\n"
                          for port in PORTS
                          for udp, options in (("", "backlog=8192"), (" udp", "reuseport")) if port != WEB or not udp)
        file = folder / "stream.conf"
        file.write_text("load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
                        f"daemon off; worker_processes 1; pid {folder}/stream.pid; error_log /dev/null;\n"
                        f"events {{ worker_connections 9000; }}\nstream {{ {servers} }}\n", encoding="ascii")
        with running(router, "nginx", "-c", str(file)):
            yield path


@contextlib.contextmanager
def ginnel(name="ginnel", **options):
    """Options as of Balanced: how many endpoints there are, and so on."""
    with Balanced(*[(port, port, "plain") for port in PORTS], **options) as region:
        for netns in (region.consumer, region.target):
            settle(netns, SYSCTLS)
        path = Path(name, region.consumer, region.target, ENDPOINT, TARGET, [(region.consumer, "eth0"), (region.target, "eth0")])
        path.region = region
        yield path


@contextlib.contextmanager
def served(path, folder):
    """The server programs of a path, until they answer."""
    own = folder / f"server-{secrets.token_hex(3)}"
    own.mkdir()
    temporary = " ".join(f"{kind}_temp_path {own}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (own / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {own}/pid; error_log /dev/null;\n"
        "events { worker_connections 10000; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; {temporary}\n"
        f"server {{ listen {path.listening}:{WEB} backlog=8192; location / {{ return 200 'ok'; }} }} }}\n", encoding="ascii")
    ping = ["sockperf", "server", "-i", path.listening, "-p", str(PING)]
    with contextlib.ExitStack() as stack:
        for command in (["iperf3", "-s", "-B", path.listening, "-p", str(IPERF)], ["nginx", "-c", str(own / "nginx.conf")],
                        ["taskset", "-c", "0", *ping], ["taskset", "-c", "0", *ping, "--tcp"]):
            stack.enter_context(running(path.server, *command))
        yield path
