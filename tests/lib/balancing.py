"""Load balancers, target groups and listeners, made with what most tests want."""


def make_balancer(elbv2, subnets, name="web", **arguments):
    return elbv2.create_load_balancer(Name=name, Type="network", Scheme="internal", Subnets=subnets,
                                      **arguments)["LoadBalancers"][0]


def make_group(elbv2, vpc, name="pool", **arguments):
    settings = {"Protocol": "TCP", "Port": 80, "TargetType": "ip", **arguments}
    return elbv2.create_target_group(Name=name, VpcId=vpc, **settings)["TargetGroups"][0]


def make_listener(elbv2, balancer, group, port=80, protocol="TCP", **arguments):
    return elbv2.create_listener(LoadBalancerArn=balancer, Protocol=protocol, Port=port,
                                 DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
                                 **arguments)["Listeners"][0]


def health(elbv2, group, **arguments):
    """{target: state} of a group."""
    found = elbv2.describe_target_health(TargetGroupArn=group, **arguments)["TargetHealthDescriptions"]
    return {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in found}
