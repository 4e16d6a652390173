"""A region on a stage: what every demo needs around its steps. Exit 0 only if every step ends as told."""
import argparse
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
from shell import Shell, StoryError, clean_environment, painted, say, terminate  # noqa: E402
from waiting import wait_for  # noqa: E402

BUILD = os.environ.get("GINNEL_BUILD", os.path.join(ROOT, "build", "dev"))
REGION = "ap-northeast-1"
ENDPOINT_URL = ("--endpoint-url", '"$AWS_ENDPOINT_URL"')
IMAGE = ("--image-id", "ami-00000000000000001", "--instance-type", "t3.micro")


class Stage:
    """One region in a network namespace of its own without an uplink. A demo adds its steps and its configuration."""

    configuration = f'region = "{REGION}"\n'
    steps = ()  # names of methods

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ginnel-demo-")
        self.state = os.path.join(self.folder, "state")
        self.daemon = None
        self.helpers = []  # processes that the demo started besides; ended in reverse
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

    def aws_quietly(self, *words):
        result = subprocess.run(["aws", *words, "--endpoint-url", self.sh.environment["AWS_ENDPOINT_URL"]],
                                env=self.sh.environment, capture_output=True, text=True, check=True)
        return result.stdout.strip()

    def endpoint_state(self, name, *profile):
        return self.aws_quietly(*profile, "ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", self.ids[name], "--query",
                                "VpcEndpoints[0].State", "--output", "text")

    def until_available(self, name, *profile):
        wait_for(lambda: self.endpoint_state(name, *profile) == "available", f"{self.ids[name]} to be available", 30)
        say(f"  {self.ids[name]} is available")

    def until_running(self, name, *profile):
        self.sh.run("aws", *profile, "ec2", "wait", "instance-running", "--instance-ids", self.ids[name], *ENDPOINT_URL)

    # The region

    def start_region(self):
        say("  in a network namespace that has no uplink")
        config = os.path.join(self.folder, "ginnel.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(self.configuration)
        for name in ("GINNEL_STATE_DIR", "AWS_MAX_ATTEMPTS"):
            self.sh.show(["export", f"{name}={self.sh.environment[name]}"])
        with open(os.path.join(self.folder, "serve.log"), "wb") as log:
            self.daemon = self.sh.start("ginnel", "serve", "--state-dir", self.state, "--config", config, stderr=log)
        self.sh.run("ginnel", "status", "--wait", "30")
        self.sh.show(["eval", '"$(ginnel env)"'])
        environment = subprocess.run(["ginnel", "env", "--json"], env=self.sh.environment, capture_output=True, text=True,
                                     check=True)
        self.sh.environment.update(json.loads(environment.stdout))

    def keep(self):
        name = os.path.basename(self.folder)
        subprocess.run(["ip", "netns", "attach", name, str(os.getpid())], check=True)
        helpers = " ".join(str(helper.pid) for helper in self.helpers if helper.poll() is None)
        print(f"""
The region keeps running (the daemon is process {self.daemon.pid}). In a shell as root:
  nsenter --net=/run/netns/{name} bash
  export PATH={BUILD}/src/cli:$PATH GINNEL_STATE_DIR={self.state}
  eval "$(ginnel env)"
  aws ec2 describe-vpcs --endpoint-url "$AWS_ENDPOINT_URL"
  ginnel exec {self.ids.get('INSTANCE', 'i-…')} -- bash
To end it:
  ginnel teardown; {f'kill {helpers}; ' if helpers else ''}ip netns delete {name}; rm -r {self.folder}""")

    def clean_up(self):
        print(flush=True)
        self.sh.heading("Cleaning up")
        try:
            for helper in reversed(self.helpers):
                terminate(helper)
            if os.path.isdir(self.state):
                self.sh.run("ginnel", "teardown")
        finally:
            terminate(self.daemon)

    def log_tail(self):
        path = os.path.join(self.folder, "serve.log")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                print("The end of the daemon's log:\n" + "".join("  " + line for line in file.readlines()[-30:]), file=sys.stderr)

    def tell(self):
        for step in self.steps:
            getattr(self, step)()
        self.sh.heading("Every step ended as told")


def interrupted(*_):
    raise KeyboardInterrupt


def main(make, program):
    """Plays the demo that `make` makes; the exit code."""
    parser = argparse.ArgumentParser(prog=program, description="Runs the story from start to end.")
    parser.add_argument("--keep", action="store_true", help="leave the region running and say how to use it")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupted)
    isolation.enter_new_network()
    story = make()
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
