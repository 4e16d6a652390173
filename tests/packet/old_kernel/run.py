"""The packet tests on Debian 12's own kernel (6.1) in QEMU: the oldest that must take the program.

usage: run.py BUILD    the build directory, with packet_test and dataplane_net_test

Downloads Debian's package of the kernel into BUILD/old_kernel, makes an initramfs of busybox, a few modules and the
programs with their libraries, and boots it. Ends with 1 if a test fails or the kernel does not come to the end.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

PACKAGE = "linux-image-cloud-amd64"  # depends on the newest of its kind
MODULES = ["drivers/net/tun", "drivers/net/veth", "drivers/net/dummy", "net/sched/sch_ingress", "net/sched/cls_bpf"]
# Not those that only tell how long something takes.
PROGRAMS = {
    "tests/packet/packet_test": "--gtest_filter=-PacketCost.*:NewFlowCost.*",
    "src/dataplane/dataplane_net_test": "--gtest_filter=*AttachTest*:*PortsTest*clsact*",
}
DATA = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # tests/packet, by whose path the program finds its cases
MOST_SECONDS = 3600
INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mkdir -p /run/netns /dev/net /var
ln -s /run /var/run
ip link set lo up
for module in /modules/*; do insmod $module; done
echo "Linux $(uname -r)"
failed=0
%s
echo "all done, failed: $failed"
poweroff -f
"""


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, **options)


def kernel(folder):
    """Of Debian's package, unpacked: the image, and the folder of modules."""
    depends = run("apt-cache", "depends", PACKAGE, capture_output=True).stdout
    name = re.search(r"Depends: (linux-image-6\.1\.\S+)", depends)
    if not name:
        sys.exit(f"{PACKAGE} of this Debian is no Linux 6.1")
    unpacked = os.path.join(folder, name[1])
    if not os.path.isdir(unpacked):
        run("apt-get", "download", "-q", name[1], cwd=folder)
        [package] = glob.glob(os.path.join(folder, name[1] + "_*.deb"))
        run("dpkg-deb", "-x", package, unpacked + ".new")
        os.rename(unpacked + ".new", unpacked)
    [image] = glob.glob(os.path.join(unpacked, "boot/vmlinuz-*"))
    [modules] = glob.glob(os.path.join(unpacked, "lib/modules/*/kernel"))
    return image, modules


def put(path, root, at):
    target = root + at
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(path, target)


def put_program(path, root):
    put(path, root, path)
    libraries = run("ldd", path, capture_output=True).stdout
    for library in re.findall(r"(/\S+) \(0x", libraries):
        put(os.path.realpath(library), root, library)


def initramfs(folder, modules, build):
    root = os.path.join(folder, "root")
    shutil.rmtree(root, ignore_errors=True)
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "run"):
        os.makedirs(os.path.join(root, name))
    put("/bin/busybox", root, "/bin/busybox")
    for name in run("/bin/busybox", "--list", capture_output=True).stdout.split():
        if name != "busybox":
            os.symlink("busybox", os.path.join(root, "bin", name))
    os.remove(os.path.join(root, "bin", "ip"))  # busybox's knows no namespaces
    ip = os.path.realpath(shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin"))
    put_program(ip, root)
    os.symlink(ip, os.path.join(root, "bin", "ip"))
    os.remove(os.path.join(root, "bin", "sh"))  # busybox's takes its own commands before those of PATH
    put_program("/usr/bin/dash", root)
    os.symlink("/usr/bin/dash", os.path.join(root, "bin", "sh"))
    with open(os.path.join(root, "etc", "resolv.conf"), "w", encoding="ascii"):
        pass  # that of a namespace is mounted over it
    for number, module in enumerate(MODULES):
        put(os.path.join(modules, module + ".ko"), root, f"/modules/{number}")
    shutil.copytree(DATA, root + DATA, ignore=shutil.ignore_patterns("*.cc", "*.h"))
    lines = []
    for name, arguments in PROGRAMS.items():
        path = os.path.join(build, name)
        put_program(path, root)
        lines.append(f"{path} --gtest_brief=1 '{arguments}' || failed=1")
    with open(os.path.join(root, "init"), "w", encoding="utf-8") as file:
        file.write(INIT % "\n".join(lines))
    os.chmod(os.path.join(root, "init"), 0o755)
    image = os.path.join(folder, "initramfs")
    run("sh", "-c", f"find . | cpio --quiet -o -H newc > {image}", cwd=root)
    return image


def main():
    build = os.path.abspath(sys.argv[1])
    folder = os.path.join(build, "old_kernel")
    os.makedirs(folder, exist_ok=True)
    image, modules = kernel(folder)
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "3G", "-smp", "2", "-nographic",
               "-no-reboot", "-nic", "none", "-kernel", image, "-initrd", initramfs(folder, modules, build),
               "-append", "console=ttyS0 quiet panic=-1 net.ifnames=0"]
    done = ""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as machine:
        try:
            for line in machine.stdout:
                print(line.rstrip(), flush=True)
                done = line if line.startswith("all done") else done
            machine.wait(MOST_SECONDS)
        finally:
            machine.kill()
    if "failed: 0" not in done:
        sys.exit("not all is well on the old kernel")


if __name__ == "__main__":
    main()
