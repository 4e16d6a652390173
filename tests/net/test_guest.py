"""A virtual machine on a tap gets its address by DHCP and uses an endpoint by its name."""
import pytest
from attached import Interface
from guest import booted
from network import tcp_from
from waiting import wait_for

BOOT_S = 180  # emulated, on a busy machine; it takes about ten seconds
COMMANDS = r"""
udhcpc -i eth0 -s /udhcpc -n -q -f -t 10 -O mtu -O domain
echo "GUEST link $(cat /sys/class/net/eth0/address) mtu $(cat /sys/class/net/eth0/mtu)"
echo "GUEST name $(nslookup -type=a %(name)s 2>&1 | grep -A1 %(name)s | grep Address | tr '\n' ' ')"
echo "GUEST answer $( (echo 'hello from a guest'; sleep 3) | nc -w 20 %(name)s %(port)d)"
"""


@pytest.mark.timeout(BOOT_S + 120)
def test_a_machine_boots_and_uses_an_endpoint(region, vpc, outside, tmp_path):
    interface = Interface(vpc)
    endpoint = vpc.endpoint("echo", groups=[vpc.group(tcp_from(f"{interface.address}/32", region.echo_port))])
    address = vpc.addresses(endpoint)[0]
    name = f"echo.{region.name}.amazonaws.com"
    interface.attach("--tap", "gguest")
    commands = COMMANDS % {"name": name, "port": region.echo_port}
    with booted(tmp_path, "gguest", interface.mac, commands) as machine:
        wait_for(lambda: machine.said("GUEST done") or machine.ended, "the machine to come to its end", BOOT_S, 0.2)
        said = "\n".join(machine.lines)
        lease = machine.said("GUEST lease (.*)")
        assert lease, said
        assert lease[1] == (f"bound {interface.address}/24 router 10.0.1.1 dns {vpc.resolver} domain "
                            f"{region.name}.compute.internal mtu 8500 lease 3600 server 10.0.1.1"), said
        assert machine.said(f"GUEST link {interface.mac} mtu 8500"), said
        assert machine.said(f"GUEST name .*{address}"), said
        assert machine.said("GUEST answer hello from a guest"), said
    interface.detach()
    interface.delete()
