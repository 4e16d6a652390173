"""What passes a device, counted by a packet socket of its own: the other side of the data plane's counters."""
import collections
import contextlib
import socket
import struct
import threading

from isolation import inside

ETH_P_ALL, ETH_HEADER = 3, 14
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_STATISTICS, SO_RCVBUFFORCE = 263, 6, 33
RST = 4

Total = collections.namedtuple("Total", "frames bytes")


class Capture:
    """Counts the IPv4 frames of TCP and UDP at a namespace's eth0, with their Ethernet headers and as the stack hands them
    over: one that is still to be cut into segments is one. A context manager."""

    def __init__(self, netns):
        with inside(netns):
            self._sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self._sock.bind(("eth0", ETH_P_ALL))
        self._sock.settimeout(0.05)
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._counts = collections.defaultdict(lambda: [0, 0])  # (sent, protocol, far address, far port, RST) → frames, bytes
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join(10)
        lost = struct.unpack("II", self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        self._sock.close()
        assert lost == 0, f"the packet socket lost {lost} frames"

    def _run(self):
        buffer = bytearray(128)
        while not self._ending.is_set():
            with contextlib.suppress(TimeoutError):
                length, address = self._sock.recvfrom_into(buffer, len(buffer), socket.MSG_TRUNC)
                self._note(buffer, length, address[2] == PACKET_OUTGOING)

    def _note(self, frame, length, sent):
        if frame[12:14] != b"\x08\x00" or frame[23] not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
            return
        at = ETH_HEADER + (frame[14] & 15) * 4
        source, destination = socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34])
        ports = struct.unpack("!HH", frame[at:at + 4])
        reset = frame[23] == socket.IPPROTO_TCP and frame[at + 13] & RST != 0
        far = (destination, ports[1]) if sent else (source, ports[0])
        with self._lock:
            count = self._counts[(sent, frame[23], *far, reset)]
            count[0] += 1
            count[1] += length

    def total(self, address, port, sent=None, protocol=None, reset=None):
        """Of frames to and from that far end; None: both."""
        frames = size = 0
        with self._lock:
            for (key_sent, key_protocol, far_address, far_port, key_reset), count in self._counts.items():
                if (far_address, far_port) == (address, port) and sent in (None, key_sent) \
                        and protocol in (None, key_protocol) and reset in (None, key_reset):
                    frames += count[0]
                    size += count[1]
        return Total(frames, size)
