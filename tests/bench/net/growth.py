"""Many endpoints and many tracked flows, beside the few of the first measurement."""
import contextlib
import socket
import struct

from balanced import CLIENT, ENDPOINT, TARGET, Balanced
from isolation import inside
from waiting import wait_for

from .paths import PORTS, SYSCTLS, Path, settle

ROUTER_MAC = bytes.fromhex("02fe00000001")
FIRST_FILLER_PORT, FILLER_PORTS, FIRST_CLIENT_PORT, CLIENT_PORTS = 7001, 20, 10600, 50000  # at most 55,000 a target's port


def _sum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def _fill(region, flows):
    """So many UDP flows, each of one datagram that the client sends."""
    with inside(region.consumer):
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    with sender:
        sender.bind(("eth0", 0))
        mac = sender.getsockname()[4]
        source, destination = socket.inet_aton(CLIENT), socket.inet_aton(ENDPOINT)
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 29, 0, 0, 64, socket.IPPROTO_UDP, 0, source, destination)
        header = header[:10] + struct.pack("!H", ~_sum(header) & 0xffff) + header[12:]
        front = ROUTER_MAC + mac + b"\x08\x00" + header
        for number in range(flows):
            ports = FIRST_CLIENT_PORT + number // FILLER_PORTS, FIRST_FILLER_PORT + number % FILLER_PORTS
            sender.send(front + struct.pack("!HHHHx", *ports, 9, 0))


@contextlib.contextmanager
def _silent(region):
    """Somebody listens on the fillers' ports and reads nothing."""
    with contextlib.ExitStack() as stack, inside(region.target):
        for port in range(FIRST_FILLER_PORT, FIRST_FILLER_PORT + FILLER_PORTS):
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            sock.bind((TARGET, port))
        keep = stack.pop_all()
    with keep:
        yield


@contextlib.contextmanager
def grown(name, endpoints=1, flows=0):
    """The path `ginnel` with so many endpoints, and so many flows that are tracked beside those that are measured."""
    listeners = [(port, port, "plain") for port in PORTS]
    if flows:
        assert flows <= FILLER_PORTS * CLIENT_PORTS
        listeners += [(port, port, "plain") for port in range(FIRST_FILLER_PORT, FIRST_FILLER_PORT + FILLER_PORTS)]
    with Balanced(*listeners, endpoints=endpoints, flows=flows + (1 << 17)) as region, _silent(region):
        for netns in (region.consumer, region.target):
            settle(netns, SYSCTLS)
        if flows:
            _fill(region, flows)
            wait_for(lambda: region.flow_entries() >= 2 * flows, f"{flows} flows, of {region.flow_entries() // 2}", 30)
        yield Path(name, region.consumer, region.target, ENDPOINT, TARGET, [(region.consumer, "eth0"), (region.target, "eth0")])
