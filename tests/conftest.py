"""What the tests of tests/api and tests/net share.

The whole pytest process moves into a network namespace of its own, with nothing but a loopback device: whatever a test
starts is in there too, nothing can leave the machine, and two runs do not meet.
"""
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

import isolation  # noqa: E402
import region as region_module  # noqa: E402


def pytest_configure(config):
    # The tools as Debian brings them, whatever else is installed.
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    try:
        isolation.enter_new_network()
    except OSError as error:
        pytest.exit(f"the tests need root: cannot make a network namespace: {error}", returncode=1)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the log of every daemon that runs."""
    report = (yield).get_result()
    if report.failed:
        for running in region_module.Region.running:
            report.sections.append((f"log of the daemon in {running.state_dir}", running.log_tail()))
