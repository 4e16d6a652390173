"""The story: what an instance reaches before and after an endpoint exists, by which name, and who may."""
import json
import time

from isolation import inside
from network import Vpc, tcp_from
from waiting import wait_for

PUBLIC = "203.0.113.10"
NAME = "ec2.ap-northeast-1.amazonaws.com"
ZONES = ("aws", "ec2", "describe-availability-zones", "--cli-connect-timeout", "2")


def aws(instance, *command):
    return instance.run("env", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", *command)


def zones(answer):
    assert answer.returncode == 0, answer.stderr
    return [zone["ZoneName"] for zone in json.loads(answer.stdout)["AvailabilityZones"]]


def assert_times_out(answer):
    assert answer.returncode != 0 and "Connect timeout on endpoint URL" in answer.stderr, answer


def test_the_story_with_the_aws_command(vpc):
    instance = vpc.instance()
    assert_times_out(aws(instance, *ZONES))
    group = vpc.group(tcp_from("10.0.0.0/16", 443))
    endpoint = vpc.endpoint("ec2", groups=[group], PrivateDnsEnabled=True)
    assert len(zones(aws(instance, *ZONES))) == 3

    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint["VpcEndpointId"], PrivateDnsEnabled=False)
    endpoint = vpc.available(endpoint["VpcEndpointId"])
    assert_times_out(aws(instance, *ZONES))
    for entry in endpoint["DnsEntries"]:
        assert len(zones(aws(instance, *ZONES, "--endpoint-url", f"https://{entry['DnsName']}"))) == 3

    vpc.endpoint("elasticloadbalancing", groups=[group], PrivateDnsEnabled=True)
    answer = aws(instance, "aws", "elbv2", "describe-load-balancers", "--cli-connect-timeout", "2")
    assert answer.returncode == 0 and json.loads(answer.stdout) == {"LoadBalancers": []}, answer.stderr


def test_without_an_endpoint_the_name_leads_nowhere(vpc):
    instance = vpc.instance()
    assert instance.resolve(NAME) == [PUBLIC]
    assert instance.times_out(PUBLIC, 443)
    assert instance.times_out("100.64.0.1", 443)  # the daemon's own address is not for instances
    assert instance.times_out("100.64.0.1", 53)


def test_the_private_name_leads_to_the_endpoint(vpc):
    instance = vpc.instance()
    endpoint = vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    [address] = vpc.addresses(endpoint)
    assert instance.resolve(NAME) == [address]
    assert instance.reaches(address, 443)
    assert instance.times_out(address, 80)  # an endpoint has its service's port and no other


def test_two_zones(vpc):
    other = vpc.add_subnet("10.0.2.0/24", "ap-northeast-1c")
    instance = vpc.instance()
    endpoint = vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))], subnets=[vpc.subnet, other])
    addresses = vpc.addresses(endpoint)
    assert len(addresses) == 2 and instance.resolve(NAME) == addresses
    regional, one, two, private = (entry["DnsName"] for entry in endpoint["DnsEntries"])
    assert instance.resolve(regional) == addresses
    assert sorted(instance.resolve(one) + instance.resolve(two)) == addresses
    assert private == NAME
    for address in addresses:
        assert instance.reaches(address, 443)


def test_security_group_of_the_endpoint(vpc):
    instance = vpc.instance()
    rule = tcp_from("10.0.0.0/16", 443)
    group = vpc.group(rule)
    [address] = vpc.addresses(vpc.endpoint("ec2", groups=[group]))
    assert instance.reaches(address, 443)
    vpc.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    wait_for(lambda: instance.times_out(address, 443), "new connections to time out")
    vpc.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    wait_for(lambda: instance.reaches(address, 443), "new connections to work again")


def test_a_deleted_endpoint_is_out_of_reach(vpc):
    instance = vpc.instance()
    endpoint = vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))])
    [address] = vpc.addresses(endpoint)
    assert instance.reaches(address, 443)
    vpc.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    wait_for(lambda: not vpc.ec2.describe_vpc_endpoints()["VpcEndpoints"], "the endpoint to be gone")
    assert instance.resolve(NAME) == [PUBLIC]
    assert instance.times_out(address, 443)


def test_nothing_leaks_between_vpcs_with_equal_addresses(region, vpc):
    instance = vpc.instance(address="10.0.1.10")
    neighbour = vpc.instance(address="10.0.1.20")
    [address] = vpc.addresses(vpc.endpoint("ec2", groups=[vpc.group(tcp_from("10.0.0.0/16", 443))]))
    assert instance.reaches(address, 443)
    for account in (vpc.account, region.new_account()):  # of the same account, and of another
        other = Vpc(region, account)
        twin = other.instance(address="10.0.1.10")
        assert twin.resolve(NAME) == [PUBLIC]
        assert twin.times_out(address, 443)
        assert twin.times_out(neighbour.address, 443)
        assert instance.reaches(address, 443)


def test_time_from_create_to_first_connect(vpc, record_property):
    """Reported, not asserted. The endpoint's address is known from its answer; the connect is tried until it succeeds."""
    instance = vpc.instance()
    group = vpc.group(tcp_from("10.0.0.0/16", 443))
    figures = []
    for code in ("ec2", "elasticloadbalancing", "sts"):
        vpc.ec2.describe_vpcs()  # the connection to the API is open
        made = vpc.ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc.id, ServiceName=vpc.service_name(code),
                                           SubnetIds=[vpc.subnet], SecurityGroupIds=[group])["VpcEndpoint"]
        answered = time.monotonic()
        with inside(instance.id):
            def connected():
                addresses = instance.resolve(f"{code}.ap-northeast-1.amazonaws.com")
                return addresses != [PUBLIC] and instance.reaches(addresses[0], 443, timeout_s=0.05)
            wait_for(connected, "the first connection", interval_s=0.0005)
        figures.append((time.monotonic() - answered) * 1000)
        vpc.available(made["VpcEndpointId"])
    record_property("create_to_first_connect_ms", ", ".join(f"{f:.1f}" for f in figures))
    print("from CreateVpcEndpoint's answer to the first connection: " + ", ".join(f"{f:.1f} ms" for f in figures))
