#!/usr/bin/python3
"""A layout of the maps that could come next, made of the present one: for tests that carry maps over.

usage: make_layout.py ABI_DIR OUT_DIR

Writes OUT_DIR/abi, the same headers with another version and other structures: members in other places, new ones, and a
wider one. The packet program and the data plane are built a second time with them.
"""
import pathlib
import re
import sys


class Header:
    def __init__(self, source, name):
        self.name, self.text = name, (source / name).read_text(encoding="utf-8")

    def replace(self, pattern, new, count=1):
        self.text, found = re.subn(pattern, new, self.text, count=count, flags=re.MULTILINE)
        if not found:
            sys.exit(f"{self.name}: nothing matches {pattern}")

    def change(self, struct, change):
        """Calls change(lines of members) and takes what it returns for them."""
        match = re.search(rf"^struct {struct} \{{\n(.*?)^\}};", self.text, flags=re.MULTILINE | re.DOTALL)
        if not match:
            sys.exit(f"{self.name}: no struct {struct}")
        lines = change(match[1].splitlines())
        self.text = self.text[:match.start(1)] + "".join(line + "\n" for line in lines) + self.text[match.end(1):]


def with_first(text):
    return lambda lines: [f"  {text}", *lines]


def moved(member, to_front=False):
    def change(lines):
        [line] = [line for line in lines if re.match(rf"\s*\w+( \w+)? {member}\b", line)]
        rest = [other for other in lines if other is not line]
        return [line, *rest] if to_front else [*rest, line]
    return change


def main():
    source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) / "abi"
    out.mkdir(parents=True, exist_ok=True)
    headers = {path.name: Header(source, path.name) for path in source.glob("*.h")}
    base = headers["base.h"]
    base.replace(r"^(#define GINNEL_LAYOUT_VERSION) \d+u", r"\1 1000u")
    base.replace(r"^  static_assert\(sizeof.*$", "  static_assert(sizeof(struct type) != 0); \\\\")
    base.replace(r"^#define GINNEL_LAYOUT\(type, size\) _Static_assert\(sizeof.*$",
                 '#define GINNEL_LAYOUT(type, size) _Static_assert(sizeof(struct type) != 0, #type)')

    flow = headers["flow.h"]
    flow.change("ginnel_flow_key", moved("source_port"))
    flow.change("ginnel_flow", moved("packets", to_front=True))
    flow.change("ginnel_flow", with_first("__u64 next_only;"))
    flow.replace(r"^  __u16 idle_s;", "  __u32 idle_s;")
    flow.replace(r"^  __u16 opened;", "  __u32 opened, next_too;")
    headers["count.h"].change("ginnel_port_count", with_first("__u64 next_only;"))
    headers["count.h"].change("ginnel_link_count", with_first("__u64 next_only;"))
    headers["port.h"].change("ginnel_port", moved("interface_id", to_front=True))
    headers["port.h"].change("ginnel_port", with_first("__u32 next_only[3];"))
    headers["link.h"].change("ginnel_link_key", moved("vpc"))
    headers["link.h"].change("ginnel_link", with_first("__u32 next_only;"))
    headers["policy.h"].change("ginnel_rule", moved("group"))
    headers["destination.h"].change("ginnel_destination", with_first("__u32 next_only;"))
    headers["config.h"].change("ginnel_config", moved("layout_version"))
    headers["settings.h"].change("ginnel_settings", moved("flags"))
    for header in headers.values():
        path = out / header.name
        if not path.exists() or path.read_text(encoding="utf-8") != header.text:
            path.write_text(header.text, encoding="utf-8")


if __name__ == "__main__":
    main()
