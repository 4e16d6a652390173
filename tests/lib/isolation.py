"""Network namespaces without the ip command's help."""
import contextlib
import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def bring_up(device):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", device.encode(), 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", device.encode(), flags | IFF_UP))


def enter_new_network():
    """Moves this thread, and what it starts from now on, into a new namespace whose only device is lo, up."""
    _check(_libc.unshare(CLONE_NEWNET), "unshare")
    bring_up("lo")


@contextlib.contextmanager
def inside(netns):
    """Runs the block in /run/netns/NETNS; only this thread is there. Sockets stay where they were made."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(f"/run/netns/{netns}", "rb") as there:
        _check(_libc.setns(there.fileno(), CLONE_NEWNET), f"enter {netns}")
        try:
            yield
        finally:
            _check(_libc.setns(here.fileno(), CLONE_NEWNET), "go back")


SIOCETHTOOL = 0x8946
# ETHTOOL_STXCSUM, STSO, SGSO, SGRO: what a device leaves to the next one.
_OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)


def without_offloads(netns, device="eth0"):
    """The device computes checksums itself, and neither sends nor gathers segments larger than the MTU."""
    with inside(netns), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(sock, SIOCETHTOOL, struct.pack("16sP", device.encode(), ctypes.addressof(value)) + bytes(16))
