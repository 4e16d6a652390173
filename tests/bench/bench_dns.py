#!/usr/bin/env python3
"""The resolver's queries a second and time for one query, from published names (see src/dns/bench)."""
import os
import subprocess

BUILD = os.environ["GINNEL_BUILD"]
subprocess.run(["cmake", "--build", BUILD, "--target", "dns_bench"], check=True, stdout=subprocess.DEVNULL)
# In a network namespace of its own, with only a loopback.
program = os.path.join(BUILD, "src", "dns", "dns_bench")
subprocess.run(["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0"', program], check=True)
