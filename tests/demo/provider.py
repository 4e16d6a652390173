#!/usr/bin/env python3
"""The provider's side of PrivateLink: a service is published, a stranger asks, is let in, and is shown the door.

usage: provider.py [--keep]; run by ./dev demo provider. Two accounts, both with the network 10.0.0.0/16. The servers are
Debian's PostgreSQL and nginx.
"""
import json
import os
import shutil
import subprocess
import sys
import time

from stage import ENDPOINT_URL, IMAGE, REGION, Stage, main  # first: it sets the path of the libraries
import upstream_dns
from shell import StoryError, painted, say
from waiting import wait_for

NAME = "db.example.com"
PSQL = ("psql", "--no-psqlrc", "--username", "postgres", "--dbname", "postgres", "--tuples-only", "--no-align")
CURL = ("curl", "--silent", "--show-error", "--max-time", "3")
QUERY = "select item || ' from zone ' || zone from stock"
ZONES = ("a", "c")
# nginx 1.22 has no variable for the TLVs of a PROXY header: JavaScript (njs) reads the endpoint's id out of the same
# bytes, which then go on to the HTTP server.
SCRIPT = r"""
function endpoint(s) {
    s.on('upstream', function (data) {
        if (data.length < 16) { return; }
        var at = 28, end = 16 + data.readUInt16BE(14);
        while (at + 3 <= end) {
            var length = data.readUInt16BE(at + 1);
            if (data[at] == 0xEA) { s.variables.endpoint = data.slice(at + 4, at + 3 + length).toString(); }
            at += 3 + length;
        }
        s.done();
    });
}
export default { endpoint };
"""
NGINX = """
load_module modules/ngx_stream_module.so;
load_module modules/ngx_stream_js_module.so;
daemon off;
user www-data;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
stream {{
    js_path {folder};
    js_import proxy.js;
    js_var $endpoint;
    log_format endpoint '$endpoint connected';
    access_log {folder}/access.log endpoint;
    server {{
        listen 80;
        js_preread proxy.endpoint;
        proxy_pass 127.0.0.1:8080;
    }}
}}
http {{
    log_format client '$proxy_protocol_addr asked for $request_uri';
    access_log {folder}/access.log client;
    server {{
        listen 127.0.0.1:8080 proxy_protocol;
        location / {{ return 200 "hello from zone {zone}\\n"; }}
    }}
}}
"""


class Provider(Stage):
    steps = ("start", "provider_network", "servers", "load_balancer", "publish", "verify", "consumer_network", "ask", "accept",
             "connect", "lose_a_zone", "reject", "one_way")

    def __init__(self):
        super().__init__()
        self.databases = {}
        self.names = upstream_dns.upstream_dns()
        port = self.names.__enter__()
        self.configuration = f'region = "{REGION}"\nupstream_resolvers = ["127.0.0.1:{port}"]\n'

    # Short ways to say things

    def provider(self, *words):
        return self.aws("--profile", "provider", *words)

    def consumer(self, *words):
        return self.aws("--profile", "consumer", *words)

    def make(self, name, query, profile, *words):
        return self.create(name, query, "--profile", profile, *words)

    def psql(self, *words, host=NAME, instance="CLIENT"):
        return self.inside(*PSQL, "--host", host, *words, instance=instance)

    def fails(self, *command, why):
        """A command that must fail, for this reason."""
        result = subprocess.run(command, env={**self.sh.environment, "PGCONNECT_TIMEOUT": "2"}, stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=60, check=False)
        self.sh.show(command)
        say("  " + (result.stderr or result.stdout).strip().replace("\n", "\n  "))
        if result.returncode == 0 or why not in result.stderr:
            raise StoryError(f"the command should have failed with '{why}'")

    def instance(self, name, profile, zone, address, group):
        self.make(name, "Instances[0].InstanceId", profile, "ec2", "run-instances", *IMAGE, "--subnet-id",
                  self.ids[f"{profile}-{zone}"], "--security-group-ids", self.ids[group], "--private-ip-address", address)
        self.until_running(name, "--profile", profile)

    def network(self, profile):
        vpc = self.make(f"{profile}-vpc", "Vpc.VpcId", profile, "ec2", "create-vpc", "--cidr-block", "10.0.0.0/16")
        self.aws("--profile", profile, "ec2", "modify-vpc-attribute", "--vpc-id", vpc, "--enable-dns-hostnames")
        for number, zone in enumerate(ZONES, 1):
            self.make(f"{profile}-{zone}", "Subnet.SubnetId", profile, "ec2", "create-subnet", "--vpc-id", vpc, "--cidr-block",
                      f"10.0.{number}.0/24", "--availability-zone", REGION + zone)
        return vpc

    def group(self, name, profile, *ports):
        self.make(name, "GroupId", profile, "ec2", "create-security-group", "--vpc-id", self.ids[f"{profile}-vpc"],
                  "--group-name", name, "--description", name)
        for port in ports:
            self.aws("--profile", profile, "ec2", "authorize-security-group-ingress", "--group-id", self.ids[name],
                     "--protocol", "tcp", "--port", str(port), "--cidr", "10.0.0.0/16", "--query", "Return", "--output", "text")

    # The steps

    def start(self):
        self.sh.heading("1. A region, and two accounts in it")
        self.start_region()
        self.sh.environment["AWS_SHARED_CREDENTIALS_FILE"] = path = os.path.join(self.folder, "credentials")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            self.sh.environment.pop(name, None)
        for profile in ("provider", "consumer"):
            made = json.loads(self.sh.run("ginnel", "account", "create", "--json", show_output=False))
            self.ids[profile] = made["account_id"]
            with open(path, "a", encoding="ascii") as file:
                file.write(f"[{profile}]\naws_access_key_id = {made['access_key_id']}\n"
                           f"aws_secret_access_key = {made['secret_access_key']}\n")
            self.aws("--profile", profile, "sts", "get-caller-identity", "--output", "text")

    def provider_network(self):
        self.sh.heading("2. The provider's network: 10.0.0.0/16, two zones, an instance in each")
        self.network("provider")
        self.group("servers", "provider", 5432, 80)
        for number, zone in enumerate(ZONES, 1):
            self.instance(f"server-{zone}", "provider", zone, f"10.0.{number}.10", "servers")

    def servers(self):
        self.sh.heading("3. PostgreSQL and nginx run in both")
        binaries = sorted(os.listdir("/usr/lib/postgresql"), key=int)[-1]
        os.chmod(self.folder, 0o755)
        for zone in ZONES:
            self.start_postgres(zone, f"/usr/lib/postgresql/{binaries}/bin")
            self.start_nginx(zone)

    def start_postgres(self, zone, binaries):
        folder = os.path.join(self.folder, f"postgres-{zone}")
        os.mkdir(folder)
        shutil.chown(folder, "postgres", "postgres")
        as_postgres = ("setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups")
        data = os.path.join(folder, "data")
        self.sh.run(*as_postgres, f"{binaries}/initdb", "--auth", "trust", "--no-sync", "--pgdata", data, show_output=False)
        with open(os.path.join(data, "pg_hba.conf"), "a", encoding="ascii") as file:
            file.write("host all all 10.0.0.0/16 trust\n")
        with open(os.path.join(folder, "log"), "wb") as log:
            self.databases[zone] = self.sh.start(
                *self.inside(*as_postgres, f"{binaries}/postgres", "-D", data, "-c", "listen_addresses=*", "-c",
                             "unix_socket_directories=", instance=f"server-{zone}"), stdout=log, stderr=log)
        self.helpers.append(self.databases[zone])
        ask = self.psql("--command", "select 1", host="127.0.0.1", instance=f"server-{zone}")
        wait_for(lambda: subprocess.run(ask, env=self.sh.environment, capture_output=True, check=False).returncode == 0,
                 "PostgreSQL to answer", 60)
        self.sh.run(*self.psql("--command", f"create table stock as select 'a ginnel' as item, '{zone}' as zone",
                               host="127.0.0.1", instance=f"server-{zone}"))

    def start_nginx(self, zone):
        folder = os.path.join(self.folder, f"nginx-{zone}")
        os.mkdir(folder)
        for name, text in (("proxy.js", SCRIPT), ("nginx.conf", NGINX.format(folder=folder, zone=zone))):
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        self.helpers.append(self.sh.start(*self.inside("nginx", "-p", "/usr/share/nginx", "-c", f"{folder}/nginx.conf", "-e",
                                                       f"{folder}/error.log", instance=f"server-{zone}")))

    def load_balancer(self):
        self.sh.heading("4. A network load balancer in front of them, a node in each zone")
        self.make("lb", "LoadBalancers[0].LoadBalancerArn", "provider", "elbv2", "create-load-balancer", "--name", "shop",
                  "--type", "network", "--scheme", "internal", "--subnets", *(self.ids[f"provider-{zone}"] for zone in ZONES))
        for name, port in (("database", 5432), ("web", 80)):
            group = self.make(name, "TargetGroups[0].TargetGroupArn", "provider", "elbv2", "create-target-group", "--name", name,
                              "--protocol", "TCP", "--port", str(port), "--vpc-id", self.ids["provider-vpc"], "--target-type",
                              "ip", "--health-check-interval-seconds", "5", "--health-check-timeout-seconds", "2")
            self.provider("elbv2", "register-targets", "--target-group-arn", group, "--targets", "Id=10.0.1.10", "Id=10.0.2.10")
            self.make(f"{name}-listener", "Listeners[0].ListenerArn", "provider", "elbv2", "create-listener",
                      "--load-balancer-arn", self.ids["lb"], "--protocol", "TCP", "--port", str(port), "--default-actions",
                      f"Type=forward,TargetGroupArn={group}")
        self.provider("elbv2", "modify-target-group-attributes", "--target-group-arn", self.ids["web"], "--attributes",
                      "Key=proxy_protocol_v2.enabled,Value=true", "--query", "Attributes[?Key=='proxy_protocol_v2.enabled']",
                      "--output", "text")
        for name in ("database", "web"):
            self.sh.run("aws", "--profile", "provider", "elbv2", "wait", "target-in-service", "--target-group-arn",
                        self.ids[name], *ENDPOINT_URL)
            self.provider("elbv2", "describe-target-health", "--target-group-arn", self.ids[name], "--query",
                          "TargetHealthDescriptions[].[Target.Id,TargetHealth.State]", "--output", "text")

    def publish(self):
        self.sh.heading("5. The provider publishes a service with a name of its own, and lets the consumer's account ask for it")
        self.make("service", "ServiceConfiguration.ServiceId", "provider", "ec2", "create-vpc-endpoint-service-configuration",
                  "--network-load-balancer-arns", self.ids["lb"], "--acceptance-required", "--private-dns-name", NAME)
        self.ids["service-name"] = f"com.amazonaws.vpce.{REGION}.{self.ids['service']}"
        self.provider("ec2", "modify-vpc-endpoint-service-permissions", "--service-id", self.ids["service"],
                      "--add-allowed-principals", f"arn:aws:iam::{self.ids['consumer']}:root", "--query", "ReturnValue")

    def verify(self):
        self.sh.heading("6. The name is the provider's: a TXT record proves it")
        record = json.loads(self.provider(
            "ec2", "describe-vpc-endpoint-service-configurations", "--service-ids", self.ids["service"], "--query",
            "ServiceConfigurations[0].PrivateDnsNameConfiguration", "--output", "json"))
        upstream_dns.RECORDS[(f"{record['Name']}.{NAME}.".lower(), "TXT")] = (f'"{record["Value"]}"',)
        say(f"  the name server of example.com now has {record['Name']}.{NAME} TXT \"{record['Value']}\"")
        self.provider("ec2", "start-vpc-endpoint-service-private-dns-verification", "--service-id", self.ids["service"])

        def state():
            return self.aws_quietly("--profile", "provider", "ec2", "describe-vpc-endpoint-service-configurations",
                                    "--service-ids", self.ids["service"], "--query",
                                    "ServiceConfigurations[0].PrivateDnsNameConfiguration.State", "--output", "text")
        wait_for(lambda: state() == "verified", "the name to be verified", 30)
        say("  verified")

    def consumer_network(self):
        self.sh.heading("7. The consumer's network: the same 10.0.0.0/16, and an instance with the same address as a server")
        self.network("consumer")
        self.group("clients", "consumer")
        self.group("endpoint", "consumer", 5432, 80)
        self.instance("CLIENT", "consumer", "a", "10.0.1.10", "clients")
        self.fails(*self.psql("--command", QUERY), why="could not translate host name")

    def ask(self):
        self.sh.heading("8. The consumer asks for an endpoint: it is pending, and nothing passes yet")
        self.consumer("ec2", "describe-vpc-endpoint-services", "--service-names", self.ids["service-name"], "--query",
                      "ServiceDetails[0].[Owner,PrivateDnsName,join(' ',AvailabilityZones)]", "--output", "text")
        self.make("ENDPOINT", "VpcEndpoint.VpcEndpointId", "consumer", "ec2", "create-vpc-endpoint", "--vpc-endpoint-type",
                  "Interface", "--vpc-id", self.ids["consumer-vpc"], "--service-name", self.ids["service-name"],
                  "--subnet-ids", *(self.ids[f"consumer-{zone}"] for zone in ZONES), "--security-group-ids",
                  self.ids["endpoint"], "--private-dns-enabled")
        self.consumer("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", self.ids["ENDPOINT"], "--query",
                      "VpcEndpoints[0].State", "--output", "text")
        self.fails(*self.psql("--command", QUERY), why="could not translate host name")

    def accept(self):
        self.sh.heading("9. The provider sees who asks, and accepts")
        self.provider("ec2", "describe-vpc-endpoint-connections", "--query",
                      "VpcEndpointConnections[].[VpcEndpointOwner,VpcEndpointId,VpcEndpointState]", "--output", "text")
        self.provider("ec2", "accept-vpc-endpoint-connections", "--service-id", self.ids["service"], "--vpc-endpoint-ids",
                      self.ids["ENDPOINT"])
        self.until_available("ENDPOINT", "--profile", "consumer")

    def connect(self):
        self.sh.heading("10. The consumer connects by the service's own name")
        self.sh.run(*self.inside("getent", "ahostsv4", NAME, instance="CLIENT"))
        if "a ginnel from zone" not in self.sh.run(*self.psql("--command", QUERY)):
            raise StoryError("the provider's data should have come")
        self.sh.run(*self.inside(*CURL, f"http://{NAME}/who", instance="CLIENT"))
        say("  The servers see the load balancer's address, but nginx is told by the PROXY header:")
        log = self.sh.run("sh", "-c", f"cat {self.folder}/nginx-*/access.log")
        if f"{self.ids['ENDPOINT']} connected" not in log or "10.0.1.10 asked for /who" not in log:
            raise StoryError("the log should name the endpoint and the client's address")

    def lose_a_zone(self):
        self.sh.heading("11. The database of one zone is killed: its target becomes unhealthy, and the name leads to the other")
        lost = self.sh.run(*self.psql("--command", "select zone from stock"))
        self.sh.show(["kill", "-9", str(self.databases[lost].pid)])
        self.databases[lost].kill()
        left = [zone for zone in ZONES if zone != lost][0]

        def health():
            return self.aws_quietly("--profile", "provider", "elbv2", "describe-target-health", "--target-group-arn",
                                    self.ids["database"], "--query", "TargetHealthDescriptions[?TargetHealth.State=='unhealthy']"
                                    ".Target.Id", "--output", "text")
        wait_for(lambda: health() == f"10.0.{ZONES.index(lost) + 1}.10", "the target to be found unhealthy", 60)
        self.provider("elbv2", "describe-target-health", "--target-group-arn", self.ids["database"], "--query",
                      "TargetHealthDescriptions[].[Target.Id,TargetHealth.State,TargetHealth.Reason]", "--output", "text")
        self.sh.run(*self.inside("getent", "ahostsv4", NAME, instance="CLIENT"))
        if f"from zone {left}" not in self.sh.run(*self.psql("--command", QUERY)):
            raise StoryError(f"the answer should have come from zone {left}")

    def reject(self):
        self.sh.heading("12. The provider rejects: a live connection is reset at once, and new ones fail")
        sleeper = self.sh.start(*self.psql("--command", "select 'connected'", "--command", "select pg_sleep(60)"),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.helpers.append(sleeper)
        say("  " + sleeper.stdout.readline().strip())
        self.provider("ec2", "reject-vpc-endpoint-connections", "--service-id", self.ids["service"], "--vpc-endpoint-ids",
                      self.ids["ENDPOINT"])
        began = time.monotonic()
        try:
            words = sleeper.communicate(timeout=10)[1]
        except subprocess.TimeoutExpired:
            raise StoryError("the live connection should have been reset") from None
        print(painted(f"  psql ended {(time.monotonic() - began) * 1000:.0f} ms after the call's end: {words.strip()}", "1;32"))
        if sleeper.returncode == 0:
            raise StoryError("the live connection should have been reset")
        self.fails(*self.psql("--command", QUERY), why="could not translate host name")
        address = self.aws_quietly("--profile", "consumer", "ec2", "describe-network-interfaces", "--filters",
                                   "Name=interface-type,Values=vpc_endpoint", "--query",
                                   "NetworkInterfaces[0].PrivateIpAddress", "--output", "text")
        self.fails(*self.inside(*CURL, f"http://{address}/", instance="CLIENT"), why="timed out")

    def one_way(self):
        self.sh.heading("13. Accepted again, it works again; and nothing in the provider's VPC can open a connection to the consumer")
        self.provider("ec2", "accept-vpc-endpoint-connections", "--service-id", self.ids["service"], "--vpc-endpoint-ids",
                      self.ids["ENDPOINT"])
        self.until_available("ENDPOINT", "--profile", "consumer")
        self.sh.run(*self.psql("--command", QUERY))
        self.instance("LISTENER", "consumer", "a", "10.0.1.77", "endpoint")
        self.helpers.append(self.sh.start(*self.inside("python3", "-m", "http.server", "80", instance="LISTENER"),
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        near = self.inside(*CURL, "--output", "/dev/null", "http://10.0.1.77/", instance="CLIENT")
        wait_for(lambda: subprocess.run(near, env=self.sh.environment, capture_output=True, check=False).returncode == 0,
                 "the consumer's own server to answer its neighbour", 20)
        say("  10.0.1.77 answers its neighbour in the consumer's VPC; from the provider's:")
        for zone in ZONES:
            self.fails(*self.inside(*CURL, "http://10.0.1.77/", instance=f"server-{zone}"), why="timed out")

    def clean_up(self):
        super().clean_up()
        self.names.__exit__(None, None, None)


if __name__ == "__main__":
    sys.exit(main(Provider, "./dev demo provider"))
