#!/usr/bin/env python3
"""Prints "N passed, N failed, N skipped" over JUnit XML files of CTest and pytest; exit 1 if anything failed or nothing ran."""
import sys
import xml.etree.ElementTree as ElementTree


def tally(paths):
    passed = failed = skipped = 0
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            status = case.get("status", "")
            if case.find("failure") is not None or case.find("error") is not None or status == "fail":
                failed += 1
            elif case.find("skipped") is not None or status in ("notrun", "disabled"):
                skipped += 1
            else:
                passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    counts = tally(sys.argv[1:])
    print("%d passed, %d failed, %d skipped" % counts)
    sys.exit(1 if counts[1] or not counts[0] else 0)
