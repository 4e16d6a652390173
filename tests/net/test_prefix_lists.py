"""Rules that name a prefix list: what is in the list decides about packets, in every VPC, as soon as the list changes."""
import contextlib

from network import ANYWHERE, Vpc, echo, tcp_server
from waiting import wait_for

PORT = 7008


def make_list(vpc, *cidrs, family="IPv4"):
    made = vpc.ec2.create_managed_prefix_list(PrefixListName="clients", AddressFamily=family, MaxEntries=10,
                                              Entries=[{"Cidr": cidr} for cidr in cidrs])
    return made["PrefixList"]["PrefixListId"]


def change(vpc, prefix_list, added=(), removed=()):
    """The list with the change in force."""
    lists = vpc.ec2.describe_managed_prefix_lists(PrefixListIds=[prefix_list])["PrefixLists"]
    vpc.ec2.modify_managed_prefix_list(
        PrefixListId=prefix_list, CurrentVersion=lists[0]["Version"],
        AddEntries=[{"Cidr": cidr} for cidr in added], RemoveEntries=[{"Cidr": cidr} for cidr in removed])

    def complete():
        return vpc.ec2.describe_managed_prefix_lists(PrefixListIds=[prefix_list])["PrefixLists"][0]["State"] == "modify-complete"
    wait_for(complete, "the change of the prefix list to be in force")


def tcp_from_list(prefix_list):
    return {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "PrefixListIds": [{"PrefixListId": prefix_list}]}


@contextlib.contextmanager
def serving(instance):
    with tcp_server(echo, address=instance.address, port=PORT, netns=instance.id):
        yield


def test_the_entries_decide_in_every_vpc(region, vpc):
    prefix_list = make_list(vpc, "192.0.2.0/24")
    pairs = []
    with contextlib.ExitStack() as servers:
        for each in (vpc, Vpc(region, vpc.account)):
            client, server = each.instance(), each.instance(groups=[each.group(tcp_from_list(prefix_list))])
            servers.enter_context(serving(server))
            assert client.times_out(server.address, PORT)
            pairs.append((client, server))
        change(vpc, prefix_list, added=["10.0.1.0/24"])
        tracked = []
        for client, server in pairs:
            tracked.append(servers.enter_context(client.connect(server.address, PORT)))
        change(vpc, prefix_list, removed=["10.0.1.0/24"])
        for (client, server), sock in zip(pairs, tracked):
            assert client.times_out(server.address, PORT)
            # What is tracked goes on.
            sock.sendall(b"still here")
            assert sock.recv(100) == b"still here"


def test_a_restored_version_is_in_force(vpc):
    prefix_list = make_list(vpc, "10.0.0.0/16")
    client, server = vpc.instance(), vpc.instance(groups=[vpc.group(tcp_from_list(prefix_list))])
    with serving(server):
        assert client.reaches(server.address, PORT)
        change(vpc, prefix_list, removed=["10.0.0.0/16"])
        assert client.times_out(server.address, PORT)
        vpc.ec2.restore_managed_prefix_list_version(PrefixListId=prefix_list, PreviousVersion=1, CurrentVersion=2)
        wait_for(lambda: client.reaches(server.address, PORT), "the former entries to be in force")


def test_as_a_destination(vpc):
    prefix_list = make_list(vpc, "10.0.1.0/24")
    quiet = vpc.group()
    vpc.ec2.revoke_security_group_egress(GroupId=quiet, IpPermissions=[ANYWHERE])
    vpc.ec2.authorize_security_group_egress(GroupId=quiet, IpPermissions=[tcp_from_list(prefix_list)])
    client, server = vpc.instance(groups=[quiet]), vpc.instance(groups=[vpc.group(ANYWHERE)])
    with serving(server):
        assert client.reaches(server.address, PORT)
        change(vpc, prefix_list, removed=["10.0.1.0/24"])
        assert client.times_out(server.address, PORT)
