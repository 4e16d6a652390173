"""Frames byte by byte, as somebody sends them who does not ask his kernel, and sockets that see every frame."""
import ipaddress
import socket
import struct

from isolation import inside

ALL = 3  # ETH_P_ALL
BROADCAST = "ff:ff:ff:ff:ff:ff"
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
SYN, RST, ACK, PSH = 2, 4, 16, 8


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data):
    return ~ones_sum(data) & 0xFFFF


def ethernet(to, source, kind, payload):
    return mac(to) + mac(source) + struct.pack("!H", kind) + payload


def ip4(source, destination, protocol, payload, options=b"", fragment=0, ttl=64, total=None, version=4, ihl=None):
    header = 20 + len(options)
    fields = [version << 4 | (ihl if ihl is not None else header // 4), 0, header + len(payload) if total is None else total,
              7, fragment, ttl, protocol, 0, socket.inet_aton(source), socket.inet_aton(destination)]
    fields[7] = checksum(struct.pack("!BBHHHBBH4s4s", *fields) + options)
    return struct.pack("!BBHHHBBH4s4s", *fields) + options + payload


def ip6(source, destination, protocol, payload, hops=64):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, hops, ipaddress.IPv6Address(source).packed,
                       ipaddress.IPv6Address(destination).packed) + payload


def pseudo(source, destination, protocol, length):
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return ends + struct.pack("!II" if ":" in source else "!HH", *((length, protocol) if ":" in source else (protocol, length)))


def transport(source, destination, protocol, segment, at):
    """The segment with its checksum, whose place is `at`."""
    check = checksum(pseudo(source, destination, protocol, len(segment)) + segment)
    return segment[:at] + struct.pack("!H", check) + segment[at + 2:]


def udp(source, destination, ports, data=b""):
    return transport(source, destination, UDP, struct.pack("!HHHH", *ports, 8 + len(data), 0) + data, 6)


def tcp(source, destination, ports, flags, data=b"", sequence=1000, acknowledged=0):
    header = struct.pack("!HHIIBBHHH", *ports, sequence, acknowledged, 5 << 4, flags, 8192, 0, 0)
    return transport(source, destination, TCP, header + data, 16)


def icmp(kind, code=0, rest=b"\0\7\0\1", data=b""):
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def icmp6(source, destination, kind, body):
    return transport(source, destination, ICMPV6, struct.pack("!BBH", kind, 0, 0) + body, 2)


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac(sender_mac) + socket.inet_aton(sender) + \
        mac(target_mac) + socket.inet_aton(target)


class Sender:
    """Frames out of a device of a namespace."""

    def __init__(self, netns, device="eth0"):
        with inside(netns):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.cut = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        for sock in (self.socket, self.cut):
            sock.bind((device, 0))
        self.cut.setsockopt(263, 15, 1)  # SOL_PACKET, PACKET_VNET_HDR

    def send(self, frame, mark=0):
        self.socket.setsockopt(socket.SOL_SOCKET, 36, mark)  # SO_MARK
        self.socket.send(frame)

    def send_to_be_cut(self, frame, segment):
        """As a segment that a device cuts into pieces of so many bytes, and whose checksum it makes: struct virtio_net_hdr."""
        self.cut.send(struct.pack("<BBHHHH", 1, 1, 54, segment, 34, 16) + frame)


class Watcher:
    """Every frame that a device sends or receives."""

    def __init__(self, name, device, netns=None):
        self.name, self.frames = name, []
        if netns:
            with inside(netns):
                self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        else:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
        self.socket.bind((device, ALL))
        self.socket.setblocking(False)

    def saw(self, mark):
        """Whether a frame with these bytes was seen since the last clear()."""
        while True:
            try:
                self.frames.append(self.socket.recv(1 << 17))
            except BlockingIOError:
                return any(mark in frame for frame in self.frames)

    def clear(self):
        self.frames.clear()


class Listener(Watcher):
    """What the namespace of the test itself would take as its own: a raw socket of one protocol."""

    def __init__(self, family, protocol):  # noqa: no device
        self.name, self.frames = f"the host's stack, protocol {protocol}", []
        self.socket = socket.socket(family, socket.SOCK_RAW, protocol)
        self.socket.setblocking(False)
