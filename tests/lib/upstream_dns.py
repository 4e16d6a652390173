"""A DNS server that knows a few names: the outside world for the region's resolver."""
import contextlib
import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

RECORDS = {
    ("www.example.org.", "A"): ("192.0.2.80", "192.0.2.81"),
    ("www.example.org.", "AAAA"): ("2001:db8::80",),
    ("alias.example.org.", "CNAME"): ("www.example.org.",),
    ("long.example.org.", "TXT"): tuple(f'"{i:03d}{"x" * 200}"' for i in range(20)),
    ("ec2.eu-west-1.amazonaws.com.", "A"): ("198.51.100.7",),
}


def answer(wire):
    query = dns.message.from_wire(wire)
    response = dns.message.make_response(query, recursion_available=True)
    response.flags |= dns.flags.AA
    name, kind = str(query.question[0].name).lower(), dns.rdatatype.to_text(query.question[0].rdtype)
    if (name, "CNAME") in RECORDS:
        response.answer.append(dns.rrset.from_text(name, 30, "IN", "CNAME", *RECORDS[(name, "CNAME")]))
        name = RECORDS[(name, "CNAME")][0]
    if (name, kind) in RECORDS:
        response.answer.append(dns.rrset.from_text(name, 30, "IN", kind, *RECORDS[(name, kind)]))
    elif not any(known == name or known.endswith("." + name) for known, _ in RECORDS):
        response.set_rcode(dns.rcode.NXDOMAIN)
        response.authority.append(dns.rrset.from_text("example.org.", 30, "IN", "SOA", "ns.example.org. h.example.org. 1 1 1 1 30"))
    return response


class _Udp(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        query = dns.message.from_wire(data)
        wire = answer(data).to_wire(max_size=65535)
        if len(wire) > (max(query.payload, 512) if query.edns >= 0 else 512):
            response = dns.message.make_response(query, recursion_available=True)
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        sock.sendto(wire, self.client_address)


class _Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while len(header := self.rfile.read(2)) == 2:
            wire = answer(self.rfile.read(struct.unpack("!H", header)[0])).to_wire(max_size=65535)
            self.wfile.write(struct.pack("!H", len(wire)) + wire)


@contextlib.contextmanager
def upstream_dns(address="127.0.0.1"):
    """Yields the port on which it answers, UDP and TCP."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    tcp = socketserver.ThreadingTCPServer((address, 0), _Tcp)
    tcp.daemon_threads = True
    udp = socketserver.ThreadingUDPServer((address, tcp.server_address[1]), _Udp)
    udp.daemon_threads = True
    threads = [threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True) for s in (tcp, udp)]
    for thread in threads:
        thread.start()
    try:
        yield tcp.server_address[1]
    finally:
        for server in (tcp, udp):
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join(10)
