"""A parser of PROXY protocol v2 headers (haproxy's proxy-protocol.txt section 2.2), for tests: it takes nothing on trust."""
import dataclasses
import socket
import struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
CRC32C, NOOP, AWS = 0x03, 0x04, 0xEA


def crc32c(data):
    """Bit by bit, as RFC 3720 describes it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@dataclasses.dataclass(frozen=True)
class Header:
    source: tuple
    destination: tuple
    endpoint: str  # None where the header names none
    length: int


def read_exactly(sock, count):
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise EOFError(f"the connection ended after {len(data)} of {count} bytes: {data!r}")
        data += part
    return data


def read_header(sock):
    """Reads one header off the socket, and not a byte more."""
    start = read_exactly(sock, 16)
    return parse(start + read_exactly(sock, struct.unpack("!H", start[14:])[0]))


def parse(data):
    """The header that is all of `data`; AssertionError for whatever is not as it should be."""
    assert data[:12] == SIGNATURE, data
    assert data[12:14] in (b"\x21\x11", b"\x21\x21"), "version 2, command PROXY, TCP over IPv4 or IPv6"
    family, length = (socket.AF_INET, 4) if data[13] == 0x11 else (socket.AF_INET6, 16)
    elements = 16 + 2 * length + 4
    assert struct.unpack("!H", data[14:16])[0] == len(data) - 16
    source, destination, source_port, destination_port = struct.unpack(f"!{length}s{length}sHH", data[16:elements])
    values = dict(_values(data, elements))
    assert len(values) == 2 + (AWS in values), "an element is there twice"
    assert not any(values[NOOP])
    at, crc = next((at, value) for kind, at, value in _elements(data, elements) if kind == CRC32C)
    assert struct.unpack("!I", crc)[0] == crc32c(data[:at] + bytes(4) + data[at + 4:]), "the checksum is wrong"
    endpoint = None
    if AWS in values:
        assert values[AWS][0] == 1
        endpoint = values[AWS][1:].decode("ascii")
    return Header((socket.inet_ntop(family, source), source_port), (socket.inet_ntop(family, destination), destination_port),
                  endpoint, len(data))


def _elements(data, at):
    while at < len(data):
        kind, length = struct.unpack("!BH", data[at:at + 3])
        value = data[at + 3:at + 3 + length]
        assert len(value) == length, "an element is cut short"
        yield kind, at + 3, value
        at += 3 + length


def _values(data, at):
    return ((kind, value) for kind, _, value in _elements(data, at))
