"""ginnel-cni as a container runtime calls it (CNI 1.0.0): by environment and input; and as podman does."""
import json
import os
import resource
import shutil
import subprocess

import pytest
from attached import ip, new_netns, reaches
from network import ANYWHERE, ANYWHERE6, Vpc, echo, tcp_from, tcp_server
from region import BUILD

PLUGIN = os.path.join(BUILD, "src", "cni", "ginnel-cni")
PORT = 7007


class Network:
    """A network configuration, and the runtime's calls on it."""

    def __init__(self, vpc, groups=(), version="1.0.0", **more):
        self.configuration = {"cniVersion": version, "name": "blue", "type": "ginnel-cni", "stateDir": vpc.region.state_dir,
                              "subnetId": vpc.subnet, "securityGroupIds": list(groups), **more}

    def call(self, command, netns, container="c1", ifname="eth0", previous=None):
        """The exit code and the output, read as JSON where there is any."""
        environment = {"CNI_COMMAND": command, "CNI_CONTAINERID": container, "CNI_IFNAME": ifname, "CNI_PATH": os.path.dirname(PLUGIN),
                       "PATH": os.environ["PATH"]}
        if netns:
            environment["CNI_NETNS"] = f"/run/netns/{netns}"
        configuration = dict(self.configuration, prevResult=previous) if previous else self.configuration
        done = subprocess.run([PLUGIN], input=json.dumps(configuration), env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, json.loads(done.stdout) if done.stdout else None


@pytest.fixture
def netns():
    with new_netns() as name:
        yield name


@pytest.fixture
def server(vpc):
    instance = vpc.instance(groups=[vpc.group(tcp_from("10.0.0.0/16", PORT))])
    with tcp_server(echo, address=instance.address, port=PORT, netns=instance.id):
        yield instance


def interfaces(vpc):
    found = vpc.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": ["Container *"]}])
    return found["NetworkInterfaces"]


def test_a_container_comes_and_goes(vpc, netns, server):
    network = Network(vpc)
    code, result = network.call("ADD", netns)
    assert code == 0, result
    [made] = interfaces(vpc)
    address = made["PrivateIpAddress"]
    assert result == {
        "cniVersion": "1.0.0",
        "interfaces": [{"name": "eth0", "mac": made["MacAddress"], "sandbox": f"/run/netns/{netns}"}],
        "ips": [{"address": f"{address}/24", "gateway": "10.0.1.1", "interface": 0}],
        "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.1.1"}],
        "dns": {"nameservers": ["10.0.0.2"], "domain": f"{vpc.region.name}.compute.internal",
                "search": [f"{vpc.region.name}.compute.internal"]}}
    assert (made["Status"], made["Description"]) == ("in-use", "Container blue/c1/eth0")
    assert reaches(netns, server.address, PORT)
    assert network.call("CHECK", netns, previous=result) == (0, None)
    assert network.call("DEL", netns) == (0, None)
    assert interfaces(vpc) == [] and "eth0" not in ip("-brief", "link", netns=netns)


@pytest.fixture
def dual(region, account):
    """A VPC with IPv6, and the IPv6 address of an endpoint in it for the service that echoes."""
    vpc = Vpc(region, account, ipv6=True)
    endpoint = vpc.endpoint("echo", [vpc.group(ANYWHERE, ANYWHERE6)], IpAddressType="dualstack", PrivateDnsEnabled=False)
    return vpc, vpc.addresses(endpoint, "Ipv6Address")[0]


def test_a_container_in_a_dual_stack_subnet(region, dual, netns):
    vpc, endpoint6 = dual
    network = Network(vpc)
    code, result = network.call("ADD", netns)
    assert code == 0, result
    [made] = interfaces(vpc)
    assert result["ips"] == [
        {"address": made["PrivateIpAddress"] + "/24", "gateway": "10.0.1.1", "interface": 0},
        {"address": made["Ipv6Addresses"][0]["Ipv6Address"] + "/64", "gateway": "fe80::1", "interface": 0}]
    assert result["routes"] == [{"dst": "0.0.0.0/0", "gw": "10.0.1.1"}, {"dst": "::/0", "gw": "fe80::1"}]
    assert result["ips"][1]["address"] in ip("-6", "-brief", "address", "show", "eth0", netns=netns)
    assert reaches(netns, endpoint6, region.echo_port)
    assert network.call("CHECK", netns, previous=result) == (0, None)
    ip("-6", "route", "del", "default", netns=netns)
    code, error = network.call("CHECK", netns, previous=result)
    assert code == 1 and error["code"] == 101 and "has no default route by fe80::1" in error["msg"]
    ip("-6", "address", "flush", "dev", "eth0", "scope", "global", netns=netns)
    code, error = network.call("CHECK", netns, previous=result)
    assert code == 1 and "has not the address " + result["ips"][1]["address"] in error["msg"]
    assert network.call("DEL", netns) == (0, None)
    assert interfaces(vpc) == []


def test_add_twice_is_an_error_and_del_twice_is_not(vpc, netns):
    network = Network(vpc)
    assert network.call("ADD", netns)[0] == 0
    code, error = network.call("ADD", netns)
    assert code == 1 and error["code"] >= 100 and "blue/c1/eth0" in error["msg"]
    assert len(interfaces(vpc)) == 1
    for where in (netns, None, "no-such"):
        assert network.call("DEL", where) == (0, None)
    assert interfaces(vpc) == []


def test_del_after_the_namespace_is_gone(vpc):
    network = Network(vpc)
    with new_netns() as netns:
        assert network.call("ADD", netns)[0] == 0
    assert network.call("DEL", netns) == (0, None)
    assert interfaces(vpc) == []


def test_what_fails_leaves_nothing(vpc, netns):
    for network, words in ((Network(vpc), ("no-such", "No such file")),
                           (Network(vpc, groups=["sg-00000000000000009"]), (netns, "InvalidGroup.NotFound")),
                           (Network(vpc, subnetId="subnet-0"), (netns, "there is no subnet")),
                           (Network(vpc, stateDir="/no/such"), (netns, "no daemon answers"))):
        where, text = words
        code, error = network.call("ADD", where)
        assert code == 1 and text in error["msg"] + error.get("details", ""), error
        assert error["cniVersion"] == "1.0.0"
    assert interfaces(vpc) == []


def test_check_sees_what_changed(vpc, netns):
    network = Network(vpc)
    result = network.call("ADD", netns)[1]
    for was, otherwise, words in ((result["ips"][0]["address"], "10.0.1.99/24", "has not the address 10.0.1.99/24 any more"),
                                  (result["interfaces"][0]["mac"], "02:00:00:00:00:99", "the MAC is"),
                                  (f"/run/netns/{netns}", "/run/netns/other", "no interface eth0 in")):
        code, error = network.call("CHECK", netns, previous=json.loads(json.dumps(result).replace(was, otherwise)))
        assert code == 1 and error["code"] == 101 and words in error["msg"], error
    assert network.call("CHECK", netns, previous=result) == (0, None)
    ip("route", "del", "default", netns=netns)
    code, error = network.call("CHECK", netns, previous=result)
    assert code == 1 and "has no default route by 10.0.1.1" in error["msg"]
    ip("address", "flush", "dev", "eth0", netns=netns)
    code, error = network.call("CHECK", netns, previous=result)
    assert code == 1 and "has not the address" in error["msg"]
    network.call("DEL", netns)
    code, error = network.call("CHECK", netns, previous=result)
    assert code == 1 and "nothing is attached" in error["msg"]


def test_two_interfaces_of_a_container(vpc, netns):
    network = Network(vpc)
    first, second = (network.call("ADD", netns, ifname=name)[1] for name in ("eth0", "eth1"))
    assert first["ips"][0]["address"] != second["ips"][0]["address"]
    assert first["routes"] and not second["routes"]
    assert network.call("DEL", netns, ifname="eth0") == (0, None)
    assert "eth1" in ip("-brief", "link", netns=netns)
    assert network.call("DEL", netns, ifname="eth1") == (0, None)


def test_after_another_plugin(vpc, netns):
    before = {"cniVersion": "1.0.0", "interfaces": [{"name": "net0", "sandbox": f"/run/netns/{netns}"}],
              "ips": [{"address": "192.0.2.2/24", "interface": 0}]}
    network = Network(vpc)
    code, result = network.call("ADD", netns, previous=before)
    assert code == 0, result
    assert result["interfaces"][0] == before["interfaces"][0] and result["ips"][0] == before["ips"][0]
    assert result["interfaces"][1]["name"] == "eth0" and result["ips"][1]["interface"] == 1
    assert network.call("CHECK", netns, previous=result) == (0, None)
    assert network.call("DEL", netns, previous=result) == (0, None)


def test_older_versions_have_their_shape(vpc, netns):
    network = Network(vpc, version="0.4.0")
    result = network.call("ADD", netns)[1]
    assert result["cniVersion"] == "0.4.0" and result["ips"][0]["version"] == "4"
    network.call("DEL", netns)
    assert network.call("VERSION", None)[1]["supportedVersions"][-1] == "1.0.0"
    assert Network(vpc, version="9.0.0").call("ADD", netns)[1]["code"] == 1


# podman by itself would ask for cgroups and limits that a test machine may not give, so it gets a view of its own of
# /sys/fs/cgroup; /run/netns stays shared with the daemon.
VIEW = """mount --make-rprivate /sys && { umount -l /sys/fs/cgroup 2>/dev/null; mount -t cgroup2 none /sys/fs/cgroup; } && exec "$@" """


class Podman:
    def __init__(self, folder, network):
        self.folder = folder
        networks = folder / "net.d"
        networks.mkdir()
        name = network.configuration["name"]
        plugin = {key: value for key, value in network.configuration.items() if key not in ("name", "cniVersion")}
        (networks / "blue.conflist").write_text(json.dumps({"cniVersion": "0.4.0", "name": name, "plugins": [plugin]}))
        (folder / "containers.conf").write_text(
            f'[network]\nnetwork_backend = "cni"\ncni_plugin_dirs = ["{os.path.dirname(PLUGIN)}"]\n'
            f'network_config_dir = "{networks}"\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n')
        self.rootfs = folder / "rootfs"
        for name in ("bin", "dev", "etc", "proc", "run", "sys", "tmp"):
            (self.rootfs / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), self.rootfs / "bin" / "busybox")

    def run(self, *command):
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return subprocess.run(
            ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", VIEW, "sh", "podman", "--root", str(self.folder / "store"),
             "--runroot", str(self.folder / "run"), "--storage-driver", "vfs", "run", "--rm", "--network", "blue", "--cgroups",
             "disabled", "--ulimit", f"nofile={files}:{files}", "--ulimit", "nproc=1000:1000", "--log-driver", "none",
             "--security-opt", "seccomp=unconfined", "--rootfs", str(self.rootfs), "/bin/busybox", *command],
            env=dict(os.environ, CONTAINERS_CONF=str(self.folder / "containers.conf")), capture_output=True, text=True, timeout=120)


def test_podman(vpc, server, tmp_path):
    podman = Podman(tmp_path, Network(vpc))
    answer = podman.run("sh", "-c", f"ip -4 address show eth0; echo from a container | nc -w 5 {server.address} {PORT}; cat /etc/resolv.conf")
    assert answer.returncode == 0, answer.stderr
    assert "inet 10.0.1." in answer.stdout and "from a container" in answer.stdout, answer.stdout
    assert "nameserver 10.0.0.2" in answer.stdout
    assert interfaces(vpc) == []


def test_podman_6(region, dual, tmp_path):
    vpc, endpoint6 = dual
    podman = Podman(tmp_path, Network(vpc))
    answer = podman.run("sh", "-c", f"ip -6 address show eth0; ip -6 route; echo from a container | nc -w 5 {endpoint6} {region.echo_port}")
    assert answer.returncode == 0, answer.stderr
    prefix = vpc.cidr6.split("::")[0].rsplit(":", 1)[0]
    assert f"inet6 {prefix}" in answer.stdout and "default via fe80::1 dev eth0" in answer.stdout, answer.stdout
    assert "from a container" in answer.stdout
    assert interfaces(vpc) == []


def test_a_region_of_another_account_is_out_of_reach(region, vpc, netns):
    """A group of another account's VPC does not fit the subnet's."""
    other = Vpc(region, region.new_account())
    code, error = Network(vpc, groups=[other.group()]).call("ADD", netns)
    assert code == 1 and "InvalidGroup.NotFound" in error["msg"]
