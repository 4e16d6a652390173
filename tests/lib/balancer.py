"""Load balancers, and services that are offered through them, for tests."""
import itertools

from network import ANYWHERE
from waiting import wait_for

_serial = itertools.count(1)


class LoadBalancer:
    """A network load balancer of a VPC, one node in each of the subnets."""

    def __init__(self, vpc, subnets=None, groups=(), address_type="ipv4", **attributes):
        self.vpc, self.elbv2 = vpc, vpc.account.elbv2
        arguments = {"SecurityGroups": list(groups)} if groups else {}
        arguments["IpAddressType"] = address_type
        self.name = f"lb-{next(_serial)}"
        made = self.elbv2.create_load_balancer(Name=self.name, Type="network", Scheme="internal",
                                               Subnets=subnets or [vpc.subnet], **arguments)["LoadBalancers"][0]
        self.arn, self.dns_name = made["LoadBalancerArn"], made["DNSName"]
        if attributes:
            self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=self.arn, Attributes=as_attributes(attributes))
        wait_for(lambda: self.describe()["State"]["Code"] == "active", f"{self.name} to be active")

    def describe(self):
        return self.elbv2.describe_load_balancers(LoadBalancerArns=[self.arn])["LoadBalancers"][0]

    def nodes(self, key="PrivateIpAddress"):
        """Zone → the node's address; its IPv6 address with the key Ipv6Address."""
        interfaces = self.vpc.ec2.describe_network_interfaces(
            Filters=[{"Name": "description", "Values": [f"ELB {self.arn.split(':loadbalancer/')[1]}"]}])["NetworkInterfaces"]
        return {interface["AvailabilityZone"]: interface[key] for interface in interfaces}

    def listen(self, port, targets, protocol="TCP", target_port=None, target_type="ip", listener=None, wait=True, **settings):
        """A listener, and a target group behind it; settings with a dot are attributes of the group."""
        attributes = {key: value for key, value in settings.items() if "." in key}
        settings = {key: value for key, value in settings.items() if "." not in key}
        group = TargetGroup(self.vpc, protocol, target_port or port, target_type, attributes, **settings)
        group.register(targets)
        group.listener = self.elbv2.create_listener(
            LoadBalancerArn=self.arn, Protocol=protocol, Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group.arn}])["Listeners"][0]["ListenerArn"]
        if listener:
            self.elbv2.modify_listener_attributes(ListenerArn=group.listener, Attributes=as_attributes(listener))
        if wait:
            group.until_healthy(targets)
        return group


class TargetGroup:
    def __init__(self, vpc, protocol, port, target_type, attributes, **settings):
        self.vpc, self.elbv2 = vpc, vpc.account.elbv2
        settings = {"HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2, "HealthyThresholdCount": 2, **settings}
        self.arn = self.elbv2.create_target_group(
            Name=f"tg-{next(_serial)}", Protocol=protocol, Port=port, VpcId=vpc.id, TargetType=target_type,
            **settings)["TargetGroups"][0]["TargetGroupArn"]
        if attributes:
            self.set(**attributes)

    def set(self, **attributes):
        self.elbv2.modify_target_group_attributes(TargetGroupArn=self.arn, Attributes=as_attributes(attributes))

    def register(self, targets):
        self.elbv2.register_targets(TargetGroupArn=self.arn, Targets=[{"Id": target} for target in targets])

    def deregister(self, *targets):
        self.elbv2.deregister_targets(TargetGroupArn=self.arn, Targets=[{"Id": target} for target in targets])

    def health(self):
        """Target → (state, reason)."""
        found = self.elbv2.describe_target_health(TargetGroupArn=self.arn)["TargetHealthDescriptions"]
        return {each["Target"]["Id"]: (each["TargetHealth"]["State"], each["TargetHealth"].get("Reason")) for each in found}

    def until(self, target, state, deadline_s=40):
        wait_for(lambda: self.health().get(target, ("gone",))[0] == state, f"{target} to be {state}", deadline_s)

    def until_healthy(self, targets):
        for target in targets:
            self.until(target, "healthy")


def as_attributes(values):
    return [{"Key": key, "Value": str(value).lower() if isinstance(value, bool) else str(value)} for key, value in values.items()]


class Service:
    """An endpoint service in front of a load balancer, open to all accounts."""

    def __init__(self, balancer, acceptance=False, principals=("*",), **arguments):
        self.balancer, self.ec2 = balancer, balancer.vpc.ec2
        made = self.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[balancer.arn], AcceptanceRequired=acceptance, **arguments)["ServiceConfiguration"]
        self.id, self.name = made["ServiceId"], made["ServiceName"]
        if principals:
            self.ec2.modify_vpc_endpoint_service_permissions(ServiceId=self.id, AddAllowedPrincipals=list(principals))

    def ask(self, vpc, groups=None, subnets=None, **arguments):
        """A consumer asks for an endpoint; its id. Without groups everything is let in."""
        groups = groups or [vpc.group(ANYWHERE)]
        return vpc.ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc.id, ServiceName=self.name,
                                           SubnetIds=subnets or [vpc.subnet], SecurityGroupIds=groups,
                                           **arguments)["VpcEndpoint"]["VpcEndpointId"]

    def accept(self, *endpoints):
        return self.ec2.accept_vpc_endpoint_connections(ServiceId=self.id, VpcEndpointIds=list(endpoints))

    def reject(self, *endpoints):
        return self.ec2.reject_vpc_endpoint_connections(ServiceId=self.id, VpcEndpointIds=list(endpoints))
