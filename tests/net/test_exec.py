"""ginnel exec: a command in an instance, as if it had been started there."""
import os
import signal
import subprocess

import pytest
from network import Vpc
from region import GINNEL
from waiting import wait_for


@pytest.fixture(scope="module")
def instance(region):
    return Vpc(region).instance(address="10.0.1.10")


def test_it_is_in_the_instance(instance):
    answer = instance.run("ip", "-brief", "-4", "address", "show", "eth0")
    assert "10.0.1.10/" in answer.stdout, answer
    answer = instance.run("cat", "/etc/resolv.conf")
    assert "nameserver 10.0.0.2" in answer.stdout


def test_the_host_keeps_its_own_resolver(instance):
    with open("/etc/resolv.conf", encoding="utf-8") as file:
        before = file.read()
    instance.run("true")
    with open("/etc/resolv.conf", encoding="utf-8") as file:
        assert file.read() == before
    assert not [name for name in os.listdir(instance.region.state_dir) if name.startswith("resolv.")]


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_exit_codes_pass_through(instance, code):
    assert instance.run("sh", "-c", f"exit {code}").returncode == code


def test_codes_of_its_own(instance, tmp_path):
    missing = instance.run("no-such-command-here")
    assert missing.returncode == 127 and "no-such-command-here" in missing.stderr
    plain = tmp_path / "plain"
    plain.write_text("not a program")
    assert instance.run(str(plain)).returncode == 126


def test_stdio_passes_through(instance):
    data = os.urandom(300_000)
    answer = subprocess.run([GINNEL, "exec", "--state-dir", instance.region.state_dir, instance.id, "--", "cat"], input=data,
                            capture_output=True, check=True)
    assert answer.stdout == data


def test_arguments_are_not_read_again(instance):
    answer = instance.run("printf", "%s|", "--state-dir", "x", "--", "a b", "")
    assert answer.stdout == "--state-dir|x|--|a b||"


def test_environment(instance):
    environment = dict(line.split("=", 1) for line in instance.run("env").stdout.splitlines() if "=" in line)
    root = instance.region.root
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "ap-northeast-1"
    assert environment["AWS_ACCESS_KEY_ID"] == root.access_key_id
    assert environment["AWS_SECRET_ACCESS_KEY"] == root.secret_access_key
    assert os.path.exists(environment["AWS_CA_BUNDLE"])
    assert "AWS_ENDPOINT_URL" not in environment


def test_signals_reach_the_command(instance):
    process = subprocess.Popen([GINNEL, "--state-dir", instance.region.state_dir, "exec", instance.id, "--", "sleep", "600"])

    def is_sleep():
        with open(f"/proc/{process.pid}/comm", encoding="ascii") as file:
            return file.read().strip() == "sleep"
    wait_for(is_sleep, "the command to run")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM


def test_ip_netns_exec_works_too(instance):
    answer = subprocess.run(["ip", "netns", "exec", instance.id, "ip", "-brief", "address"], capture_output=True, text=True,
                            check=True)
    assert "10.0.1.10/" in answer.stdout
