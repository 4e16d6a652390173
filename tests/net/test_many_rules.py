"""As many security groups and rules as an interface may have: 16 of them, and 1,000 rules in force each way in each family."""
import contextlib

import botocore.exceptions
import pytest
from network import Vpc, echo, read_all, tcp_server
from region import Region
from waiting import wait_for

GROUPS, RULES, FIRST_PORT = 16, 1000, 2000
LAST_PORT = FIRST_PORT + RULES - 1  # rules are judged in the order of their ports
PORTS = (FIRST_PORT, FIRST_PORT + 500, LAST_PORT, LAST_PORT + 1)


@pytest.fixture(scope="module")
def region():
    with Region(dataplane="ebpf", config="rules_per_security_group = 1000\n") as started:
        yield started


@pytest.fixture
def vpc(region):
    return Vpc(region, region.new_account(), ipv6=True)


def rules(ports, peer, peer6):
    """One of each port and family."""
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": f"{peer}/32"}],
             "Ipv6Ranges": [{"CidrIpv6": f"{peer6}/128"}]} for port in ports]


def give_groups(vpc, instance, peer, egress):
    """16 groups with 1,000 rules for the peer: as such, the ports of each lie between those of all others."""
    groups = [vpc.group() for _ in range(GROUPS)]
    for number, group in enumerate(groups):
        own = rules(range(FIRST_PORT + number, LAST_PORT + 1, GROUPS), peer.address, peer.address6)
        if egress:
            standing = vpc.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
            vpc.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=standing)
            vpc.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=own)
        else:
            vpc.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=own)
    interface = vpc.ec2.describe_network_interfaces(
        Filters=[{"Name": "attachment.instance-id", "Values": [instance.id]}])["NetworkInterfaces"][0]["NetworkInterfaceId"]
    vpc.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)
    return groups


def serve(stack, instance, ports):
    for address in (instance.address, instance.address6):
        for port in ports:
            stack.enter_context(tcp_server(echo, address=address, port=port, netns=instance.id))


def passes_data(client, host, port):
    with client.connect(host, port) as sock:
        sock.sendall(b"x" * 100_000)
        sock.shutdown(1)
        return read_all(sock) == b"x" * 100_000


def refuses_one_more(vpc, group, call):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(vpc.ec2, call)(GroupId=group, IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
    return refused.value.response["Error"]["Code"] == "RulesPerSecurityGroupLimitExceeded"


@pytest.mark.parametrize("egress", (False, True), ids=("ingress", "egress"))
def test_the_last_rule_counts_as_the_first(vpc, egress):
    """Ingress: of the server, for one client. Egress: of the client, for one server."""
    anything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    client, server, other = (vpc.instance(groups=[vpc.group(*anything)]) for _ in range(3))
    groups = give_groups(vpc, client, server, True) if egress else give_groups(vpc, server, client, False)
    with contextlib.ExitStack() as stack:
        serve(stack, server, PORTS)
        serve(stack, other, PORTS[2:3])
        for host in (server.address, server.address6):
            for port in PORTS[:3]:
                assert passes_data(client, host, port), (host, port)
            assert client.times_out(host, LAST_PORT + 1), host
        # What no rule names: another client of the server's, another server of the client's.
        for host in (other.address, other.address6) if egress else (server.address, server.address6):
            assert (client if egress else other).times_out(host, LAST_PORT), host
        call = f"authorize_security_group_{'egress' if egress else 'ingress'}"
        assert refuses_one_more(vpc, groups[0], call)
        # Without its rule the last port is closed.
        getattr(vpc.ec2, call.replace("authorize", "revoke"))(
            GroupId=groups[(RULES - 1) % GROUPS], IpPermissions=rules(
                [LAST_PORT], *((server.address, server.address6) if egress else (client.address, client.address6))))
        for host in (server.address, server.address6):
            wait_for(lambda host=host: not client.reaches(host, LAST_PORT), f"the last rule for {host} to be gone")
            assert client.reaches(host, FIRST_PORT), host
