"""kill -9 in the middle of every changing action: it happened whole or not at all, and nothing half-made is left.

The script below makes and unmakes one of everything in two accounts. Each step is sent while the daemon is killed at a
moment chosen at random (the seed is printed); after the restart the region must be as before the step or as after it,
never between; a step that was answered must have happened; and no resource may refer to one that is not there.
"""
import http.client
import ipaddress
import json
import pathlib
import random
import re
import struct
import subprocess
import threading
import time

import botocore.exceptions
import pytest
from newer import attributes_in, elb_call
from region import Region
from waiting import wait_for

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ZONES = ("ap-northeast-1a", "ap-northeast-1c")
TOPIC = "arn:aws:sns:ap-northeast-1:111122223333:connections"
CUT, RST, FINS = 8, 8, 2 | 4
IN_BETWEEN = ("pending", "deleting", "provisioning", "shutting-down", "modify-in-progress", "restore-in-progress")


class Side:
    """What one account sees."""

    DESCRIPTIONS = (
        ("ec2", "describe_vpcs", "Vpcs"), ("ec2", "describe_subnets", "Subnets"),
        ("ec2", "describe_security_groups", "SecurityGroups"), ("ec2", "describe_security_group_rules", "SecurityGroupRules"),
        ("ec2", "describe_network_interfaces", "NetworkInterfaces"), ("ec2", "describe_instances", "Reservations"),
        ("ec2", "describe_vpc_endpoints", "VpcEndpoints"), ("ec2", "describe_tags", "Tags"),
        ("ec2", "describe_managed_prefix_lists", "PrefixLists"),
        ("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations"),
        ("ec2", "describe_vpc_endpoint_connections", "VpcEndpointConnections"),
        ("ec2", "describe_vpc_endpoint_connection_notifications", "ConnectionNotificationSet"),
        ("elbv2", "describe_load_balancers", "LoadBalancers"), ("elbv2", "describe_target_groups", "TargetGroups"))

    def __init__(self, account):
        self.account, self.ec2, self.elbv2 = account, account.ec2, account.elbv2

    def see(self):
        """Everything, without what changes by itself."""
        out = {key: getattr(getattr(self, client), call)()[key] for client, call, key in self.DESCRIPTIONS}
        for reservation in out["Reservations"]:
            for instance in reservation["Instances"]:
                instance["State"] = {"State": instance["State"]["Name"]}  # as the others say it
        for vpc in out["Vpcs"]:
            for name in ("EnableDnsSupport", "EnableDnsHostnames"):
                out["attribute", vpc["VpcId"], name] = self.ec2.describe_vpc_attribute(
                    VpcId=vpc["VpcId"], Attribute=name[0].lower() + name[1:])[name]
        for prefix_list in out["PrefixLists"]:
            out["entries", prefix_list["PrefixListId"]] = self.ec2.get_managed_prefix_list_entries(
                PrefixListId=prefix_list["PrefixListId"])["Entries"]
        for service in out["ServiceConfigurations"]:
            out["permissions", service["ServiceId"]] = self.ec2.describe_vpc_endpoint_service_permissions(
                ServiceId=service["ServiceId"])["AllowedPrincipals"]
        for balancer in out["LoadBalancers"]:
            arn = balancer["LoadBalancerArn"]
            out["attributes", arn] = self.elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
            out["listeners", arn] = self.elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
            for listener in out["listeners", arn]:
                status, text = elb_call(self.account, "describe_listener_attributes", {"ListenerArn": listener["ListenerArn"]})
                out["attributes", listener["ListenerArn"]] = status, attributes_in(text)
            out["tags", arn] = self.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        for group in out["TargetGroups"]:
            arn = group["TargetGroupArn"]
            out["attributes", arn] = self.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            out["targets", arn] = sorted(
                (target["Target"]["Id"], target["TargetHealth"]["State"] == "draining")
                for target in self.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"])
        return {str(key): json.dumps(value, default=str, sort_keys=True) for key, value in out.items()}

    def first(self, client, call, key, field=None):
        items = getattr(getattr(self, client), call)()[key]
        return items[0][field] if field else items

    # One of each kind, so an id is whatever is there.
    @property
    def vpc(self):
        return self.first("ec2", "describe_vpcs", "Vpcs", "VpcId")

    @property
    def subnets(self):
        return [subnet["SubnetId"] for subnet in sorted(self.ec2.describe_subnets()["Subnets"], key=lambda s: s["CidrBlock"])]

    @property
    def group(self):
        return next(group["GroupId"] for group in self.ec2.describe_security_groups()["SecurityGroups"]
                    if group["GroupName"] == "made")

    @property
    def default_group(self):
        return next(group["GroupId"] for group in self.ec2.describe_security_groups()["SecurityGroups"]
                    if group["GroupName"] == "default" and group["VpcId"] == self.vpc)

    @property
    def rule(self):
        rules = self.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [self.group]}])
        return next(rule["SecurityGroupRuleId"] for rule in rules["SecurityGroupRules"] if rule.get("PrefixListId"))

    @property
    def prefix_list(self):
        return self.first("ec2", "describe_managed_prefix_lists", "PrefixLists", "PrefixListId")

    @property
    def instance(self):
        return next(instance["InstanceId"] for reservation in self.ec2.describe_instances()["Reservations"]
                    for instance in reservation["Instances"])

    @property
    def interface(self):
        return next(each["NetworkInterfaceId"] for each in self.ec2.describe_network_interfaces()["NetworkInterfaces"]
                    if each["Description"].startswith("own"))

    @property
    def instance_interface(self):
        return next(each["NetworkInterfaceId"] for each in self.ec2.describe_network_interfaces()["NetworkInterfaces"]
                    if "InstanceId" in each.get("Attachment", {}))

    @property
    def ipv6_address(self):
        return self.ec2.describe_network_interfaces(NetworkInterfaceIds=[self.instance_interface])["NetworkInterfaces"][0]["Ipv6Address"]

    @property
    def ipv6_block(self):
        return self.first("ec2", "describe_vpcs", "Vpcs", "Ipv6CidrBlockAssociationSet")[0]

    @property
    def subnet_block(self):
        return next(block for subnet in self.ec2.describe_subnets()["Subnets"] for block in subnet["Ipv6CidrBlockAssociationSet"])

    @property
    def endpoint(self):
        return self.first("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId")

    @property
    def service(self):
        return self.first("ec2", "describe_vpc_endpoint_service_configurations", "ServiceConfigurations", "ServiceId")

    @property
    def notification(self):
        return self.first("ec2", "describe_vpc_endpoint_connection_notifications", "ConnectionNotificationSet",
                          "ConnectionNotificationId")

    @property
    def balancer(self):
        return self.first("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn")

    @property
    def target_group(self):
        return self.first("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn")

    @property
    def listener(self):
        return self.elbv2.describe_listeners(LoadBalancerArn=self.balancer)["Listeners"][0]["ListenerArn"]


RULE = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
TARGETS = [{"Id": "10.0.1.10"}, {"Id": "10.0.2.10", "Port": 81}]


def part_of(block, number):
    """The /64 of this number within a block."""
    return str(list(ipaddress.ip_network(block).subnets(new_prefix=64))[number])


def network(side):
    """The steps that both accounts take first: (operation, call)."""
    return [
        ("CreateVpc", lambda: side.ec2.create_vpc(CidrBlock="10.0.0.0/16")),
        ("ModifyVpcAttribute", lambda: side.ec2.modify_vpc_attribute(VpcId=side.vpc, EnableDnsHostnames={"Value": True})),
        ("CreateSubnet", lambda: side.ec2.create_subnet(VpcId=side.vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=ZONES[0])),
        ("CreateSubnet", lambda: side.ec2.create_subnet(VpcId=side.vpc, CidrBlock="10.0.2.0/24", AvailabilityZone=ZONES[1])),
        ("CreateSecurityGroup", lambda: side.ec2.create_security_group(GroupName="made", Description="d", VpcId=side.vpc)),
    ]


def script(provider, consumer):
    p, c = provider, consumer
    forward = lambda: [{"Type": "forward", "TargetGroupArn": p.target_group}]  # noqa: E731
    return network(p) + network(c) + [
        ("ModifySubnetAttribute", lambda: p.ec2.modify_subnet_attribute(
            SubnetId=p.subnets[0], EnableResourceNameDnsARecordOnLaunch={"Value": True})),
        ("AssociateVpcCidrBlock", lambda: p.ec2.associate_vpc_cidr_block(VpcId=p.vpc, AmazonProvidedIpv6CidrBlock=True)),
        ("AssociateSubnetCidrBlock", lambda: p.ec2.associate_subnet_cidr_block(
            SubnetId=p.subnets[0], Ipv6CidrBlock=part_of(p.ipv6_block["Ipv6CidrBlock"], 0))),
        ("AssociateSubnetCidrBlock", lambda: p.ec2.associate_subnet_cidr_block(
            SubnetId=p.subnets[1], Ipv6CidrBlock=part_of(p.ipv6_block["Ipv6CidrBlock"], 1))),
        ("CreateTags", lambda: p.ec2.create_tags(Resources=[p.vpc], Tags=[{"Key": "k", "Value": "v"}])),
        ("AuthorizeSecurityGroupIngress", lambda: p.ec2.authorize_security_group_ingress(GroupId=p.group, IpPermissions=RULE)),
        ("AuthorizeSecurityGroupEgress", lambda: p.ec2.authorize_security_group_egress(GroupId=p.group, IpPermissions=RULE)),
        ("CreateManagedPrefixList", lambda: p.ec2.create_managed_prefix_list(
            PrefixListName="made", AddressFamily="IPv4", MaxEntries=5, Entries=[{"Cidr": "10.0.0.0/16"}])),
        ("AuthorizeSecurityGroupIngress", lambda: p.ec2.authorize_security_group_ingress(
            GroupId=p.group, IpPermissions=[{"IpProtocol": "udp", "FromPort": 80, "ToPort": 80,
                                             "PrefixListIds": [{"PrefixListId": p.prefix_list}]}])),
        ("ModifySecurityGroupRules", lambda: p.ec2.modify_security_group_rules(GroupId=p.group, SecurityGroupRules=[
            {"SecurityGroupRuleId": p.rule, "SecurityGroupRule": {
                "IpProtocol": "udp", "FromPort": 81, "ToPort": 81, "PrefixListId": p.prefix_list}}])),
        ("ModifyManagedPrefixList", lambda: p.ec2.modify_managed_prefix_list(
            PrefixListId=p.prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "10.1.0.0/16"}])),
        ("RestoreManagedPrefixListVersion", lambda: p.ec2.restore_managed_prefix_list_version(
            PrefixListId=p.prefix_list, CurrentVersion=2, PreviousVersion=1)),
        ("RunInstances", lambda: p.ec2.run_instances(
            ImageId="ami-00000000000000001", MinCount=1, MaxCount=1, SubnetId=p.subnets[0], SecurityGroupIds=[p.group],
            PrivateIpAddress="10.0.1.10")),
        ("CreateNetworkInterface", lambda: p.ec2.create_network_interface(SubnetId=p.subnets[0], Description="own")),
        ("ModifyNetworkInterfaceAttribute", lambda: p.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=p.interface, Description={"Value": "own still"})),
        ("AssignIpv6Addresses", lambda: p.ec2.assign_ipv6_addresses(
            NetworkInterfaceId=p.instance_interface, Ipv6AddressCount=1)),
        ("CreateLoadBalancer", lambda: p.elbv2.create_load_balancer(
            Name="lb", Type="network", Scheme="internal", Subnets=p.subnets[:1], SecurityGroups=[p.group])),
        ("SetSubnets", lambda: p.elbv2.set_subnets(LoadBalancerArn=p.balancer, Subnets=p.subnets)),
        ("SetIpAddressType", lambda: p.elbv2.set_ip_address_type(LoadBalancerArn=p.balancer, IpAddressType="dualstack")),
        ("ModifyLoadBalancerAttributes", lambda: p.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=p.balancer, Attributes=[{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}])),
        ("CreateTargetGroup", lambda: p.elbv2.create_target_group(
            Name="tg", Protocol="TCP", Port=80, VpcId=p.vpc, TargetType="ip")),
        ("ModifyTargetGroup", lambda: p.elbv2.modify_target_group(TargetGroupArn=p.target_group, HealthCheckIntervalSeconds=20)),
        ("ModifyTargetGroupAttributes", lambda: p.elbv2.modify_target_group_attributes(
            TargetGroupArn=p.target_group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}])),
        ("RegisterTargets", lambda: p.elbv2.register_targets(TargetGroupArn=p.target_group, Targets=TARGETS)),
        ("CreateListener", lambda: p.elbv2.create_listener(
            LoadBalancerArn=p.balancer, Protocol="TCP", Port=80, DefaultActions=forward())),
        ("ModifyListener", lambda: p.elbv2.modify_listener(ListenerArn=p.listener, Port=81)),
        ("ModifyListenerAttributes", lambda: elb_call(p.account, "modify_listener_attributes", {
            "ListenerArn": p.listener, "Attributes.member.1.Key": "tcp.idle_timeout.seconds",
            "Attributes.member.1.Value": "90"})),
        ("AddTags", lambda: p.elbv2.add_tags(ResourceArns=[p.balancer], Tags=[{"Key": "k", "Value": "v"}])),
        ("CreateVpcEndpointServiceConfiguration", lambda: p.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[p.balancer], AcceptanceRequired=True)),
        ("ModifyVpcEndpointServiceConfiguration", lambda: p.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=p.service, PrivateDnsName="db.example.com")),
        ("StartVpcEndpointServicePrivateDnsVerification", lambda: p.ec2.start_vpc_endpoint_service_private_dns_verification(
            ServiceId=p.service)),
        ("ModifyVpcEndpointServicePermissions", lambda: p.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=p.service, AddAllowedPrincipals=["*"])),
        ("ModifyVpcEndpointServicePayerResponsibility", lambda: p.ec2.modify_vpc_endpoint_service_payer_responsibility(
            ServiceId=p.service, PayerResponsibility="ServiceOwner")),
        ("CreateVpcEndpointConnectionNotification", lambda: p.ec2.create_vpc_endpoint_connection_notification(
            ServiceId=p.service, ConnectionNotificationArn=TOPIC, ConnectionEvents=["Connect", "Reject"])),
        ("ModifyVpcEndpointConnectionNotification", lambda: p.ec2.modify_vpc_endpoint_connection_notification(
            ConnectionNotificationId=p.notification, ConnectionEvents=["Accept", "Delete"])),
        ("CreateVpcEndpoint", lambda: c.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", VpcId=c.vpc, SubnetIds=c.subnets, SecurityGroupIds=[c.group], PrivateDnsEnabled=False,
            ServiceName=f"com.amazonaws.vpce.ap-northeast-1.{p.service}")),
        ("AcceptVpcEndpointConnections", lambda: p.ec2.accept_vpc_endpoint_connections(
            ServiceId=p.service, VpcEndpointIds=[c.endpoint])),
        ("ModifyVpcEndpoint", lambda: c.ec2.modify_vpc_endpoint(VpcEndpointId=c.endpoint, RemoveSubnetIds=c.subnets[1:])),
        ("RejectVpcEndpointConnections", lambda: p.ec2.reject_vpc_endpoint_connections(
            ServiceId=p.service, VpcEndpointIds=[c.endpoint])),
        ("DeleteVpcEndpoints", lambda: c.ec2.delete_vpc_endpoints(VpcEndpointIds=[c.endpoint])),
        ("DeleteVpcEndpointConnectionNotifications", lambda: p.ec2.delete_vpc_endpoint_connection_notifications(
            ConnectionNotificationIds=[p.notification])),
        ("DeleteVpcEndpointServiceConfigurations", lambda: p.ec2.delete_vpc_endpoint_service_configurations(
            ServiceIds=[p.service])),
        ("RemoveTags", lambda: p.elbv2.remove_tags(ResourceArns=[p.balancer], TagKeys=["k"])),
        ("SetSecurityGroups", lambda: p.elbv2.set_security_groups(
            LoadBalancerArn=p.balancer, SecurityGroups=[p.default_group])),
        ("DeregisterTargets", lambda: p.elbv2.deregister_targets(TargetGroupArn=p.target_group, Targets=TARGETS)),
        ("DeleteListener", lambda: p.elbv2.delete_listener(ListenerArn=p.listener)),
        ("DeleteTargetGroup", lambda: p.elbv2.delete_target_group(TargetGroupArn=p.target_group)),
        ("DeleteLoadBalancer", lambda: p.elbv2.delete_load_balancer(LoadBalancerArn=p.balancer)),
        ("DeleteNetworkInterface", lambda: p.ec2.delete_network_interface(NetworkInterfaceId=p.interface)),
        ("UnassignIpv6Addresses", lambda: p.ec2.unassign_ipv6_addresses(
            NetworkInterfaceId=p.instance_interface, Ipv6Addresses=[p.ipv6_address])),
        ("DisassociateSubnetCidrBlock", lambda: p.ec2.disassociate_subnet_cidr_block(
            AssociationId=p.subnet_block["AssociationId"])),
        ("DisassociateSubnetCidrBlock", lambda: p.ec2.disassociate_subnet_cidr_block(
            AssociationId=p.subnet_block["AssociationId"])),
        ("DisassociateVpcCidrBlock", lambda: p.ec2.disassociate_vpc_cidr_block(AssociationId=p.ipv6_block["AssociationId"])),
        ("TerminateInstances", lambda: p.ec2.terminate_instances(InstanceIds=[p.instance])),
        ("RevokeSecurityGroupIngress", lambda: p.ec2.revoke_security_group_ingress(GroupId=p.group, IpPermissions=RULE)),
        ("RevokeSecurityGroupEgress", lambda: p.ec2.revoke_security_group_egress(GroupId=p.group, IpPermissions=RULE)),
        ("RevokeSecurityGroupIngress", lambda: p.ec2.revoke_security_group_ingress(
            GroupId=p.group, SecurityGroupRuleIds=[p.rule])),
        ("DeleteManagedPrefixList", lambda: p.ec2.delete_managed_prefix_list(PrefixListId=p.prefix_list)),
        ("DeleteTags", lambda: p.ec2.delete_tags(Resources=[p.vpc], Tags=[{"Key": "k"}])),
        ("DeleteSecurityGroup", lambda: p.ec2.delete_security_group(GroupId=p.group)),
        ("DeleteSubnet", lambda: p.ec2.delete_subnet(SubnetId=p.subnets[0])),
        ("DeleteSubnet", lambda: p.ec2.delete_subnet(SubnetId=p.subnets[0])),
        ("DeleteVpc", lambda: p.ec2.delete_vpc(VpcId=p.vpc)),
        ("DeleteSecurityGroup", lambda: c.ec2.delete_security_group(GroupId=c.group)),
        ("DeleteSubnet", lambda: c.ec2.delete_subnet(SubnetId=c.subnets[0])),
        ("DeleteSubnet", lambda: c.ec2.delete_subnet(SubnetId=c.subnets[0])),
        ("DeleteVpc", lambda: c.ec2.delete_vpc(VpcId=c.vpc)),
    ]


# What it changes is not seen in any description: a name is pending before and after.
UNSEEN = {"StartVpcEndpointServicePrivateDnsVerification"}


def test_the_script_has_every_changing_action():
    described = {name for path in (ROOT / "api").glob("*.api")
                 for name in re.findall(r"^operation (\w+)", path.read_text(encoding="utf-8"), re.M)}
    changing = {name for name in described if not name.startswith(("Describe", "Get"))}
    assert changing == {name for name, _ in script(None, None)}


class Crashes:
    def __init__(self, region, seed):
        self.region, self.random = region, random.Random(seed)
        self.sides = [Side(region.new_account()) for _ in range(2)]

    def settled(self):
        """What is seen once nothing is on its way."""
        def nothing_between():
            seen = [side.see() for side in self.sides]
            text = json.dumps(seen)
            busy = any(f'\\"State\\": \\"{state}\\"' in text or f'\\"Code\\": \\"{state}\\"' in text for state in IN_BETWEEN)
            return None if busy else seen
        return wait_for(nothing_between, "everything to settle", 30)

    def crash_during(self, call):
        """Sends the call and kills the daemon meanwhile; whether it was answered."""
        answered = threading.Event()

        def send():
            try:
                call()
                answered.set()
            except (botocore.exceptions.HTTPClientError, botocore.exceptions.EndpointConnectionError, OSError,
                    http.client.HTTPException):
                pass
        thread = threading.Thread(target=send)
        thread.start()
        time.sleep(self.random.uniform(0, 0.03))
        self.region.kill()
        thread.join(60)
        self.region.start()
        return answered.is_set()

    def step(self, name, call):
        before = self.settled()
        answered = self.crash_during(call)
        after = self.settled()
        self.check_references(name)
        if name in UNSEEN:
            assert after == before, f"{name} should have changed nothing else"
            call()
        elif after == before:
            assert not answered, f"{name} was answered and did not happen"
            call()
            after = self.settled()
            assert after != before, f"{name} changes nothing that this test sees"

    def check_references(self, name):
        for side in self.sides:
            interfaces = side.ec2.describe_network_interfaces()["NetworkInterfaces"]
            found = {each["NetworkInterfaceId"]: each for each in interfaces}
            owned = {}
            for endpoint in side.ec2.describe_vpc_endpoints()["VpcEndpoints"]:
                assert len(endpoint["NetworkInterfaceIds"]) == len(endpoint["SubnetIds"]), name
                owned.update(dict.fromkeys(endpoint["NetworkInterfaceIds"], "vpc_endpoint"))
            for reservation in side.ec2.describe_instances()["Reservations"]:
                for instance in reservation["Instances"]:
                    owned.update(dict.fromkeys((i["NetworkInterfaceId"] for i in instance["NetworkInterfaces"]), "interface"))
            balanced = [each for each in interfaces if each["InterfaceType"] == "network_load_balancer"]
            zones = [zone["SubnetId"] for lb in side.elbv2.describe_load_balancers()["LoadBalancers"]
                     for zone in lb["AvailabilityZones"]]
            assert sorted(each["SubnetId"] for each in balanced) == sorted(zones), name
            owned.update(dict.fromkeys((each["NetworkInterfaceId"] for each in balanced), "network_load_balancer"))
            owned.update((key, "interface") for key, each in found.items() if each["Status"] == "available")
            assert {key: each["InterfaceType"] for key, each in found.items()} == owned, name
            addresses = [(each["VpcId"], each["PrivateIpAddress"]) for each in interfaces]
            assert len(addresses) == len(set(addresses)), name


def bpftool(*words):
    return json.loads(subprocess.run(["bpftool", "-j", *words], capture_output=True, text=True, check=True).stdout)


def maps_of(region):
    """The maps of the region's program, whose constants hold its tag: name → (id, type)."""
    for program in bpftool("prog", "show"):
        if program.get("name") != "ginnel_port":
            continue
        maps = [bpftool("map", "show", "id", str(each)) for each in program["map_ids"]]
        constants = next(each for each in maps if each["name"].endswith(".rodata"))
        value = bpftool("map", "dump", "id", str(constants["id"]))[0]["value"]
        if region.tag().encode() in octets_of(value):
            return {each["name"]: (each["id"], each["type"]) for each in maps}
    raise AssertionError("no program has the region's tag")


def octets_of(words):
    return bytes(int(word, 16) for word in words)


def is_over(flow):
    """A flow that was cut or has ended; it expires by itself (abi/flow.h: flags and state)."""
    value = octets_of(flow["value"])
    flags, state = struct.unpack_from("=H", value, 46)[0], struct.unpack_from("=I", value, 56)[0]
    return flags & CUT or state & RST or state & FINS == FINS


def ports_of(flow):
    """The two of a flow (abi/flow.h: oif and iif), whose counters stay as long as it does."""
    value = octets_of(flow["value"])
    return {struct.unpack_from("=I", value, offset)[0] for offset in (36, 72)}


def number_in(words):
    return int.from_bytes(octets_of(words), "little")


def map_entries(region):
    """Entries of the program's maps by name, without those of counters and the packets' own, and without flows that are over and
    the counters of their ports."""
    entries = {name: bpftool("map", "dump", "id", str(number)) for name, (number, kind) in maps_of(region).items()
               if kind in ("hash", "lpm_trie", "hash_of_maps")}
    counted = set(region.devices().values())  # the system's stays, and so do its counters
    counted.update(port for flow in entries["flows"] for port in ports_of(flow))
    for name in {"port_counts", "port_drops"} & entries.keys():
        entries[name] = [row for row in entries[name] if number_in(row["key"]) not in counted]
    slots = bpftool("map", "dump", "id", str(maps_of(region)["port_slots"][0]))
    entries["port_slots"] = [row for row in slots if any(octets_of(row["value"]))]
    entries["flows"] = [flow for flow in entries["flows"] if not is_over(flow)]
    return {name: len(each) for name, each in entries.items()}


@pytest.mark.timeout(900)
def test_killed_in_the_middle_of_every_action(record_property):
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    record_property("seed", seed)
    config = 'upstream_resolvers = ["127.0.0.1:9"]\nprivate_dns_verification_s = 600\n'  # nobody listens there
    with Region(dataplane="ebpf", config=config) as region:
        empty = map_entries(region)
        crashes = Crashes(region, seed)
        for name, call in script(*crashes.sides):
            crashes.step(name, call)
        try:
            wait_for(lambda: map_entries(region) == empty, "the maps to be empty again", 20)
        except AssertionError:
            assert map_entries(region) == empty
            raise
