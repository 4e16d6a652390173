"""An instance that sends whatever frame it likes gets nothing to where it may not, and each try has its reason.

docs/isolation.md lists the same attempts; the last test compares them.
"""
import contextlib
import ipaddress
import socket
import struct

import pytest
from break_out import (ARP, CLOSED, ENDPOINT_PORT, FLOW_PORT, FRIEND, IPV4, IPV6, ME, NOBODY, OPEN_UDP, ROUTER, VICTIM, Scene, listed,
                       outcome)
from frames import ACK, BROADCAST, ICMP, ICMPV6, PSH, RST, SYN, TCP, UDP, arp, ethernet, icmp, icmp6, ip4, ip6, mac, tcp, udp

PROXY_MARK = 0x50505632
ME6, VICTIM6 = "fe80::10", "fe80::20"


@pytest.fixture(scope="module")
def scene(region):
    with contextlib.ExitStack() as stack:
        yield Scene(region, stack)


# Each attempt: name → (reason, the frame or frames of a scene with these bytes in them). Without a reason the kernel itself
# drops it before the program.
ATTEMPTS = {}


def datagram(source=ME, to=VICTIM, port=CLOSED, mark=b"", **options):
    return ip4(source, to, UDP, udp(source, to, (5000, port), mark), **options)


def segment(mark, source=ME, to=VICTIM, ports=(5000, FLOW_PORT), flags=SYN, **options):
    return ip4(source, to, TCP, tcp(source, to, ports, flags, mark), **options)


def many(*attempts):
    for name, reason, make in attempts:
        ATTEMPTS[name] = (reason, make)


many(
    # Names that are not one's own
    ("another's MAC as source", "spoofed_mac", lambda s, m: ethernet(ROUTER, s.victim_mac, IPV4, datagram(mark=m, port=OPEN_UDP))),
    ("the router's MAC as source", "spoofed_mac", lambda s, m: ethernet(s.victim_mac, ROUTER, IPV4, datagram(mark=m, port=OPEN_UDP))),
    ("a neighbour's address as source", "spoofed_address", lambda s, m: s.own(datagram(FRIEND, mark=m))),
    ("an address of another network as source", "spoofed_address", lambda s, m: s.own(datagram("192.0.2.1", mark=m))),
    ("the endpoint's address as source", "spoofed_address", lambda s, m: s.own(datagram(s.endpoint, mark=m))),
    ("the resolver's address as source", "spoofed_address", lambda s, m: s.own(datagram(s.vpc.resolver, mark=m))),
    ("127.0.0.1 as source", "spoofed_address", lambda s, m: s.own(datagram("127.0.0.1", mark=m))),
    ("0.0.0.0 as source (DHCP's)", "dhcp_question", lambda s, m: s.own(datagram("0.0.0.0", "255.255.255.255", 67, m))),
    ("an address of the carrier network as source", "spoofed_address", lambda s, m: s.own(datagram("100.64.0.1", mark=m))),
    # ARP
    ("ARP reply that claims the router's address", "arp_unanswered",
     lambda s, m: s.own(arp(2, s.mac, ME, s.victim_mac, VICTIM) + m, ARP, s.victim_mac)),
    ("ARP reply with the victim's address as sender", "spoofed_arp",
     lambda s, m: s.own(arp(2, s.mac, VICTIM, BROADCAST, FRIEND) + m, ARP, BROADCAST)),
    ("ARP request with another's address as sender", "spoofed_arp",
     lambda s, m: s.own(arp(1, s.mac, VICTIM, "00:00:00:00:00:00", FRIEND) + m, ARP, BROADCAST)),
    ("ARP request with another's MAC as sender", "spoofed_arp",
     lambda s, m: s.own(arp(1, s.victim_mac, ME, "00:00:00:00:00:00", FRIEND) + m, ARP, BROADCAST)),
    ("gratuitous ARP for another's address", "spoofed_arp",
     lambda s, m: s.own(arp(1, s.mac, VICTIM, "00:00:00:00:00:00", VICTIM) + m, ARP, BROADCAST)),
    ("gratuitous ARP for the own address", "arp_unanswered",
     lambda s, m: s.own(arp(1, s.mac, ME, "00:00:00:00:00:00", ME) + m, ARP, BROADCAST)),
    ("ARP cut short", "malformed", lambda s, m: s.own(arp(1, s.mac, ME, s.mac, VICTIM)[:10] + m, ARP, BROADCAST)),
    # Below IP
    ("to the victim's MAC", "ingress_denied", lambda s, m: s.own(datagram(mark=m), to=s.victim_mac)),
    ("to everybody's MAC", "ingress_denied", lambda s, m: s.own(datagram(mark=m), to=BROADCAST)),
    ("to a multicast MAC", "ingress_denied", lambda s, m: s.own(datagram(mark=m), to="01:00:5e:00:00:01")),
    ("a VLAN tag", "not_ip", lambda s, m: s.own(struct.pack("!HH", 5, IPV4) + datagram(mark=m, port=OPEN_UDP), 0x8100)),
    ("two VLAN tags", "not_ip",
     lambda s, m: s.own(struct.pack("!HHHH", 5, 0x8100, 6, IPV4) + datagram(mark=m, port=OPEN_UDP), 0x88A8)),
    ("a tag of priority only", "not_ip", lambda s, m: s.own(struct.pack("!HH", 0, IPV4) + datagram(mark=m, port=OPEN_UDP), 0x8100)),
    ("LLDP", "not_ip", lambda s, m: s.own(m, 0x88CC, "01:80:c2:00:00:0e")),
    ("spanning tree (802.2)", "not_ip", lambda s, m: s.own(b"\x42\x42\x03" + m, 17, "01:80:c2:00:00:00")),
    ("MPLS", "not_ip", lambda s, m: s.own(struct.pack("!I", 16 << 12 | 0x1FF) + datagram(mark=m), 0x8847)),
    ("PPPoE", "not_ip", lambda s, m: s.own(struct.pack("!BBHHH", 0x11, 0, 1, 40, 0x21) + datagram(mark=m), 0x8864)),
    ("Ethernet in Ethernet (TEB)", "not_ip", lambda s, m: s.own(s.own(datagram(mark=m)), 0x6558)),
    ("PTP", "not_ip", lambda s, m: s.own(m, 0x88F7)),
    ("RARP", "not_ip", lambda s, m: s.own(m, 0x8035, BROADCAST)),
    ("another port's MAC without any packet", "not_ip", lambda s, m: s.own(m, 0x1234, s.victim_mac)),
    # Where nothing of the VPC is
    ("the host's loopback", "no_route", lambda s, m: s.own(datagram(to="127.0.0.1", mark=m))),
    ("the host's carrier address", "no_route", lambda s, m: s.own(datagram(to="100.64.0.1", port=53, mark=m))),
    ("the API's port at the carrier address", "no_route",
     lambda s, m: s.own(segment(m, to="100.64.0.1", ports=(5000, s.region.port)))),
    ("a translated address of the carrier network", "no_route", lambda s, m: s.own(segment(m, to="100.64.0.10"))),
    ("the source port of another's translated flow", "no_route",
     lambda s, m: s.own(segment(m, to="100.64.0.11", ports=(ENDPOINT_PORT, 10536)))),
    ("the metadata service's address", "no_route", lambda s, m: s.own(segment(m, to="169.254.169.254", ports=(5000, 80)))),
    ("a link-local address", "no_route", lambda s, m: s.own(datagram(to="169.254.1.1", mark=m))),
    ("0.0.0.0", "no_route", lambda s, m: s.own(datagram(to="0.0.0.0", mark=m))),
    ("everybody (255.255.255.255)", "no_route", lambda s, m: s.own(datagram(to="255.255.255.255", mark=m), to=BROADCAST)),
    ("a multicast group", "no_route", lambda s, m: s.own(datagram(to="224.0.0.251", port=5353, mark=m), to="01:00:5e:00:00:fb")),
    ("the internet", "no_route", lambda s, m: s.own(datagram(to="198.51.100.1", mark=m))),
    ("the subnet's broadcast address", "no_destination", lambda s, m: s.own(datagram(to="10.0.1.255", mark=m), to=BROADCAST)),
    ("the router's address", "no_destination", lambda s, m: s.own(datagram(to="10.0.1.1", mark=m))),
    ("an address that only another VPC has", "no_destination", lambda s, m: s.own(datagram(to=NOBODY, mark=m))),
    ("oneself", "to_itself", lambda s, m: s.own(datagram(to=ME, mark=m))),
    ("the resolver's address at the API's port", "no_destination",
     lambda s, m: s.own(segment(m, to=s.vpc.resolver, ports=(5000, s.region.port)))),
    ("an endpoint at a port without a listener", "no_listener", lambda s, m: s.own(segment(m, to=s.endpoint, ports=(5000, 22)))),
    ("an endpoint whose groups do not allow it", "ingress_denied",
     lambda s, m: s.own(segment(m, to=s.endpoint, ports=(5000, ENDPOINT_PORT)))),
    ("a port that the victim's groups do not allow", "ingress_denied", lambda s, m: s.own(datagram(mark=m))),
    ("the same with the mark of a segment that comes again", "ingress_denied", lambda s, m: (s.own(datagram(mark=m)), PROXY_MARK)),
    # Packets in packets
    ("VXLAN to the router", "no_destination", lambda s, m: s.own(datagram(to="10.0.1.1", port=4789, mark=b"\x08" + bytes(7) + s.own(datagram(mark=m))))),
    ("VXLAN to the host's loopback", "no_route", lambda s, m: s.own(datagram(to="127.0.0.1", port=4789, mark=b"\x08" + bytes(7) + m))),
    ("GENEVE to the carrier address", "no_route", lambda s, m: s.own(datagram(to="100.64.0.1", port=6081, mark=bytes(8) + m))),
    ("IP in IP", "ingress_denied", lambda s, m: s.own(ip4(ME, VICTIM, 4, datagram(FRIEND, mark=m)))),
    ("IP in IP to the host", "no_route", lambda s, m: s.own(ip4(ME, "127.0.0.1", 4, datagram(FRIEND, mark=m)))),
    ("IPv6 in IPv4", "ingress_denied", lambda s, m: s.own(ip4(ME, VICTIM, 41, ip6(ME6, VICTIM6, UDP, udp(ME6, VICTIM6, (1, 2), m))))),
    ("GRE", "ingress_denied", lambda s, m: s.own(ip4(ME, VICTIM, 47, struct.pack("!HH", 0, IPV4) + datagram(FRIEND, mark=m)))),
    ("ESP", "ingress_denied", lambda s, m: s.own(ip4(ME, VICTIM, 50, bytes(8) + m))),
    ("SCTP", "ingress_denied", lambda s, m: s.own(ip4(ME, VICTIM, 132, bytes(12) + m))),
    # Headers that lie
    ("source routing by way of a neighbour", "ingress_denied",
     lambda s, m: s.own(datagram(mark=m, options=b"\x83\x07\x04" + socket.inet_aton(FRIEND) + b"\0"))),
    ("strict source routing to the host", "no_route",
     lambda s, m: s.own(datagram(to="127.0.0.1", mark=m, options=b"\x89\x07\x04" + socket.inet_aton(VICTIM) + b"\0"))),
    ("record route and router alert", "ingress_denied", lambda s, m: s.own(datagram(mark=m, options=b"\x94\x04\0\0\x07\x07\x04\0\0\0\0\0"))),
    ("IP version 5", "malformed", lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP, version=5))),
    ("an IP header of 16 bytes", "malformed", lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP, ihl=4))),
    ("an IP header longer than the packet", "malformed", lambda s, m: s.own(ip4(ME, VICTIM, UDP, m, ihl=15))),
    ("an IP length beyond the frame", "malformed", lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP, total=1400))),
    ("an IP length below its header", "malformed", lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP, total=19))),
    ("an IP length of 0", "ingress_denied", lambda s, m: s.own(datagram(mark=m, total=0))),
    ("a TCP header cut off", "malformed", lambda s, m: s.own(ip4(ME, VICTIM, TCP, m))),
    ("a TCP header longer than the segment", "malformed",
     lambda s, m: s.own(ip4(ME, VICTIM, TCP, struct.pack("!HHIIBBHHH", 1, FLOW_PORT, 0, 0, 0xF0, SYN, 0, 0, 0) + m))),
    ("a TCP header of 16 bytes", "malformed",
     lambda s, m: s.own(ip4(ME, VICTIM, TCP, struct.pack("!HHIIBBHHH", 1, FLOW_PORT, 0, 0, 0x40, SYN, 0, 0, 0) + m))),
    ("a UDP header cut off", "malformed", lambda s, m: s.own(ip4(ME, VICTIM, UDP, b"\x13\x88\x27\x0f") + m)),
    ("a frame of Ethernet alone", "malformed", lambda s, m: s.own(b"")),
    ("a frame with half an IP header", "malformed", lambda s, m: s.own(b"\x45\0" + m[:10])),
    ("a segment to be cut larger than the MTU", "too_big", lambda s, m: (s.own(segment(m * 2000, flags=SYN)), "cut", 20000)),
    ("a frame larger than the MTU", None, lambda s, m: s.own(datagram(mark=m * 800, port=OPEN_UDP))),
    # Fragments
    ("a first fragment too short for its TCP header", "tcp_fragment",
     lambda s, m: s.own(ip4(ME, VICTIM, TCP, b"\x13\x88\x1b\x5f" + m, fragment=0x2000))),
    ("a fragment over the TCP header before it", "tcp_fragment",
     lambda s, m: s.own(ip4(ME, VICTIM, TCP, bytes(8) + m, fragment=0x0001))),
    ("the last fragment of a TCP segment", "tcp_fragment", lambda s, m: s.own(ip4(ME, VICTIM, TCP, m, fragment=0x0010))),
    ("a later fragment of another protocol", "fragment", lambda s, m: s.own(ip4(ME, VICTIM, 47, m, fragment=0x2003))),
    ("a later fragment of a datagram that nobody began", "fragment_unknown",
     lambda s, m: s.own(ip4(ME, VICTIM, UDP, m, fragment=0x0002))),
    ("a later fragment of another's datagram", "spoofed_address",
     lambda s, m: s.own(ip4(FRIEND, VICTIM, UDP, m, fragment=0x0002))),
    ("a first fragment to a port that the victim's groups do not allow", "ingress_denied",
     lambda s, m: s.own(datagram(mark=m + bytes(2), fragment=0x2000))),
    ("a first fragment too short for its UDP header", "malformed",
     lambda s, m: s.own(ip4(ME, VICTIM, UDP, b"\x13\x88\x27\x0f" + m, fragment=0x2000, total=24))),
    ("a fragment that would end beyond 64 KiB", "malformed", lambda s, m: s.own(ip4(ME, VICTIM, UDP, m, fragment=0x1FFF))),
    ("a fragment in the middle that is not of units of 8 bytes", "malformed",
     lambda s, m: s.own(ip4(ME, VICTIM, UDP, m, fragment=0x2002))),
    ("a first fragment of an ICMP error", "fragment",
     lambda s, m: s.own(ip4(ME, VICTIM, ICMP, icmp(3, 1, bytes(4), datagram(VICTIM, ME, 5555, m) + bytes(6)), fragment=0x2000))),
    # Others' flows
    ("a segment into another's connection", "spoofed_address",
     lambda s, m: s.own(segment(m, FRIEND, ports=(s.flow_port, FLOW_PORT), flags=ACK | PSH))),
    ("a reset into another's connection", "spoofed_address",
     lambda s, m: s.own(segment(m, FRIEND, ports=(s.flow_port, FLOW_PORT), flags=RST))),
    ("a reset into it from the server's side", "spoofed_address",
     lambda s, m: s.own(segment(m, VICTIM, FRIEND, (FLOW_PORT, s.flow_port), RST))),
    ("the same ports under the own address", "no_flow", lambda s, m: s.own(segment(m, ports=(s.flow_port, FLOW_PORT), flags=ACK | PSH))),
    ("a reset without a connection", "no_flow", lambda s, m: s.own(segment(m, flags=RST | ACK))),
    ("a SYN-ACK without a SYN", "no_flow", lambda s, m: s.own(segment(m, to=FRIEND, ports=(FLOW_PORT, s.flow_port), flags=SYN | ACK))),
    ("SYN and RST at once", "no_flow", lambda s, m: s.own(segment(m, flags=SYN | RST))),
    ("a segment without flags", "no_flow", lambda s, m: s.own(segment(m, flags=0))),
    ("all flags", "no_flow", lambda s, m: s.own(segment(m, flags=0xFF))),
    ("a connection back to who is connected to the victim", "ingress_denied",
     lambda s, m: s.own(segment(m, to=FRIEND, ports=(FLOW_PORT, s.flow_port)))),
    ("an answer of DNS without a question", "ingress_denied",
     lambda s, m: s.own(ip4(ME, FRIEND, UDP, udp(ME, FRIEND, (53, 5353), m)))),
    ("an answer to a ping that nobody sent", "no_flow", lambda s, m: s.own(ip4(ME, FRIEND, ICMP, icmp(0, data=m)))),
    ("an ICMP error that quotes another's connection", "icmp_no_flow",
     lambda s, m: s.own(ip4(ME, FRIEND, ICMP, icmp(3, 1, bytes(4), segment(b"", FRIEND, ports=(s.flow_port, FLOW_PORT), flags=ACK) + m)))),
    ("the same in the victim's name", "spoofed_address",
     lambda s, m: s.own(ip4(VICTIM, FRIEND, ICMP, icmp(3, 4, b"\0\0\0\x44", segment(b"", FRIEND, ports=(s.flow_port, FLOW_PORT), flags=ACK) + m)))),
    ("an ICMP error about what the attacker sent itself", "icmp_no_flow",
     lambda s, m: s.own(ip4(ME, VICTIM, ICMP, icmp(3, 3, bytes(4), datagram(port=OPEN_UDP) + m)))),
    ("an ICMP error whose sum is wrong", "malformed",
     lambda s, m: s.own(ip4(ME, VICTIM, ICMP, b"\3\3\0\1" + bytes(4) + datagram(VICTIM, ME, 5555) + m))),
    ("an ICMP redirect", "icmp_type", lambda s, m: s.own(ip4(ME, FRIEND, ICMP, icmp(5, 1, socket.inet_aton(ME), datagram(FRIEND, mark=m))))),
    ("an ICMP router advertisement", "icmp_type", lambda s, m: s.own(ip4(ME, FRIEND, ICMP, icmp(9, 0, b"\1\2\0\x10", m)))),
    ("ICMPv6 in IPv4", "protocol", lambda s, m: s.own(ip4(ME, FRIEND, 58, icmp(128, data=m)))),
)


def six(scene, protocol, payload, source="2001:db8::10", to="2001:db8::20", hops=64):
    return scene.own(ip6(source, to, protocol, payload, hops), IPV6)


def six_udp(mark, source="2001:db8::10", to="2001:db8::20"):
    return udp(source, to, (5000, OPEN_UDP), mark)


def discovery(scene, kind, mark, source=ME6, target="2001:db8::20", options=b"", hops=255):
    """A message of neighbour discovery; the mark stands in an option that nobody knows."""
    to = "ff02::1"
    body = bytes(4) + ipaddress.IPv6Address(target).packed + options + b"\xfd\x02" + mark
    return six(scene, ICMPV6, icmp6(source, to, kind, body), source, to, hops)


def extension(next_header, count=1):
    """So many headers of destination options, without any."""
    return b"".join(bytes([60 if i < count - 1 else next_header, 0, 1, 4, 0, 0, 0, 0]) for i in range(count))


many(
    # IPv6, from an instance that has no IPv6 address
    ("IPv6 without an IPv6 address", "ipv6", lambda s, m: six(s, UDP, six_udp(m))),
    ("IPv4 addresses written as IPv6's", "malformed",
     lambda s, m: six(s, UDP, six_udp(m, "::ffff:" + ME, "::ffff:" + VICTIM), "::ffff:" + ME, "::ffff:" + VICTIM)),
    ("another's IPv4 address as IPv6's destination", "malformed", lambda s, m: six(s, UDP, six_udp(m), to="::ffff:" + VICTIM)),
    ("IPv6 to a link-local address", "ipv6", lambda s, m: six(s, UDP, six_udp(m, ME6, VICTIM6), ME6, VICTIM6)),
    ("an IPv6 routing header", "routing_header",
     lambda s, m: six(s, 43, bytes([UDP, 2, 0, 1]) + bytes(4) + ipaddress.IPv6Address("2001:db8::20").packed + six_udp(m))),
    ("seven extension headers", "extension_headers", lambda s, m: six(s, 60, extension(UDP, 7) + six_udp(m))),
    ("an extension header longer than the packet", "malformed", lambda s, m: six(s, 60, bytes([UDP, 9, 1, 4, 0, 0, 0, 0]) + m)),
    ("hop-by-hop options behind others", "malformed", lambda s, m: six(s, 60, extension(0) + extension(UDP) + six_udp(m))),
    ("a fragment of a segment behind options", "tcp_fragment",
     lambda s, m: six(s, 60, extension(44) + bytes([TCP, 0, 0, 1, 0, 0, 0, 7]) + m + bytes(2))),
    ("two fragment headers", "malformed",
     lambda s, m: six(s, 44, bytes([44, 0, 0, 1, 0, 0, 0, 7]) + bytes([UDP, 0, 0, 1, 0, 0, 0, 7]) + m + bytes(2))),
    ("ICMP in IPv6", "protocol", lambda s, m: six(s, ICMP, icmp(8, data=m))),
    ("IPv6 of version 4", "malformed", lambda s, m: s.own(b"\x45" + ip6(ME6, VICTIM6, UDP, six_udp(m))[1:], IPV6)),
    ("an IPv6 length beyond the frame", "malformed", lambda s, m: s.own(ip6(ME6, VICTIM6, UDP, six_udp(m) + bytes(99))[:-99], IPV6)),
    ("a router advertisement", "nd_advertisement", lambda s, m: discovery(s, 134, m)),
    ("a router advertisement in the router's name", "nd_advertisement", lambda s, m: discovery(s, 134, m, "fe80::1")),
    ("a neighbour advertisement for the victim's address", "nd_advertisement", lambda s, m: discovery(s, 136, m)),
    ("an ICMPv6 redirect", "nd_advertisement", lambda s, m: discovery(s, 137, m)),
    ("a neighbour solicitation from an address that is not one's own", "spoofed_nd", lambda s, m: discovery(s, 135, m, "2001:db8::20")),
    ("a neighbour solicitation in the router's name", "spoofed_nd", lambda s, m: discovery(s, 135, m, "fe80::1")),
    ("a neighbour solicitation with another's MAC in it", "spoofed_nd",
     lambda s, m: discovery(s, 135, m, options=b"\1\1" + mac(s.victim_mac))),
    ("a neighbour solicitation from afar", "spoofed_nd", lambda s, m: discovery(s, 135, m, hops=64)),
    ("a probe for one's own link-local address", "nd_unanswered", lambda s, m: discovery(s, 135, m, "::", ME6)),
    ("a report of a multicast listener", "multicast_listener",
     lambda s, m: six(s, ICMPV6, icmp6(ME6, "ff02::16", 143, bytes(4) + m), ME6, "ff02::16", 1)),
    ("an ICMPv6 error", "ipv6",
     lambda s, m: six(s, ICMPV6, icmp6("2001:db8::10", "2001:db8::20", 2, struct.pack("!I", 1280) + ip6("2001:db8::20", "2001:db8::10", UDP, six_udp(m))))),
)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nobody_sees_it_and_it_is_counted(scene, name):
    reason, make = ATTEMPTS[name]
    assert outcome(scene, make) == ({reason: 1} if reason else {}, [])


def test_what_is_allowed_reaches_its_receiver_alone(scene):
    """The watchers can see: an allowed datagram is seen at the victim and nowhere else, and is not counted."""
    assert outcome(scene, lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP))) == ({}, ["victim"])
    assert outcome(scene, lambda s, m: s.own(datagram(mark=m, port=OPEN_UDP), to=BROADCAST)) == ({}, ["victim"])


def test_the_connection_of_the_others_lives_on(scene):
    scene.flow.settimeout(5)
    scene.flow.sendall(b"x")
    assert scene.flow.recv(1) == b""  # the server has read a byte, and ended


def test_the_manual_lists_every_attempt():
    assert listed("By IPv4, and by IPv6 without an address") == \
        [(name, reason or "the kernel's device") for name, (reason, _) in ATTEMPTS.items()]
