"""The ginnel command against a running daemon."""
import json
import os
import re
import stat
import subprocess

from region import GINNEL


def test_status(region):
    words = region.ginnel("status").stdout
    assert "ready: yes" in words and "region: ap-northeast-1" in words
    status = json.loads(region.ginnel("status", "--json").stdout)
    assert status["ready"] is True and status["dataplane"] == "off" and status["pid"] == region.process.pid


def test_env_is_for_the_shell(region):
    script = 'eval "$("$0" env)"; echo "$AWS_ENDPOINT_URL|$AWS_CA_BUNDLE|$AWS_REGION|$AWS_ACCESS_KEY_ID|$AWS_SECRET_ACCESS_KEY"'
    answer = subprocess.run(["sh", "-c", script, GINNEL], env={"GINNEL_STATE_DIR": region.state_dir, "PATH": os.environ["PATH"]},
                            capture_output=True, text=True, check=True).stdout.strip()
    endpoint, ca, name, key, secret = answer.split("|")
    assert endpoint == region.endpoint and name == "ap-northeast-1"
    assert (key, secret) == (region.root.access_key_id, region.root.secret_access_key)
    with open(ca, encoding="ascii") as file:
        assert "BEGIN CERTIFICATE" in file.read()


def test_everybody_may_read_the_ca_and_nobody_else_the_rest(region):
    """A user's shell may have its variables from root's `ginnel env`."""
    public = {"ca.crt", *(name for name in os.listdir(os.path.join(region.state_dir, "certs")) if name.endswith(".crt"))}
    for folder, _, files in os.walk(region.state_dir):
        for name in files:
            if name == "serve.log" or name.endswith(".toml"):  # the test's own
                continue
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
            assert mode == (0o644 if name in public else 0o600), (folder, name, oct(mode))
    assert os.stat(os.path.join(region.state_dir, "ca")).st_mode & 0o777 == 0o711


def test_the_aws_command_works_with_it(region):
    env = {"PATH": os.environ["PATH"], "AWS_PAGER": "", **json.loads(region.ginnel("env", "--json").stdout)}
    answer = subprocess.run(["aws", "ec2", "describe-availability-zones", "--endpoint-url", env["AWS_ENDPOINT_URL"]], env=env,
                            capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads(answer.stdout)["AvailabilityZones"]) == 3


def test_accounts(region):
    made = json.loads(region.ginnel("account", "create", "--account-id", "111122223333", "--json").stdout)
    assert made["account_id"] == "111122223333" and made["access_key_id"] and made["secret_access_key"]
    again = region.ginnel("account", "create", "--account-id", "111122223333", "--access-key-id", "AKIAIOSFODNN7EXAMPLE",
                          "--secret-access-key", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY").stdout
    assert "AKIAIOSFODNN7EXAMPLE" in again
    listed = {a["account_id"]: a["access_key_ids"] for a in json.loads(region.ginnel("account", "list", "--json").stdout)}
    assert listed["111122223333"] == [made["access_key_id"], "AKIAIOSFODNN7EXAMPLE"]
    assert "111122223333" in region.ginnel("account", "list").stdout


def test_bad_accounts_are_refused(region):
    for arguments in (["--account-id", "12"], ["--access-key-id", "!", "--secret-access-key", "x"]):
        answer = region.ginnel("account", "create", *arguments, check=False)
        assert answer.returncode == 1 and answer.stderr.startswith("ginnel: "), answer


def test_ca(region):
    certificate = region.ginnel("ca").stdout
    shown = subprocess.run(["openssl", "x509", "-noout", "-text"], input=certificate, capture_output=True, text=True, check=True)
    assert "CA:TRUE" in shown.stdout


def test_a_missing_instance(region):
    answer = region.ginnel("exec", "i-0123456789abcdef0", "--", "true", check=False)
    assert answer.returncode == 1 and "i-0123456789abcdef0" in answer.stderr


def test_drops(region):
    assert isinstance(json.loads(region.ginnel("drops", "--json").stdout), dict)


def test_only_the_owner_may_read(region):
    def mode(name):
        return stat.S_IMODE(os.stat(os.path.join(region.state_dir, name)).st_mode)
    assert mode("credentials") == 0o600
    assert mode("control.sock") == 0o600
    assert mode("certs/api.key") == 0o600


def test_credentials_file(region):
    with open(os.path.join(region.state_dir, "credentials"), encoding="ascii") as file:
        text = file.read()
    assert re.search(r"^\[default\]$", text, re.M) and re.search(r"^aws_access_key_id = \S+$", text, re.M)


def test_a_second_daemon_on_the_same_state_is_refused(region):
    second = subprocess.run([GINNEL, "serve", "--state-dir", region.state_dir, "--listen", "127.0.0.1:1", "--dataplane=off"],
                            capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert region.ginnel("status").returncode == 0


def test_a_bad_configuration_names_the_line(region, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('region = "ap-northeast-1"\ncolour = "red"\n')
    answer = subprocess.run([GINNEL, "serve", "--state-dir", str(tmp_path), "--config", str(path), "--dataplane=off"],
                            capture_output=True, text=True, timeout=30, check=False)
    assert answer.returncode == 1 and f'{path}:2: colour = "red": unknown key' in answer.stderr
