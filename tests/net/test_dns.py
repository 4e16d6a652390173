"""The VPC's resolver as an instance sees it."""
import dns.exception
import dns.flags
import dns.rcode
import pytest
from network import tcp_from
from waiting import wait_for

PUBLIC = "203.0.113.10"
NAME = "ec2.ap-northeast-1.amazonaws.com"
LINK_LOCAL = "169.254.169.253"


@pytest.fixture(scope="module")
def shared(region):
    """A VPC with an endpoint and an instance, for the tests that only ask."""
    from network import Vpc
    vpc = Vpc(region, region.new_account())
    vpc.machine = vpc.instance()
    vpc.made = vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    [vpc.address] = vpc.addresses(vpc.made)
    return vpc


@pytest.mark.parametrize("server", [None, LINK_LOCAL])
@pytest.mark.parametrize("tcp", [False, True])
def test_both_addresses_over_udp_and_tcp(shared, server, tcp):
    answer = shared.machine.ask(NAME, server=server, tcp=tcp)
    assert answer.rcode() == dns.rcode.NOERROR
    assert [item.address for item in answer.answer[0]] == [shared.address]
    assert answer.answer[0].ttl == 60
    assert answer.flags & dns.flags.RA


def test_names_in_any_case(shared):
    assert shared.machine.resolve("EC2.Ap-NorthEast-1.AmazonAWS.com") == [shared.address]


def test_regional_and_zonal_names(shared):
    for entry in shared.made["DnsEntries"]:
        assert shared.machine.resolve(entry["DnsName"]) == [shared.address]


def test_endpoint_names_resolve_in_other_vpcs_too(shared, vpc):
    """They are public names: an address comes, and no way to it."""
    stranger = vpc.instance()
    name = shared.made["DnsEntries"][0]["DnsName"]
    assert stranger.resolve(name) == [shared.address]
    assert stranger.times_out(shared.address, 443)


def test_a_private_name_has_no_other_types(shared):
    answer = shared.machine.ask(NAME, "AAAA")
    assert answer.rcode() == dns.rcode.NOERROR and not answer.answer
    assert answer.authority, "NODATA carries the zone's SOA"


def test_under_a_private_name_is_nothing(shared):
    assert shared.machine.ask("x." + NAME).rcode() == dns.rcode.NXDOMAIN


def test_beside_a_private_name_is_the_public_zone(shared):
    assert shared.machine.resolve("sts.ap-northeast-1.amazonaws.com") == [PUBLIC]
    assert shared.machine.resolve("ec2.eu-west-1.amazonaws.com") == ["198.51.100.7"]


def test_other_names_come_from_the_upstream(shared):
    assert shared.machine.resolve("www.example.org") == ["192.0.2.80", "192.0.2.81"]
    assert shared.machine.resolve("alias.example.org") == ["192.0.2.80", "192.0.2.81"]
    assert shared.machine.ask("nothing.example.org").rcode() == dns.rcode.NXDOMAIN


def test_edns_and_truncation(shared):
    plain = shared.machine.ask("long.example.org", "TXT", use_edns=False)
    assert plain.flags & dns.flags.TC and plain.edns == -1
    with_edns = shared.machine.ask("www.example.org", use_edns=0, payload=1232)
    assert with_edns.edns == 0 and with_edns.answer
    whole = shared.machine.ask("long.example.org", "TXT", tcp=True)
    assert not whole.flags & dns.flags.TC and len(whole.answer[0]) == 20


def test_dig_as_it_comes_from_debian(shared):
    answer = shared.machine.run("dig", "+short", NAME)
    assert answer.stdout.split() == [shared.address], answer
    over_tcp = shared.machine.run("dig", "+short", "+tcp", "@" + LINK_LOCAL, NAME)
    assert over_tcp.stdout.split() == [shared.address], over_tcp


def test_the_libc_of_the_instance_asks_the_resolver(shared):
    answer = shared.machine.run("getent", "ahostsv4", NAME)
    assert answer.stdout.split()[0] == shared.address


def test_without_dns_support_nobody_answers(vpc):
    machine = vpc.instance()
    assert machine.resolve("www.example.org")
    vpc.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": False})
    vpc.ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsSupport={"Value": False})

    def silent():
        try:
            machine.ask("www.example.org", timeout_s=0.5)
            return False
        except dns.exception.Timeout:
            return True
    wait_for(silent, "the resolver to be silent")


def test_turning_private_dns_off_and_on(vpc):
    machine = vpc.instance()
    made = vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    [address] = vpc.addresses(made)
    for wanted, found in ((False, PUBLIC), (True, address)):
        vpc.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], PrivateDnsEnabled=wanted)
        vpc.available(made["VpcEndpointId"])
        assert machine.resolve(NAME) == [found]
