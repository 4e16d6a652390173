"""Waiting for a condition with a deadline; nothing sleeps for a fixed time and hopes."""
import time


def wait_for(condition, what, deadline_s=15.0, interval_s=0.02):
    """Calls condition() until it is true and returns its value; AssertionError after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        time.sleep(interval_s)
