"""A region for tests: the daemon with a fresh state directory, clients for it, and its end without leftovers."""
import configparser
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

import boto3
import botocore.config
from waiting import wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("GINNEL_BUILD", os.path.join(ROOT, "build", "dev"))
GINNEL = os.path.join(BUILD, "src", "cli", "ginnel")
START_S = 60  # also under sanitizers on a busy machine
STOP_S = 30

_session = boto3.session.Session(region_name="ap-northeast-1")  # keeps the API models it has read


def free_port():
    """A port that nobody has; the tests' network namespace is their own, so nobody takes it either."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Account:
    """Credentials and the clients that use them."""

    def __init__(self, region, access_key_id, secret_access_key, account_id=None):
        self.region, self.id = region, account_id
        self.access_key_id, self.secret_access_key = access_key_id, secret_access_key
        self._clients = {}

    def client(self, service, **config):
        key = (service, repr(sorted(config.items())))
        if key not in self._clients:
            settings = {"retries": {"max_attempts": 0}, "connect_timeout": 10, "read_timeout": 60, **config}
            self._clients[key] = _session.client(
                service, endpoint_url=self.region.endpoint, verify=self.region.ca_path(), region_name=self.region.name,
                aws_access_key_id=self.access_key_id, aws_secret_access_key=self.secret_access_key,
                config=botocore.config.Config(**settings))
        return self._clients[key]

    @property
    def ec2(self):
        return self.client("ec2")

    @property
    def elbv2(self):
        return self.client("elbv2")

    @property
    def sts(self):
        return self.client("sts")


class Region:
    """One daemon. start() … kill()/stop() and start() again … close(). Also a context manager."""

    running = []

    def __init__(self, dataplane="off", config="", name="ap-northeast-1", options=()):
        self.name, self.dataplane, self.options = name, dataplane, list(options)
        self.state_dir = tempfile.mkdtemp(prefix="ginnel-test-")
        self.port = free_port()
        self.endpoint = f"https://127.0.0.1:{self.port}"
        self.log_path = os.path.join(self.state_dir, "serve.log")
        self.config_path = os.path.join(self.state_dir, "config.toml")
        with open(self.config_path, "w", encoding="utf-8") as file:
            if "max_flows" not in config:  # a table that is quickly made
                file.write("max_flows = 65536\n")
            file.write(config)
        self.process = None
        self.known_instances = set()

    # The daemon's life

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [GINNEL, "serve", "--state-dir", self.state_dir, "--config", self.config_path, "--region", self.name,
                 "--listen", f"127.0.0.1:{self.port}", f"--dataplane={self.dataplane}", *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if self not in Region.running:
            Region.running.append(self)

        def ready_or_ended():
            return self.process.poll() is not None or self.ginnel("status", "--wait", "1", check=False).returncode == 0
        wait_for(ready_or_ended, "the daemon to be ready", START_S)
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}\n{self.log_tail()}"
        return self

    def kill(self):
        """kill -9: the daemon gets no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM; it must end by itself, with success."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not end within {STOP_S} s of SIGTERM\n{self.log_tail()}") from None
        assert code == 0, f"the daemon ended with {code}\n{self.log_tail()}"

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def close(self):
        """Ends the region and takes everything away; AssertionError where something is left or goes wrong."""
        problems = []
        try:
            for step in (self.remember_instances, self.tear_down, self.see_it_end, self.see_nothing_left):
                try:
                    step()
                except Exception as error:  # whatever is wrong with it, the rest is still taken away
                    problems.append(f"{step.__name__}: {error}")
            assert not problems, "\n".join(problems) + "\n" + self.log_tail()
        finally:
            if self.is_running():
                self.kill()
            if self in Region.running:
                Region.running.remove(self)
            # Where something went wrong the state stays, so that "ginnel teardown" can still be tried by hand.
            if not problems and not os.environ.get("GINNEL_KEEP_STATE"):
                shutil.rmtree(self.state_dir, ignore_errors=True)

    def tear_down(self):
        gone = self.ginnel("teardown", check=False)
        assert gone.returncode == 0, gone.stderr

    def see_it_end(self):
        if self.is_running():
            self.stop()

    def see_nothing_left(self):
        left = self.leftovers()
        assert not left, left

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def remember_instances(self):
        if not self.is_running():
            return
        for page in self.root.ec2.get_paginator("describe_instances").paginate():
            for reservation in page["Reservations"]:
                self.known_instances.update(instance["InstanceId"] for instance in reservation["Instances"])

    def devices(self):
        """The region's network devices: name → index. They hold its programs, and these its maps."""
        alias = f"ginnel {self.tag()} "
        links = subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True)
        return {link["ifname"]: link["ifindex"] for link in json.loads(links.stdout)
                if link.get("ifalias", "").startswith(alias)}

    def leftovers(self):
        """What of this region is still in the kernel."""
        found = [f"namespace {name}" for name in self.known_instances if os.path.exists(f"/run/netns/{name}")]
        return found + [f"device {name}" for name in self.devices()]

    # Talking to it

    def ginnel(self, *arguments, check=True, **options):
        """Runs the ginnel command on this region."""
        return subprocess.run([GINNEL, "--state-dir", self.state_dir, *arguments], check=check, text=True,
                              **{"capture_output": True, "stdin": subprocess.DEVNULL, "timeout": 120, **options})

    def execute(self, instance, *command, check=False, **options):
        """Runs a command in an instance."""
        return self.ginnel("exec", instance, "--", *command, check=check, **options)

    @property
    def root(self):
        """The account that the first start made."""
        parser = configparser.ConfigParser()
        parser.read(os.path.join(self.state_dir, "credentials"))
        section = parser["default"]
        if not hasattr(self, "_root") or self._root.access_key_id != section["aws_access_key_id"]:
            self._root = Account(self, section["aws_access_key_id"], section["aws_secret_access_key"])
        return self._root

    def new_account(self):
        """A fresh account: a test that uses one sees nothing of the others."""
        answer = json.loads(self.ginnel("account", "create", "--json").stdout)
        return Account(self, answer["access_key_id"], answer["secret_access_key"], answer["account_id"])

    def ca_path(self):
        path = os.path.join(self.state_dir, "test-ca.pem")
        if not os.path.exists(path):
            with open(path, "w", encoding="ascii") as file:
                file.write(self.ginnel("ca").stdout)
        return path

    def tag(self):
        try:
            with open(os.path.join(self.state_dir, "tag"), encoding="ascii") as file:
                return file.read().strip()
        except FileNotFoundError:
            return ""

    def log_tail(self, lines=60):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])
