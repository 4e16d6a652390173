#!/usr/bin/env python3
"""The story of PrivateLink, told with the AWS CLI on real packets. Exit 0 only if every step ends as told.

usage: story.py [--keep]; run by ./dev demo. The region lives in a network namespace of its own without an uplink.
"""
import argparse
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

import isolation  # noqa: E402
import kinesalite  # noqa: E402
from shell import Shell, StoryError, clean_environment, painted, say, terminate  # noqa: E402
from waiting import wait_for  # noqa: E402

BUILD = os.environ.get("GINNEL_BUILD", os.path.join(ROOT, "build", "dev"))
REGION = "ap-northeast-1"
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
ENDPOINT_URL = ("--endpoint-url", '"$AWS_ENDPOINT_URL"')
ZONES = ("aws", "ec2", "describe-availability-zones", "--cli-connect-timeout", "2", "--output", "text")
BALANCERS = ("aws", "elbv2", "describe-load-balancers", "--cli-connect-timeout", "2")


class Story:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ginnel-demo-")
        self.state = os.path.join(self.folder, "state")
        self.daemon = self.upstream = None
        self.sh = Shell(clean_environment(
            PATH=f"{BUILD}/src/cli:/usr/sbin:/usr/bin:/sbin:/bin", GINNEL_STATE_DIR=self.state, AWS_MAX_ATTEMPTS="1", AWS_PAGER="",
            AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null"))
        self.ids = {}

    # Short ways to say things

    def aws(self, *words):
        """An operator's command: through the region's public endpoint."""
        return self.sh.run("aws", *words, *ENDPOINT_URL)

    def inside(self, *command, instance="INSTANCE"):
        return ("ginnel", "exec", self.ids[instance], "--", *command)

    def create(self, name, query, *words):
        self.ids[name] = self.aws(*words, "--query", query, "--output", "text")
        return self.ids[name]

    def endpoint_state(self, name):
        return self.aws_quietly("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", self.ids[name], "--query",
                                "VpcEndpoints[0].State", "--output", "text")

    def aws_quietly(self, *words):
        result = subprocess.run(["aws", *words, "--endpoint-url", self.sh.environment["AWS_ENDPOINT_URL"]],
                                env=self.sh.environment, capture_output=True, text=True, check=True)
        return result.stdout.strip()

    def until_available(self, name):
        wait_for(lambda: self.endpoint_state(name) == "available", f"{self.ids[name]} to be available", 30)
        say(f"  {self.ids[name]} is available")

    # The steps

    def start(self):
        self.sh.heading("1. A region starts, with an embedded store in a fresh state directory")
        say("  in a network namespace that has no uplink")
        config = os.path.join(self.folder, "ginnel.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        for name in ("GINNEL_STATE_DIR", "AWS_MAX_ATTEMPTS"):
            self.sh.show(["export", f"{name}={self.sh.environment[name]}"])
        with open(os.path.join(self.folder, "serve.log"), "wb") as log:
            self.daemon = self.sh.start("ginnel", "serve", "--state-dir", self.state, "--config", config, stderr=log)
        self.sh.run("ginnel", "status", "--wait", "30")
        self.sh.show(["eval", '"$(ginnel env)"'])
        environment = subprocess.run(["ginnel", "env", "--json"], env=self.sh.environment, capture_output=True, text=True,
                                     check=True)
        self.sh.environment.update(json.loads(environment.stdout))
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
        self.create("INSTANCE", "Instances[0].InstanceId", "ec2", "run-instances", "--image-id", "ami-00000000000000001",
                    "--instance-type", "t3.micro", "--subnet-id", self.ids["SUBNET"], "--security-group-ids",
                    self.ids["HOSTS"], "--private-ip-address", "10.0.1.10")
        self.until_running("INSTANCE")
        self.sh.run(*self.inside("ip", "-brief", "address"))
        self.sh.run(*self.inside("getent", "hosts", f"ec2.{REGION}.amazonaws.com"))

    def until_running(self, name):
        self.sh.run("aws", "ec2", "wait", "instance-running", "--instance-ids", self.ids[name], *ENDPOINT_URL)

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
        self.upstream = kinesalite.start(self.state, KINESIS_PORT, self.sh.show)
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
        self.create("INSTANCE2", "Instances[0].InstanceId", "ec2", "run-instances", "--image-id", "ami-00000000000000001",
                    "--instance-type", "t3.micro", "--subnet-id", self.ids["SUBNET2"], "--private-ip-address", "10.0.1.10")
        self.until_running("INSTANCE2")
        self.sh.run(*self.inside("ip", "-brief", "address", instance="INSTANCE2"))
        self.sh.times_out(*self.inside(*ZONES, instance="INSTANCE2"))
        say("  while the first VPC's instance still gets its answer:")
        self.sh.run(*self.inside(*ZONES))

    def tell(self):
        for step in (self.start, self.network, self.out_of_reach, self.endpoint, self.in_reach, self.names, self.groups,
                     self.balancers, self.streams, self.neighbour):
            step()
        self.sh.heading("Every step ended as told")

    # The end

    def keep(self):
        name = os.path.basename(self.folder)
        subprocess.run(["ip", "netns", "attach", name, str(os.getpid())], check=True)
        kinesis = f" {self.upstream.pid}" if self.upstream else ""
        print(f"""
The region keeps running (the daemon is process {self.daemon.pid}). In a shell as root:
  nsenter --net=/run/netns/{name} bash
  export PATH={BUILD}/src/cli:$PATH GINNEL_STATE_DIR={self.state}
  eval "$(ginnel env)"
  aws ec2 describe-vpcs --endpoint-url "$AWS_ENDPOINT_URL"
  ginnel exec {self.ids.get('INSTANCE', 'i-…')} -- bash
To end it:
  ginnel teardown; kill{kinesis or ' …'}; ip netns delete {name}; rm -r {self.folder}""")

    def clean_up(self):
        print(flush=True)
        self.sh.heading("Cleaning up")
        try:
            if os.path.isdir(self.state):
                self.sh.run("ginnel", "teardown")
        finally:
            terminate(self.upstream)
            terminate(self.daemon)

    def log_tail(self):
        path = os.path.join(self.folder, "serve.log")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                print("The end of the daemon's log:\n" + "".join("  " + line for line in file.readlines()[-30:]), file=sys.stderr)


def interrupted(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description="Runs the story from start to end.")
    parser.add_argument("--keep", action="store_true", help="leave the region running and say how to use it")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    isolation.enter_new_network()
    story = Story()
    told = False
    try:
        story.tell()
        told = True
    except (StoryError, subprocess.SubprocessError, AssertionError, OSError) as error:
        print(painted(f"\nThe story broke: {error}", "1;31"), file=sys.stderr, flush=True)
        story.log_tail()
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr, flush=True)
    if told and arguments.keep:
        story.keep()
        return 0
    try:
        story.clean_up()
    except (StoryError, subprocess.SubprocessError, OSError) as error:
        print(f"cleaning up: {error}", file=sys.stderr)
        told = False
    shutil.rmtree(story.folder, ignore_errors=True)
    return 0 if told else 1


if __name__ == "__main__":
    sys.exit(main())
