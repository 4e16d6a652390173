"""VPCs with instances and endpoints for tests, and sockets inside the instances."""
import contextlib
import ipaddress
import itertools
import socket
import socketserver
import threading

import dns.message
import dns.query
import dns.rdatatype
import dns.resolver
from isolation import inside
from waiting import wait_for

IMAGE = "ami-00000000000000001"
ANYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANYWHERE6 = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
_serial = itertools.count(1)


def tcp_from(cidr, port):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


def tcp6_from(cidr, port):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "Ipv6Ranges": [{"CidrIpv6": cidr}]}


def tcp_from_group(group, port):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": group}]}


class Instance:
    def __init__(self, region, instance_id, address, resolver, address6=None):
        self.region, self.id, self.address, self.resolver = region, instance_id, address, resolver
        self.address6 = address6

    def connect(self, host, port, timeout_s=3.0):
        """A connected TCP socket of the instance; OSError where the connection fails."""
        with inside(self.id):
            return socket.create_connection((host, port), timeout=timeout_s)

    def reaches(self, host, port, timeout_s=0.5):
        try:
            self.connect(host, port, timeout_s).close()
            return True
        except OSError:
            return False

    def times_out(self, host, port, timeout_s=0.7):
        """No answer at all: not a refusal, not an unreachable network."""
        try:
            self.connect(host, port, timeout_s).close()
            return False
        except TimeoutError:
            return True

    def ask(self, name, kind="A", server=None, tcp=False, timeout_s=5.0, **options):
        """The whole answer of the VPC's resolver."""
        query = dns.message.make_query(name, kind, **options)
        with inside(self.id):
            if tcp:
                return dns.query.tcp(query, server or self.resolver, timeout=timeout_s)
            return dns.query.udp(query, server or self.resolver, timeout=timeout_s)

    def resolve(self, name, **options):
        """The addresses of a name, IPv4 unless kind="AAAA", sorted."""
        answer = self.ask(name, **options)
        return sorted(item.address for rrset in answer.answer if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
                      for item in rrset)

    def run(self, *command, **options):
        return self.region.execute(self.id, *command, **options)


class Vpc:
    """A VPC with one subnet 10.0.1.0/24; everything is made by the account's calls.

    With ipv6 it has a block of IPv6, and so have its subnets: the first /64s of it, one after the other."""

    def __init__(self, region, account=None, cidr="10.0.0.0/16", zone="ap-northeast-1a", ipv6=False):
        self.region, self.account = region, account or region.root
        self.ec2 = self.account.ec2
        made = self.ec2.create_vpc(CidrBlock=cidr, AmazonProvidedIpv6CidrBlock=ipv6)["Vpc"]
        self.id = made["VpcId"]
        self.cidr6 = made["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] if ipv6 else None
        self._blocks = ipaddress.ip_network(self.cidr6).subnets(new_prefix=64) if ipv6 else None
        self.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        base = cidr.split(".")
        self.resolver = f"{base[0]}.{base[1]}.0.2"
        self.cidr = cidr
        self.subnet = self.add_subnet(f"{base[0]}.{base[1]}.1.0/24", zone)

    def add_subnet(self, cidr, zone):
        more = {"Ipv6CidrBlock": str(next(self._blocks))} if self._blocks else {}
        return self.ec2.create_subnet(VpcId=self.id, CidrBlock=cidr, AvailabilityZone=zone, **more)["Subnet"]["SubnetId"]

    def group(self, *ingress):
        group = self.ec2.create_security_group(GroupName=f"group-{next(_serial)}", Description="test", VpcId=self.id)["GroupId"]
        if ingress:
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(ingress))
        return group

    def instance(self, address=None, groups=(), subnet=None, ipv6=None):
        """A running instance; it has an IPv6 address where its subnet has, unless ipv6 says otherwise."""
        arguments = {"ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet or self.subnet}
        if address:
            arguments["PrivateIpAddress"] = address
        if groups:
            arguments["SecurityGroupIds"] = list(groups)
        if self._blocks and ipv6 is not False:
            arguments["Ipv6AddressCount"] = 1
        made = self.ec2.run_instances(**arguments)["Instances"][0]
        self.region.known_instances.add(made["InstanceId"])

        def running():
            found = self.ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
            return found["State"]["Name"] == "running"
        wait_for(running, f"{made['InstanceId']} to run")
        return Instance(self.region, made["InstanceId"], made["PrivateIpAddress"], self.resolver, made.get("Ipv6Address"))

    def service_name(self, code):
        return f"com.amazonaws.{self.region.name}.{code}"

    def endpoint(self, code, groups=(), subnets=None, **arguments):
        """An available interface endpoint as DescribeVpcEndpoints shows it."""
        if groups:
            arguments["SecurityGroupIds"] = list(groups)
        made = self.ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=self.id, ServiceName=self.service_name(code),
                                            SubnetIds=subnets or [self.subnet], **arguments)["VpcEndpoint"]
        return self.available(made["VpcEndpointId"])

    def available(self, endpoint_id):
        def found():
            endpoint = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]
            return endpoint["State"] == "available" and endpoint
        return wait_for(found, f"{endpoint_id} to be available")

    def addresses(self, endpoint, key="PrivateIpAddress"):
        """The addresses of an endpoint's interfaces, sorted; with the key Ipv6Address those of IPv6."""
        answer = self.ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
        return sorted(i[key] for i in answer["NetworkInterfaces"])


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)


@contextlib.contextmanager
def tcp_server(handle, address="127.0.0.1", port=0, netns=None):
    """Calls handle(socket) in a thread for each connection; yields the port. Listens in the namespace, where one is given."""
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            handle(self.request)
    with inside(netns) if netns else contextlib.nullcontext():
        server = _Server((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def read_all(sock):
    """Everything until the other side ends."""
    parts = []
    while part := sock.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


def echo(sock):
    while part := sock.recv(1 << 16):
        sock.sendall(part)
