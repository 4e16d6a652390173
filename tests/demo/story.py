#!/usr/bin/env python3
"""The story of PrivateLink, told with the AWS CLI on real packets. Exit 0 only if every step ends as told.

usage: story.py [--keep]; run by ./dev demo. The region lives in a network namespace of its own without an uplink.
"""
import datetime
import subprocess
import sys

from stage import ENDPOINT_URL, IMAGE, REGION, Stage, main  # first: it sets the path of the libraries
import kinesalite
from shell import StoryError, painted, say, terminate

KINESIS_PORT = 4567
CONFIGURATION = f"""\
region = "{REGION}"

[[service]]
name = "kinesis"
upstream = "127.0.0.1:{KINESIS_PORT}"

# Any host:port can stand behind a name.
[[service]]
name = "ssm"
upstream = "127.0.0.1:4568"

[[service]]
name = "servicecatalog"
upstream = "127.0.0.1:4569"
"""
# Run in the instance before the endpoint exists: tells when the first connection to the name succeeds.
PROBE = """
import socket, sys, time
while True:
    try:
        address = socket.gethostbyname(sys.argv[1])
        socket.create_connection((address, 443), timeout=0.01).close()
        print(time.time(), address, flush=True)
        break
    except OSError:
        pass
"""
ZONES = ("aws", "ec2", "describe-availability-zones", "--cli-connect-timeout", "2", "--output", "text")
BALANCERS = ("aws", "elbv2", "describe-load-balancers", "--cli-connect-timeout", "2")


class Story(Stage):
    configuration = CONFIGURATION
    steps = ("start", "network", "out_of_reach", "endpoint", "in_reach", "names", "groups", "balancers", "streams", "neighbour")

    # The steps

    def start(self):
        self.sh.heading("1. A region starts, with an embedded store in a fresh state directory")
        self.start_region()
        self.aws("sts", "get-caller-identity", "--output", "text")

    def network(self):
        self.sh.heading("2. A VPC, a private subnet, security groups, and an instance without any route out")
        self.create("VPC", "Vpc.VpcId", "ec2", "create-vpc", "--cidr-block", "10.0.0.0/16")
        self.aws("ec2", "modify-vpc-attribute", "--vpc-id", self.ids["VPC"], "--enable-dns-hostnames")
        self.create("SUBNET", "Subnet.SubnetId", "ec2", "create-subnet", "--vpc-id", self.ids["VPC"], "--cidr-block",
                    "10.0.1.0/24", "--availability-zone", REGION + "a")
        self.create("HOSTS", "GroupId", "ec2", "create-security-group", "--vpc-id", self.ids["VPC"], "--group-name", "hosts",
                    "--description", "private hosts")
        self.create("ENDPOINTS", "GroupId", "ec2", "create-security-group", "--vpc-id", self.ids["VPC"], "--group-name",
                    "endpoints", "--description", "who may use the endpoints")
        self.rule("authorize")
        self.create("INSTANCE", "Instances[0].InstanceId", "ec2", "run-instances", *IMAGE, "--subnet-id",
                    self.ids["SUBNET"], "--security-group-ids", self.ids["HOSTS"], "--private-ip-address", "10.0.1.10")
        self.until_running("INSTANCE")
        self.sh.run(*self.inside("ip", "-brief", "address"))
        self.sh.run(*self.inside("getent", "hosts", f"ec2.{REGION}.amazonaws.com"))

    def rule(self, verb):
        """Authorizes or revokes 443 from the VPC in the endpoints' group."""
        self.aws("ec2", f"{verb}-security-group-ingress", "--group-id", self.ids["ENDPOINTS"], "--protocol", "tcp", "--port",
                 "443", "--cidr", "10.0.0.0/16", "--query", "Return", "--output", "text")

    def out_of_reach(self):
        self.sh.heading("3. The instance cannot reach the service: the connection times out")
        self.sh.times_out(*self.inside(*ZONES))

    def create_endpoint(self, name, service):
        self.create(name, "VpcEndpoint.VpcEndpointId", "ec2", "create-vpc-endpoint", "--vpc-endpoint-type", "Interface",
                    "--vpc-id", self.ids["VPC"], "--service-name", f"com.amazonaws.{REGION}.{service}", "--subnet-ids",
                    self.ids["SUBNET"], "--security-group-ids", self.ids["ENDPOINTS"], "--private-dns-enabled")

    def endpoint(self):
        self.sh.heading("4. An interface endpoint for EC2 is created")
        probe = subprocess.Popen(self.inside("python3", "-c", PROBE, f"ec2.{REGION}.amazonaws.com"), text=True,
                                 env=self.sh.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            self.create_endpoint("EC2", "ec2")
            created = self.aws_quietly("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", self.ids["EC2"], "--query",
                                       "VpcEndpoints[0].CreationTimestamp", "--output", "text")
            connected, address = probe.communicate(timeout=30)[0].split()
        finally:
            terminate(probe)
        after_s = float(connected) - datetime.datetime.fromisoformat(created.replace("Z", "+00:00")).timestamp()
        print(painted(f"  the first connection, to {address}, succeeded {after_s * 1000:.0f} ms after the endpoint was created",
                      "1;32"))
        self.until_available("EC2")

    def in_reach(self):
        self.sh.heading("5. The same command, unchanged, answers")
        self.sh.run(*self.inside("getent", "hosts", f"ec2.{REGION}.amazonaws.com"))
        self.sh.run(*self.inside(*ZONES))

    def names(self):
        self.sh.heading("6. Without private DNS the unchanged command times out; the endpoint's own names work")
        self.aws("ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", self.ids["EC2"], "--no-private-dns-enabled")
        self.until_available("EC2")
        self.sh.times_out(*self.inside(*ZONES))
        names = self.aws("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", self.ids["EC2"], "--query",
                         "VpcEndpoints[0].DnsEntries[].[DnsName]", "--output", "text").split()
        if len(names) != 2:
            raise StoryError(f"the endpoint should have a regional and a zonal name, and has {names}")
        for name in names:
            self.sh.run(*self.inside(*ZONES, "--endpoint-url", f"https://{name}"))
        self.aws("ec2", "modify-vpc-endpoint", "--vpc-endpoint-id", self.ids["EC2"], "--private-dns-enabled")
        self.until_available("EC2")

    def groups(self):
        self.sh.heading("7. The security group decides: 443 is revoked, new connections time out; authorised again, they work")
        self.rule("revoke")
        self.sh.times_out(*self.inside(*ZONES))
        self.rule("authorize")
        self.sh.run(*self.inside(*ZONES))

    def balancers(self):
        self.sh.heading("8. The same for Elastic Load Balancing")
        self.sh.times_out(*self.inside(*BALANCERS))
        self.create_endpoint("ELB", "elasticloadbalancing")
        self.until_available("ELB")
        self.sh.run(*self.inside(*BALANCERS))

    def streams(self):
        self.sh.heading("9. Kinesis: a real server of its API stands behind the name")
        self.helpers.append(kinesalite.start(self.state, KINESIS_PORT, self.sh.show))
        self.aws("ec2", "describe-vpc-endpoint-services", "--query", "ServiceNames", "--output", "text")
        stream = ("--stream-name", "orders", "--cli-connect-timeout", "2")
        self.sh.times_out(*self.inside("aws", "kinesis", "list-streams", "--cli-connect-timeout", "2"))
        self.create_endpoint("KINESIS", "kinesis")
        self.until_available("KINESIS")
        self.sh.run(*self.inside("aws", "kinesis", "create-stream", *stream, "--shard-count", "1"))
        self.sh.run(*self.inside("aws", "kinesis", "wait", "stream-exists", *stream))
        for number in (1, 2):
            self.sh.run(*self.inside("aws", "kinesis", "put-record", *stream, "--partition-key", "a", "--data",
                                     f"order {number}", "--cli-binary-format", "raw-in-base64-out", "--output", "text"))
        iterator = self.sh.run(*self.inside("aws", "kinesis", "get-shard-iterator", *stream, "--shard-id",
                                            "shardId-000000000000", "--shard-iterator-type", "TRIM_HORIZON", "--query",
                                            "ShardIterator", "--output", "text"))
        records = self.sh.run(*self.inside("aws", "kinesis", "get-records", "--shard-iterator", iterator, "--query",
                                           "Records[].Data", "--output", "text", "--cli-connect-timeout", "2"))
        if records.split() != ["b3JkZXIgMQ==", "b3JkZXIgMg=="]:  # "order 1", "order 2"
            raise StoryError("the records that came back are not those that were put")

    def neighbour(self):
        self.sh.heading("10. A second VPC with the same CIDR, an instance with the same address, no endpoint: nothing leaks")
        self.create("VPC2", "Vpc.VpcId", "ec2", "create-vpc", "--cidr-block", "10.0.0.0/16")
        self.aws("ec2", "modify-vpc-attribute", "--vpc-id", self.ids["VPC2"], "--enable-dns-hostnames")
        self.create("SUBNET2", "Subnet.SubnetId", "ec2", "create-subnet", "--vpc-id", self.ids["VPC2"], "--cidr-block",
                    "10.0.1.0/24", "--availability-zone", REGION + "a")
        self.create("INSTANCE2", "Instances[0].InstanceId", "ec2", "run-instances", *IMAGE, "--subnet-id",
                    self.ids["SUBNET2"], "--private-ip-address", "10.0.1.10")
        self.until_running("INSTANCE2")
        self.sh.run(*self.inside("ip", "-brief", "address", instance="INSTANCE2"))
        self.sh.times_out(*self.inside(*ZONES, instance="INSTANCE2"))
        say("  while the first VPC's instance still gets its answer:")
        self.sh.run(*self.inside(*ZONES))


if __name__ == "__main__":
    sys.exit(main(Story, "./dev demo"))
