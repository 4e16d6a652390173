#!/usr/bin/env python3
"""Asks a running resolver through dnspython and dig, as its users do; exit 1 with the reason where an answer is wrong.

usage: interop.py SERVER PORT. The server must know the plans of test_region.h.
"""
import subprocess
import sys

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

SERVER, PORT = sys.argv[1], int(sys.argv[2])
ONE, TWO, STRANGER = "127.0.0.11", "127.0.0.21", "127.0.0.99"
EC2 = "ec2.ap-northeast-1.amazonaws.com"
REGIONAL = "vpce-0a-1234.ec2.ap-northeast-1.vpce.amazonaws.com"
DEADLINE_S = 30


def expect(got, want, what):
    if got != want:
        sys.exit(f"{what}: got {got!r}, want {want!r}")


def ask(name, rdtype="A", source=ONE, how=dns.query.udp, **options):
    query = dns.message.make_query(name, rdtype, **options)
    return how(query, SERVER, port=PORT, source=source, timeout=DEADLINE_S)


def addresses(message):
    return sorted(rdata.to_text() for rrset in message.answer for rdata in rrset)


def dig(*arguments, source=ONE):
    command = ["dig", f"@{SERVER}", "-p", str(PORT), "-b", source, "+tries=1", f"+time={DEADLINE_S}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def with_dnspython():
    for how in (dns.query.udp, dns.query.tcp):
        expect(addresses(ask(EC2, how=how)), ["10.0.0.5", "10.0.1.5"], f"{how.__name__} private name")
        expect(addresses(ask(EC2, source=TWO, how=how)), ["203.0.113.10"], f"{how.__name__} public name")
        expect(addresses(ask(REGIONAL, source=TWO, how=how)), ["10.0.0.5", "10.0.1.5"], f"{how.__name__} regional name")
    expect(ask(EC2).answer[0].ttl, 60, "TTL")
    expect(ask("a." + EC2).rcode(), dns.rcode.NXDOMAIN, "a name under a private name")
    missing = ask(EC2, "AAAA")
    expect((missing.rcode(), len(missing.answer)), (dns.rcode.NOERROR, 0), "a missing type")
    expect(missing.authority[0].rdtype, dns.rdatatype.SOA, "its authority")
    expect(ask(EC2, source=STRANGER).rcode(), dns.rcode.REFUSED, "a stranger")
    expect(ask(EC2, use_edns=0, payload=4096).edns, 0, "EDNS")
    expect(ask("example.com").rcode(), dns.rcode.SERVFAIL, "a foreign name without upstreams")


def with_dig():
    expect(sorted(dig("+short", EC2).split()), ["10.0.0.5", "10.0.1.5"], "dig")
    expect(sorted(dig("+short", "+tcp", EC2).split()), ["10.0.0.5", "10.0.1.5"], "dig +tcp")
    expect(sorted(dig("+short", "+noedns", EC2, source=TWO).split()), ["203.0.113.10"], "dig +noedns")
    expect(dig("+short", "six.example", "AAAA").split(), ["fd00::6"], "dig AAAA")
    text = dig("+qr", EC2)
    expect("flags: qr aa rd ra;" in text, True, f"dig's flags in {text}")
    expect("WARNING" in text or "malformed" in text.lower(), False, f"dig's warnings in {text}")
    expect("status: NXDOMAIN" in dig("x." + EC2), True, "dig NXDOMAIN")
    expect("status: REFUSED" in dig(EC2, source=STRANGER), True, "dig REFUSED")
    expect("status: BADVERS" in dig("+edns=1", "+noednsnegotiation", EC2), True, "dig with EDNS version 1")
    # Two on one connection.
    expect(len(dig("+short", "+tcp", "+keepopen", EC2, "+tcp", "+keepopen", REGIONAL).split()), 4, "dig +keepopen")


with_dnspython()
with_dig()
print("all as expected")
