"""A virtual machine of Debian's own kernel and a busybox, software emulated, with its network on a tap.

The tests have no network but their own, so the kernel is downloaded before: `./dev test` runs this file, which does it.
"""
import contextlib
import glob
import os
import pathlib
import re
import shutil
import subprocess
import threading

from region import ROOT

PACKAGE = "linux-image-cloud-amd64"  # depends on the newest of its kind
MODULES = ("drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_legacy_dev",
           "drivers/virtio/virtio_pci_modern_dev", "drivers/virtio/virtio_pci", "net/core/failover",
           "drivers/net/net_failover", "drivers/net/virtio_net")
# What udhcpc calls with its findings in the environment.
UDHCPC = r"""#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip address flush dev $interface
ip link set $interface mtu $mtu
ip address add $ip/$mask dev $interface
ip route add default via $router dev $interface
echo "search $domain" > /etc/resolv.conf
for server in $dns; do echo "nameserver $server" >> /etc/resolv.conf; done
echo "GUEST lease $1 $ip/$mask router $router dns $dns domain $domain mtu $mtu lease $lease server $serverid"
"""
INIT = r"""#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*; do insmod $module; done
ip link set lo up
ip link set eth0 up
%s
echo "GUEST done"
poweroff -f
"""


FOLDER = pathlib.Path(ROOT, "build", "guest-kernel")


def download():
    """Debian's package, once, unpacked and not installed."""
    folder = FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if not list(folder.glob("*/boot/vmlinuz-*")):
        depends = subprocess.run(["apt-cache", "depends", PACKAGE], capture_output=True, text=True, check=True).stdout
        name = re.search(r"Depends: (linux-image-\S+)", depends)[1]
        subprocess.run(["apt-get", "download", "-q", name], cwd=folder, capture_output=True, check=True)
        [package] = folder.glob(name + "_*.deb")
        subprocess.run(["dpkg-deb", "-x", str(package), str(folder / "new")], check=True)
        os.rename(folder / "new", folder / name)


def kernel():
    """The image, and the folder of its modules."""
    images = list(FOLDER.glob("*/boot/vmlinuz-*"))
    assert images, f"no kernel in {FOLDER}: python3 tests/lib/guest.py downloads it"
    [modules] = FOLDER.glob("*/lib/modules/*/kernel")
    return images[0], modules


def archive(files):
    """An initramfs (cpio, newc): path → (content, mode); folders have the content None."""
    out = bytearray()
    entries = [*files.items(), ("TRAILER!!!", (b"", 0))]
    for number, (path, (content, mode)) in enumerate(entries, 1):
        kind = 0 if mode == 0 else 0o040000 if content is None else 0o100000
        data, name = content or b"", path.encode() + b"\0"
        fields = (number, kind | mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def initramfs(commands, modules):
    with open(shutil.which("busybox"), "rb") as file:
        busybox = file.read()
    applets = subprocess.run(["busybox", "--list"], capture_output=True, text=True, check=True).stdout.split()
    files = {name: (None, 0o755) for name in ("bin", "dev", "etc", "modules", "proc", "sys", "tmp")}
    files["bin/busybox"] = (busybox, 0o755)
    for applet in applets:
        if applet != "busybox":
            files["bin/" + applet] = (b"#!/bin/busybox sh\nexec /bin/busybox %s \"$@\"\n" % applet.encode(), 0o755)
    files["bin/sh"] = files["bin/busybox"]
    for number, module in enumerate(MODULES):
        [path] = glob.glob(str(modules / (module + ".ko*")))
        with open(path, "rb") as file:
            files[f"modules/{number:02}-{os.path.basename(path)}"] = (file.read(), 0o644)
    files["udhcpc"] = (UDHCPC.encode(), 0o755)
    files["init"] = ((INIT % commands).encode(), 0o755)
    return archive(files)


class Guest:
    """What the machine says on its serial line, as it says it."""

    def __init__(self, process):
        self.process, self.lines = process, []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def said(self, pattern):
        """The first line that the pattern is found in; None before there is one."""
        for line in list(self.lines):
            if found := re.search(pattern, line):
                return found
        return None

    @property
    def ended(self):
        return self.process.poll() is not None


@contextlib.contextmanager
def booted(folder, tap, mac, commands):
    """A machine that runs the commands and powers itself off."""
    image, modules = kernel()
    initrd = os.path.join(folder, "initramfs")
    with open(initrd, "wb") as file:
        file.write(initramfs(commands, modules))
    process = subprocess.Popen(
        ["qemu-system-x86_64", "-accel", "tcg", "-m", "256", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio",
         "-kernel", str(image), "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1",
         "-netdev", f"tap,id=net,ifname={tap},script=no,downscript=no", "-device", f"virtio-net-pci,netdev=net,mac={mac},romfile="],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    guest = Guest(process)
    try:
        yield guest
    finally:
        process.kill()
        process.wait()
        guest.reader.join(10)


if __name__ == "__main__":
    download()
