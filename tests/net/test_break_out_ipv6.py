"""As test_break_out.py, from an instance that has an IPv6 address, next to endpoints that lead to IPv4.

docs/isolation.md lists the same attempts; the last test compares them.
"""
import contextlib
import ipaddress
import struct

import pytest
from break_out import CLOSED, ENDPOINT_PORT, IPV6, ME, OPEN_UDP, ROUTER, VICTIM, Scene, listed, outcome
from frames import ACK, ICMP, ICMPV6, PSH, SYN, TCP, UDP, ethernet, icmp6, ip4, ip6, mac, tcp, udp

RESOLVER6, CARRIER = "fd00:ec2::253", "100.64.0.1"
ROUTER6, LOCAL, LOCAL_VICTIM, ALL_NODES = "fe80::1", "fe80::10", "fe80::20", "ff02::1"


@pytest.fixture(scope="module")
def scene(region):
    with contextlib.ExitStack() as stack:
        yield Scene(region, stack, ipv6=True)


# Each attempt: name → (reason, the frame of a scene with these bytes in it).
ATTEMPTS = {}


def many(*attempts):
    for name, reason, make in attempts:
        ATTEMPTS[name] = (reason, make)


def six(s, protocol, payload, source=None, to=None, hops=64):
    return s.own(ip6(source or s.me6, to or s.victim6, protocol, payload, hops), IPV6)


def datagram(s, m, source=None, to=None, port=CLOSED):
    """By default to a port that the victim's groups do not allow."""
    source, to = source or s.me6, to or s.victim6
    return six(s, UDP, udp(source, to, (5000, port), m), source, to)


def segment(s, m, to, port, flags=SYN, from_port=5000, source=None):
    source = source or s.me6
    return six(s, TCP, tcp(source, to, (from_port, port), flags, m), source, to)


def message(s, kind, body, source=None, to=None, hops=64):
    source, to = source or s.me6, to or s.victim6
    return six(s, ICMPV6, icmp6(source, to, kind, body), source, to, hops)


def behind(s, m, first, headers, port=OPEN_UDP, to=None):
    """A datagram behind these headers, of which the first is of this type."""
    to = to or s.victim6
    return six(s, first, headers + udp(s.me6, to, (5000, port), m), to=to)


def discovery(s, kind, m, source=None, target=None, options=b"", hops=255, to=ALL_NODES, frame_source=None):
    """A message of neighbour discovery; the mark stands in an option that nobody knows."""
    source = source or s.me6
    body = bytes(4) + ipaddress.IPv6Address(target or s.victim6).packed + options + b"\xfd\x02" + m
    packet = ip6(source, to, ICMPV6, icmp6(source, to, kind, body), hops)
    return ethernet(ROUTER, frame_source or s.mac, IPV6, packet)


def options(next_header, count=1, kind=60):
    """So many headers of options, without any."""
    return b"".join(bytes([kind if i < count - 1 else next_header, 0, 1, 4, 0, 0, 0, 0]) for i in range(count))


def routing(kind, to, left=1):
    return bytes([UDP, 2, kind, left]) + bytes(4) + ipaddress.IPv6Address(to).packed


def fragment(next_header, offset=0, more=0, number=7):
    return struct.pack("!BBHI", next_header, 0, offset | more, number)


def in_form(prefix, ipv4, shift=0):
    """An IPv4 address within an IPv6 prefix."""
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(ipaddress.IPv4Address(ipv4)) << shift))


def quoted(s, m, port=None, to=None, headers=(TCP, b"")):
    """A segment from the endpoint's side of the attacker's connection, as far as an error quotes it."""
    return ip6(s.endpoint6, to or s.me6, headers[0], headers[1] + tcp(s.endpoint6, s.me6, (ENDPOINT_PORT, port or s.through_port), ACK, m))


many(
    # Names that are not one's own
    ("the victim's address as source", "spoofed_address", lambda s, m: datagram(s, m, s.victim6, s.friend6)),
    ("an address of the own network that nobody has as source", "spoofed_address", lambda s, m: datagram(s, m, s.me6 + "9")),
    ("an address of another VPC as source", "spoofed_address", lambda s, m: datagram(s, m, s.elsewhere6, port=OPEN_UDP)),
    ("the IPv6 endpoint's address as source", "spoofed_address", lambda s, m: datagram(s, m, s.endpoint6)),
    ("the IPv6 resolver's address as source", "spoofed_address", lambda s, m: datagram(s, m, RESOLVER6)),
    ("the router's link-local address as source", "spoofed_address", lambda s, m: datagram(s, m, ROUTER6)),
    ("a link-local address as source", "spoofed_address", lambda s, m: datagram(s, m, LOCAL, port=OPEN_UDP)),
    ("a multicast address as source", "spoofed_address", lambda s, m: datagram(s, m, ALL_NODES)),
    ("::1 as source", "spoofed_address", lambda s, m: datagram(s, m, "::1")),
    (":: as source", "spoofed_address", lambda s, m: datagram(s, m, "::")),
    ("the own IPv4 address in IPv6 as source", "malformed", lambda s, m: datagram(s, m, "::ffff:" + ME, port=OPEN_UDP)),
    ("the own IPv4 address within ::/96 as source", "spoofed_address", lambda s, m: datagram(s, m, in_form("::", ME))),
    ("IPv6 from another's MAC", "spoofed_mac",
     lambda s, m: ethernet(ROUTER, s.victim_mac, IPV6, datagram(s, m, port=OPEN_UDP)[14:])),
    # Neighbour discovery
    ("an advertisement of the victim's address, from the own one", "nd_advertisement",
     lambda s, m: discovery(s, 136, m, options=b"\2\1" + mac(s.mac))),
    ("an advertisement of the victim's address, to the friend", "nd_advertisement",
     lambda s, m: discovery(s, 136, m, to=s.friend6, options=b"\2\1" + mac(s.mac))),
    ("an advertisement of the own address", "nd_advertisement", lambda s, m: discovery(s, 136, m, target=s.me6)),
    ("an advertisement of the router's address", "nd_advertisement", lambda s, m: discovery(s, 136, m, target=ROUTER6)),
    ("a router advertisement with a prefix, from the own address", "nd_advertisement",
     lambda s, m: discovery(s, 134, m, options=bytes([3, 4, 64, 0xC0]) + b"\xff" * 8 + bytes(20))),
    ("a router advertisement from a link-local address", "nd_advertisement", lambda s, m: discovery(s, 134, m, LOCAL)),
    ("a router advertisement in the victim's name", "nd_advertisement", lambda s, m: discovery(s, 134, m, s.victim6)),
    ("a redirect in the router's name, from a port with IPv6", "nd_advertisement",
     lambda s, m: discovery(s, 137, m, ROUTER6, to=s.victim6, options=ipaddress.IPv6Address(s.friend6).packed)),
    ("a solicitation in the victim's name", "spoofed_nd", lambda s, m: discovery(s, 135, m, s.victim6, s.friend6)),
    ("a solicitation in another VPC's name", "spoofed_nd", lambda s, m: discovery(s, 135, m, s.elsewhere6)),
    ("a solicitation from a multicast address", "spoofed_nd", lambda s, m: discovery(s, 135, m, ALL_NODES)),
    ("a solicitation with the victim's MAC in it", "spoofed_nd", lambda s, m: discovery(s, 135, m, options=b"\1\1" + mac(s.victim_mac))),
    ("a solicitation from the victim's MAC", "spoofed_nd", lambda s, m: discovery(s, 135, m, frame_source=s.victim_mac)),
    ("a solicitation from afar, by its own address", "spoofed_nd", lambda s, m: discovery(s, 135, m, hops=254)),
    ("a probe that has a MAC in it", "malformed", lambda s, m: discovery(s, 135, m, "::", options=b"\1\1" + mac(s.mac))),
    ("a solicitation of a multicast address", "malformed", lambda s, m: discovery(s, 135, m, target="ff02::2")),
    ("a solicitation whose option has no length", "malformed", lambda s, m: discovery(s, 135, m, options=b"\1\0" + mac(s.mac))),
    ("a probe for the own address", "nd_unanswered", lambda s, m: discovery(s, 135, m, "::", s.me6)),
    ("a solicitation in fragments", "fragment",
     lambda s, m: six(s, 44, fragment(ICMPV6, more=1) + icmp6(s.me6, ALL_NODES, 135, bytes(4) + ipaddress.IPv6Address(
         s.victim6).packed + b"\xfd\x02" + m), to=ALL_NODES, hops=255)),
    ("a solicitation that is a fragment by itself", "fragment",
     lambda s, m: six(s, 44, fragment(ICMPV6) + icmp6(s.me6, ALL_NODES, 135, bytes(4) + ipaddress.IPv6Address(
         s.victim6).packed + b"\xfd\x02" + m), to=ALL_NODES, hops=255)),
    ("a question for a router", "router_solicitation", lambda s, m: message(s, 133, bytes(4) + b"\xfd\x02" + m, to="ff02::2", hops=255)),
    ("renumbering of routers", "no_route", lambda s, m: message(s, 138, bytes(4) + m, to="ff02::2", hops=255)),
    ("inverse neighbour discovery", "no_route", lambda s, m: message(s, 141, bytes(4) + m, to=ALL_NODES, hops=255)),
    ("a certification path for a router", "no_route", lambda s, m: message(s, 149, bytes(4) + m, to=ALL_NODES, hops=255)),
    ("an advertisement of a multicast router", "no_route", lambda s, m: message(s, 151, bytes(4) + m, to="ff02::6a", hops=1)),
    ("a question about the victim's names", "ingress_denied", lambda s, m: message(s, 139, bytes(4) + m)),
    ("a question for multicast listeners", "multicast_listener", lambda s, m: message(s, 130, bytes(20) + m, LOCAL, ALL_NODES, 1)),
    # Where nothing of the VPC is
    ("::1", "no_route", lambda s, m: datagram(s, m, to="::1", port=53)),
    ("::", "no_route", lambda s, m: datagram(s, m, to="::")),
    ("the host's device by its link-local address", "no_route", lambda s, m: datagram(s, m, to=LOCAL_VICTIM)),
    ("the router's link-local address", "no_route", lambda s, m: datagram(s, m, to=ROUTER6, port=179)),
    ("all nodes of the link", "no_route", lambda s, m: datagram(s, m, to=ALL_NODES)),
    ("all routers of the site", "no_route", lambda s, m: datagram(s, m, to="ff05::2")),
    ("a multicast group of the world", "no_route", lambda s, m: datagram(s, m, to="ff0e::101")),
    ("multicast DNS", "no_route", lambda s, m: datagram(s, m, to="ff02::fb", port=5353)),
    ("a DHCPv6 client's question", "dhcp_question", lambda s, m: datagram(s, m, to="ff02::1:2", port=547)),
    ("the same to a server of the site", "no_route", lambda s, m: datagram(s, m, to="ff05::1:3", port=547)),
    ("the metadata service's IPv6 address", "no_route", lambda s, m: segment(s, m, "fd00:ec2::254", 80)),
    ("the internet by IPv6", "no_route", lambda s, m: datagram(s, m, to="2600::1")),
    ("an address that another VPC has", "no_route", lambda s, m: datagram(s, m, to=s.elsewhere6, port=OPEN_UDP)),
    ("an address of the subnet that nobody has", "no_destination", lambda s, m: datagram(s, m, to=s.me6 + "9")),
    ("the routers of the subnet (anycast)", "no_destination",
     lambda s, m: datagram(s, m, to=str(ipaddress.IPv6Network(s.me6 + "/64", strict=False)[0]))),
    ("oneself by IPv6", "to_itself", lambda s, m: datagram(s, m, to=s.me6)),
    ("a port that the victim's groups do not allow, by IPv6", "ingress_denied", datagram),
    ("an echo that the victim's groups do not allow", "ingress_denied", lambda s, m: message(s, 128, b"\0\7\0\1" + m)),
    ("an answer to an echo that nobody sent", "no_flow", lambda s, m: message(s, 129, b"\0\7\0\1" + m)),
    # Headers
    ("a routing header of type 0 by way of the victim", "routing_header", lambda s, m: behind(s, m, 43, routing(0, s.friend6))),
    ("a routing header of type 2 with none left", "routing_header", lambda s, m: behind(s, m, 43, routing(2, s.friend6, 0))),
    ("a segment routing header", "routing_header", lambda s, m: behind(s, m, 43, routing(4, s.friend6))),
    ("a routing header behind options", "routing_header", lambda s, m: behind(s, m, 60, options(43) + routing(0, s.friend6))),
    ("a routing header behind a fragment header", "routing_header",
     lambda s, m: behind(s, m, 44, fragment(43) + routing(0, s.friend6))),
    ("options before a port that is not allowed", "ingress_denied",
     lambda s, m: behind(s, m, 0, options(60, kind=0) + options(UDP), port=CLOSED)),
    ("seven headers of options", "extension_headers", lambda s, m: behind(s, m, 60, options(UDP, 7))),
    ("options of 264 bytes", "extension_headers", lambda s, m: behind(s, m, 60, bytes([UDP, 32, 1, 255]) + bytes(260))),
    ("options longer than the packet", "malformed", lambda s, m: six(s, 60, bytes([UDP, 9, 1, 4, 0, 0, 0, 0]) + m)),
    ("hop-by-hop options that come twice", "malformed", lambda s, m: behind(s, m, 0, options(0, kind=0) + options(UDP))),
    ("no next header", "ingress_denied", lambda s, m: six(s, 59, m)),
    ("an authentication header", "ingress_denied", lambda s, m: behind(s, m, 51, bytes([UDP, 1]) + bytes(10))),
    ("a header of mobility", "ingress_denied", lambda s, m: six(s, 135, bytes([59, 1, 5, 0, 0, 0]) + m)),
    ("IPv6 in IPv6", "ingress_denied", lambda s, m: six(s, 41, datagram(s, m, s.friend6, port=OPEN_UDP)[14:])),
    ("IPv4 in IPv6", "ingress_denied", lambda s, m: six(s, 4, ip4(VICTIM, ME, UDP, m))),
    ("IPv6 in IPv6 to ::1", "no_route", lambda s, m: six(s, 41, datagram(s, m)[14:], to="::1")),
    ("ICMP of IPv4 in IPv6", "protocol", lambda s, m: six(s, ICMP, b"\x08\0\0\0\0\7\0\1" + m)),
    # Fragments
    ("a segment in fragments of IPv6", "tcp_fragment", lambda s, m: six(s, 44, fragment(TCP, more=1) + tcp(
        s.me6, s.endpoint6, (5000, ENDPOINT_PORT), SYN, m[:4]), to=s.endpoint6)),
    ("a later fragment without a first one", "fragment_unknown", lambda s, m: six(s, 44, fragment(UDP, 8, number=99) + m)),
    ("a later fragment of the victim's datagram", "spoofed_address", lambda s, m: six(s, 44, fragment(UDP, 8) + m, s.victim6, s.friend6)),
    ("a first fragment to a port that is not allowed", "ingress_denied",
     lambda s, m: behind(s, m + bytes(2), 44, fragment(UDP, more=1), CLOSED)),
    ("a whole datagram with a fragment header, to a port that is not allowed", "ingress_denied",
     lambda s, m: behind(s, m, 44, fragment(UDP), CLOSED)),
    ("a first fragment without its whole header", "malformed", lambda s, m: six(s, 44, fragment(UDP, more=1) + m[:4])),
    ("a first fragment that ends within its options", "malformed",
     lambda s, m: six(s, 44, fragment(60, more=1) + bytes([UDP, 9, 1, 4, 0, 0, 0, 0]) + m + bytes(2))),
    ("a later fragment that begins with options", "fragment", lambda s, m: six(s, 44, fragment(60, 8) + options(UDP) + m)),
    ("a fragment within a fragment", "malformed",
     lambda s, m: six(s, 44, fragment(44, more=1, number=5) + fragment(UDP, more=1) + m + bytes(2))),
    ("a fragment that ends beyond 64 KiB", "malformed", lambda s, m: six(s, 44, fragment(UDP, 0xFFF8) + m)),
    ("a middle fragment that is not of units of 8 bytes", "malformed", lambda s, m: six(s, 44, fragment(UDP, 8, 1) + m)),
    # Where IPv6 and IPv4 meet: an endpoint's address leads to its target, and nothing else does
    ("the service behind the endpoint as ::ffff:0:0/96", "malformed", lambda s, m: segment(s, m, "::ffff:" + CARRIER, 443)),
    ("the victim as ::ffff:0:0/96", "malformed", lambda s, m: datagram(s, m, to="::ffff:" + VICTIM, port=OPEN_UDP)),
    ("the victim as 64:ff9b::/96 (NAT64)", "no_route", lambda s, m: datagram(s, m, to=in_form("64:ff9b::", VICTIM), port=OPEN_UDP)),
    ("the service behind the endpoint as 64:ff9b::/96", "no_route", lambda s, m: segment(s, m, in_form("64:ff9b::", CARRIER), 443)),
    ("the victim as 64:ff9b:1::/96", "no_route", lambda s, m: datagram(s, m, to=in_form("64:ff9b:1::", VICTIM), port=OPEN_UDP)),
    ("the victim as ::/96", "no_route", lambda s, m: datagram(s, m, to=in_form("::", VICTIM), port=OPEN_UDP)),
    ("the victim as ::ffff:0:0:0/96 (SIIT)", "no_route",
     lambda s, m: datagram(s, m, to=in_form("::ffff:0:0:0", VICTIM), port=OPEN_UDP)),
    ("the victim as 2002::/16 (6to4)", "no_route", lambda s, m: datagram(s, m, to=in_form("2002::", VICTIM, 80), port=OPEN_UDP)),
    ("the victim's IPv4 address within the own subnet", "no_destination",
     lambda s, m: datagram(s, m, to=in_form(str(ipaddress.IPv6Network(s.me6 + "/64", strict=False)[0]), VICTIM), port=OPEN_UDP)),
    ("the endpoint at another port", "no_listener", lambda s, m: segment(s, m, s.endpoint6, 22)),
    ("the endpoint by another protocol", "no_listener", lambda s, m: datagram(s, m, to=s.endpoint6, port=ENDPOINT_PORT)),
    ("an echo to the endpoint", "no_listener", lambda s, m: message(s, 128, b"\0\7\0\1" + m, to=s.endpoint6)),
    ("an endpoint that is closed to IPv6", "ingress_denied", lambda s, m: segment(s, m, s.closed6, 443)),
    ("the IPv6 resolver at the API's port", "no_route", lambda s, m: segment(s, m, RESOLVER6, s.region.port)),
    ("into the own connection, behind options", "translated_options",
     lambda s, m: six(s, 60, options(TCP) + tcp(s.me6, s.endpoint6, (s.through_port, ENDPOINT_PORT), ACK, m), to=s.endpoint6)),
    ("into the own connection, without hops", "ttl_expired",
     lambda s, m: six(s, TCP, tcp(s.me6, s.endpoint6, (s.through_port, ENDPOINT_PORT), ACK, m), to=s.endpoint6, hops=1)),
    ("into the own connection, from another address", "spoofed_address",
     lambda s, m: segment(s, m, s.endpoint6, ENDPOINT_PORT, ACK | PSH, s.through_port, s.friend6)),
    ("the own connection's segment as the endpoint sends it on", "no_flow",
     lambda s, m: s.own(ip4(ME, CARRIER, TCP, tcp(ME, CARRIER, (s.through_port, 443), ACK | PSH, m)))),
    # ICMP errors
    ("an error that quotes another connection through the endpoint", "icmp_no_flow",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m, s.through_port ^ 1), to=s.endpoint6)),
    ("an error about the victim's connection", "icmp_no_flow",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m, to=s.victim6), to=s.endpoint6)),
    ("an error to somebody else than it quotes", "icmp_no_flow",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m), to=s.victim6)),
    ("an error in the victim's name by IPv6", "spoofed_address",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m), s.victim6, s.endpoint6)),
    ("an error that tells less than 1,280 bytes", "icmp_untranslated",
     lambda s, m: message(s, 2, struct.pack("!I", 600) + quoted(s, m), to=s.endpoint6)),
    ("an error that IPv4 does not have", "icmp_untranslated",
     lambda s, m: message(s, 4, struct.pack("!I", 2) + quoted(s, m), to=s.endpoint6)),
    ("an error that quotes options", "translated_options",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m, headers=(60, options(TCP))), to=s.endpoint6)),
    ("an error that quotes a routing header", "malformed",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m, headers=(43, routing(0, s.friend6))), to=s.endpoint6)),
    ("an error that quotes IPv4", "malformed",
     lambda s, m: message(s, 2, struct.pack("!I", 1280) + ip4(CARRIER, ME, TCP, m), to=s.endpoint6)),
    ("an error whose quote is cut short", "malformed", lambda s, m: message(s, 2, struct.pack("!I", 1280) + quoted(s, m)[:44], to=s.endpoint6)),
    ("an error in fragments", "fragment",
     lambda s, m: six(s, 44, fragment(ICMPV6, more=1) + icmp6(s.me6, s.endpoint6, 2, struct.pack("!I", 1280) + quoted(s, m) + bytes(6)),
                      to=s.endpoint6)),
)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nobody_sees_it_and_it_is_counted(scene, name):
    reason, make = ATTEMPTS[name]
    assert outcome(scene, make) == ({reason: 1}, [])


def test_what_is_allowed_reaches_its_receiver_alone(scene):
    assert outcome(scene, lambda s, m: datagram(s, m, port=OPEN_UDP)) == ({}, ["victim"])
    assert outcome(scene, lambda s, m: behind(s, m, 0, options(60, kind=0) + options(UDP))) == ({}, ["victim"])


def test_a_solicitation_is_answered_to_its_sender_alone(scene):
    for target in (scene.victim6, scene.elsewhere6, scene.endpoint6, ROUTER6):
        assert outcome(scene, lambda s, m, target=target: discovery(s, 135, m, target=target)) == ({}, [])
        assert outcome(scene, lambda s, m, target=target: discovery(s, 135, m, "::", target)) == ({}, [])


def test_the_own_connection_lives_on(scene):
    scene.through.settimeout(5)
    scene.through.sendall(b"still there")
    assert scene.through.recv(100) == b"still there"


def test_the_manual_lists_every_attempt():
    assert listed("By IPv6, from an instance that has an address") == [(name, reason) for name, (reason, _) in ATTEMPTS.items()]
