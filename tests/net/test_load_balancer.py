"""Network load balancers for clients of their own VPC, on real packets."""
import socket
import threading

import pytest
from balancer import LoadBalancer
from isolation import inside
from network import ANYWHERE, Vpc, tcp_from, tcp_server
from waiting import wait_for

PORT = 8080
ZONE_A, ZONE_C = "ap-northeast-1a", "ap-northeast-1c"


def tells(name):
    """A server that tells its name and whom it sees, and then echoes."""
    def handle(sock):
        sock.sendall(f"{name} {sock.getpeername()[0]}\n".encode())
        while part := sock.recv(1 << 16):
            sock.sendall(part)
    return handle


def ask(client, host, port=PORT):
    """(the server's name, the source address that it sees)"""
    with client.connect(host, port) as sock:
        return tuple(sock.makefile().readline().split())


@pytest.fixture
def servers(vpc):
    """Two instances that serve, in two zones."""
    other = vpc.add_subnet("10.0.2.0/24", ZONE_C)
    group = vpc.group(ANYWHERE)
    made = [vpc.instance("10.0.1.10", [group]), vpc.instance("10.0.2.10", [group], subnet=other)]
    vpc.other_subnet = other
    with tcp_server(tells("one"), made[0].address, PORT, made[0].id), tcp_server(tells("two"), made[1].address, PORT, made[1].id):
        yield made


def addresses(servers):
    return [server.address for server in servers]


def test_a_client_reaches_the_target_of_the_nodes_zone(vpc, servers):
    balancer = LoadBalancer(vpc, [vpc.subnet, vpc.other_subnet])
    balancer.listen(PORT, addresses(servers))
    client, nodes = vpc.instance(), balancer.nodes()
    assert client.resolve(balancer.dns_name) == sorted(nodes.values())
    assert client.resolve(f"{ZONE_A}.{balancer.dns_name}") == [nodes[ZONE_A]]
    for _ in range(5):
        assert ask(client, nodes[ZONE_A]) == ("one", nodes[ZONE_A])  # an ip target sees the node's address
        assert ask(client, nodes[ZONE_C]) == ("two", nodes[ZONE_C])
    assert client.times_out(nodes[ZONE_A], PORT + 1)


def test_cross_zone_spreads_over_all_targets(vpc, servers):
    balancer = LoadBalancer(vpc, [vpc.subnet, vpc.other_subnet], **{"load_balancing.cross_zone.enabled": True})
    balancer.listen(PORT, addresses(servers))
    client, node = vpc.instance(), balancer.nodes()[ZONE_A]
    answers = {ask(client, node) for _ in range(40)}
    assert answers == {("one", node), ("two", node)}  # all on one by chance: 2 in 10^12


def test_both_targets_of_a_zone_get_connections(vpc):
    group = vpc.group(ANYWHERE)
    servers = [vpc.instance(groups=[group]) for _ in range(2)]
    balancer, client = LoadBalancer(vpc), vpc.instance()
    with tcp_server(tells("one"), servers[0].address, PORT, servers[0].id):
        with tcp_server(tells("two"), servers[1].address, PORT, servers[1].id):
            balancer.listen(PORT, addresses(servers))
            [node] = balancer.nodes().values()
            assert {ask(client, node)[0] for _ in range(40)} == {"one", "two"}  # by chance all on one: 2 in 10^12


def test_instance_targets_see_the_client(vpc, servers):
    balancer = LoadBalancer(vpc)
    balancer.listen(PORT, [servers[0].id], target_type="instance")
    client = vpc.instance()
    [node] = balancer.nodes().values()
    assert ask(client, node) == ("one", client.address)


def test_ip_targets_see_the_client_where_the_group_says_so(vpc, servers):
    balancer = LoadBalancer(vpc)
    group = balancer.listen(PORT, [servers[0].address], **{"preserve_client_ip.enabled": True})
    client = vpc.instance()
    [node] = balancer.nodes().values()
    assert ask(client, node) == ("one", client.address)
    group.set(**{"preserve_client_ip.enabled": False})
    wait_for(lambda: ask(client, node) == ("one", node), "the node's address to be seen")


def test_udp(vpc):
    server, client = vpc.instance(groups=[vpc.group(ANYWHERE)]), vpc.instance()
    with inside(server.id):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((server.address, PORT))
    with inside(client.id):
        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock, asker, tcp_server(tells("one"), server.address, PORT, server.id):  # UDP targets are probed by TCP
        balancer = LoadBalancer(vpc)
        balancer.listen(PORT, [server.address], protocol="UDP")
        [node] = balancer.nodes().values()
        for each in (sock, asker):
            each.settimeout(5)
        asker.sendto(b"question", (node, PORT))
        data, peer = sock.recvfrom(100)
        assert (data, peer[0]) == (b"question", client.address)  # UDP targets always see the client
        sock.sendto(b"answer", peer)
        assert asker.recvfrom(100) == (b"answer", (node, PORT))


def test_security_groups_of_the_load_balancer(vpc, servers):
    rule = tcp_from("10.0.1.0/24", PORT)
    group = vpc.group(rule)
    balancer = LoadBalancer(vpc, groups=[group])
    balancer.listen(PORT, [servers[0].address])
    [node] = balancer.nodes().values()
    near, far = vpc.instance(), vpc.instance(subnet=vpc.other_subnet)
    assert ask(near, node)[0] == "one"
    assert far.times_out(node, PORT)  # its own address counts, not the node's
    vpc.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    wait_for(lambda: near.times_out(node, PORT), "new connections to time out")


def test_targets_may_let_in_the_load_balancers_group_only(vpc):
    front = vpc.group(tcp_from("10.0.0.0/16", PORT))
    back = vpc.group({"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "UserIdGroupPairs": [{"GroupId": front}]})
    server, client = vpc.instance(groups=[back]), vpc.instance()
    with tcp_server(tells("one"), server.address, PORT, server.id):
        balancer = LoadBalancer(vpc, groups=[front])
        balancer.listen(PORT, [server.id], target_type="instance")
        [node] = balancer.nodes().values()
        assert ask(client, node) == ("one", client.address)
        assert client.times_out(server.address, PORT)  # not past the load balancer


def test_a_dead_target_is_found_and_its_connections_are_reset(vpc):
    group = vpc.group(ANYWHERE)
    servers = [vpc.instance(groups=[group]) for _ in range(2)]
    balancer, client = LoadBalancer(vpc), vpc.instance()
    with tcp_server(tells("two"), servers[1].address, PORT, servers[1].id):
        with tcp_server(tells("one"), servers[0].address, PORT, servers[0].id):
            targets = balancer.listen(PORT, addresses(servers))
            [node] = balancer.nodes().values()
            held = {}
            while len(held) < 2:
                sock = client.connect(node, PORT)
                held.setdefault(sock.makefile().readline().split()[0], sock)
        # Its server is gone, its connections are still there: their threads echo.
        targets.until(servers[0].address, "unhealthy")
        assert targets.health()[servers[0].address][1] == "Target.FailedHealthChecks"
        with pytest.raises(ConnectionResetError):
            held["one"].settimeout(10)
            held["one"].recv(1)
        held["two"].sendall(b"still here")
        assert held["two"].recv(100) == b"still here"
        assert {ask(client, node)[0] for _ in range(10)} == {"two"}
        for sock in held.values():
            sock.close()


def test_a_zone_without_healthy_targets_leaves_the_name(vpc, servers):
    balancer = LoadBalancer(vpc, [vpc.subnet, vpc.other_subnet])
    targets = balancer.listen(PORT, addresses(servers))
    client, nodes = vpc.instance(), balancer.nodes()
    targets.deregister(servers[0].address)
    wait_for(lambda: client.resolve(balancer.dns_name) == [nodes[ZONE_C]], "the name to lead to the other zone")


def test_deregistration_drains(vpc, servers):
    balancer = LoadBalancer(vpc)
    targets = balancer.listen(PORT, [servers[0].address], **{"deregistration_delay.timeout_seconds": 4})
    client = vpc.instance()
    [node] = balancer.nodes().values()
    with client.connect(node, PORT) as sock:
        sock.makefile().readline()
        targets.deregister(servers[0].address)
        assert targets.health()[servers[0].address] == ("draining", "Target.DeregistrationInProgress")
        wait_for(lambda: client.times_out(node, PORT), "new connections to get no target")
        sock.sendall(b"goes on")
        assert sock.recv(100) == b"goes on"
        wait_for(lambda: servers[0].address not in targets.health(), "the delay to be over")
    assert client.times_out(node, PORT)


def test_equal_addresses_in_two_vpcs_are_probed_and_served_apart(region, vpc):
    twin = Vpc(region, region.new_account())
    here, there = (each.instance("10.0.1.10", [each.group(ANYWHERE)]) for each in (vpc, twin))
    balancers = [LoadBalancer(each) for each in (vpc, twin)]
    with tcp_server(tells("here"), here.address, PORT, here.id):
        first = balancers[0].listen(PORT, [here.address])
        second = balancers[1].listen(PORT, [there.address], wait=False)
        second.until(there.address, "unhealthy")
        assert first.health()[here.address][0] == "healthy"
        [node] = balancers[0].nodes().values()
        assert ask(vpc.instance(), node)[0] == "here"
        [node] = balancers[1].nodes().values()
        assert not twin.instance().reaches(node, PORT)


def test_http_health_checks(vpc):
    server = vpc.instance(groups=[vpc.group(ANYWHERE)])
    status = {"line": "503 Service Unavailable"}

    def http(sock):
        seen.append(sock.recv(1000).split(b"\r\n")[0])
        sock.sendall(f"HTTP/1.1 {status['line']}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    seen = []
    with tcp_server(http, server.address, PORT, server.id):
        targets = LoadBalancer(vpc).listen(PORT, [server.address], wait=False, HealthCheckProtocol="HTTP",
                                           HealthCheckPath="/up?deep=1", Matcher={"HttpCode": "200-299"})
        targets.until(server.address, "unhealthy")
        assert targets.health()[server.address][1] == "Target.ResponseCodeMismatch"
        assert seen[0] == b"GET /up?deep=1 HTTP/1.1"
        status["line"] = "204 No Content"
        targets.until(server.address, "healthy")


def test_a_deleted_load_balancer_is_out_of_reach(vpc, servers):
    balancer = LoadBalancer(vpc)
    balancer.listen(PORT, [servers[0].address])
    client = vpc.instance()
    [node] = balancer.nodes().values()
    with client.connect(node, PORT) as sock:
        sock.makefile().readline()
        balancer.elbv2.delete_load_balancer(LoadBalancerArn=balancer.arn)
        sock.settimeout(10)
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert client.times_out(node, PORT)


def test_many_clients_at_once(vpc, servers):
    balancer = LoadBalancer(vpc)
    balancer.listen(PORT, [servers[0].address])
    client = vpc.instance()
    [node] = balancer.nodes().values()
    answers, errors = [], []

    def work():
        try:
            for _ in range(50):
                answers.append(ask(client, node))
        except OSError as error:
            errors.append(error)
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and answers == [("one", node)] * 400
