"""What the tests of the codecs share: botocore's models, our descriptions, and the program with our codecs."""
import os
import pathlib
import subprocess
import sys
import urllib.parse

import botocore.session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "api"))
import description  # noqa: E402

SERVICES = ("ec2", "elbv2", "sts")
API = pathlib.Path(__file__).resolve().parents[2] / "api"


def probe(*arguments, stdin=b""):
    """What codec_probe prints; a crash fails the test."""
    done = subprocess.run([os.environ["CODEC_PROBE"], *arguments], input=stdin, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, f"codec_probe {arguments}: exit {done.returncode}: {done.stderr.decode()}"
    return done.stdout.decode()


class Service:
    """One service: botocore's model of it, and our description."""

    def __init__(self, name):
        self.name = name
        self.model = botocore.session.Session().get_service_model(name)
        self.described = description.parse(API / f"{name}.api")

    def operations(self):
        """Those that this botocore knows; a distribution's may be older than the description."""
        for name in set(self.described.operations) & set(self.model.operation_names):
            yield self.described.operations[name], self.model.operation_model(name)

    def decode(self, operation, body):
        return probe("decode", f"{self.name}.{operation}", stdin=urllib.parse.urlencode(body).encode())

    def structure(self, name):
        return self.described.structures[name]


def services():
    return [Service(name) for name in SERVICES]
