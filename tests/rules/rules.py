#!/usr/bin/env python3
"""Checks the rules of the house on a source tree: who may include whom, that CMake says the same, and small ones.

usage: rules.py ROOT; prints one line a violation, exit 1 if there is one.
"""
import os
import re
import sys

# Module → what it may include besides itself. A module is a folder of src/; planner/plan.h is one of its own, "plan".
ALLOWED = {
    "base": set(),
    "model": {"base"},
    "store": {"base"},
    "aws": {"base"},
    "config": {"base"},
    "tls": {"base"},
    "http": {"base", "tls"},
    "api": {"base", "model", "aws"},
    "plan": {"base"},
    "planner": {"base", "model", "plan"},
    "maglev": {"base"},
    "dataplane": {"base", "plan", "maglev", "abi"},
    "health": {"base", "plan"},
    "notify": {"base", "tls", "http"},
    "dns": {"base", "plan"},
    "dhcp": {"base", "plan"},
    "relay": {"base", "plan"},
    "cni": {"base", "http"},
    "cli": {"base", "config", "http", "relay", "daemon", "dataplane"},
    "daemon": {"base", "model", "store", "aws", "config", "tls", "http", "api", "planner", "plan", "dataplane", "dns", "dhcp",
               "relay", "health", "notify", "abi"},
}
# Top-level folders that are not modules of src/.
ALLOWED_TOP = {"abi": set(), "bpf": {"abi"}}
KNOWN = set(ALLOWED) | set(ALLOWED_TOP)

SOURCE = (".cc", ".h", ".c")
TEXT = SOURCE + (".py", ".js", ".sh", ".cmake", ".txt", ".toml", ".json", ".yml", ".md")
LONGEST = 500
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
SHELL = re.compile(r"(?<![\w.>])(?:std::|::)?(system|popen)\s*\(")
# Spelt so that this file does not match itself.
MACHINE_PATH = re.compile(r"/(?:w)ork/|/(?:f)arm/|/(?:h)ome/\w|/(?:r)oot/")
OWED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
SKIPPED = {"build", ".git", "node_modules", "__pycache__", ".pytest_cache", "corpus"}


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(set(names) - SKIPPED):
            yield os.path.relpath(os.path.join(folder, name), root)


def module_of(path):
    """The module that a file belongs to, or None."""
    parts = path.split(os.sep)
    if path == os.path.join("src", "planner", "plan.h"):
        return "plan"
    if len(parts) > 2 and parts[0] == "src":
        return parts[1]
    return parts[0] if len(parts) > 1 and parts[0] in ALLOWED_TOP else None


def included_module(root, include):
    """The module that an include names, or None for libraries and generated headers."""
    if include == "planner/plan.h":
        return "plan"
    first = include.split("/")[0]
    if first == "bpf" and not os.path.exists(os.path.join(root, include)):
        return None  # libbpf's own headers stand in a folder of this name too
    return first if "/" in include and first in KNOWN else None


def includes(root):
    """Yields (path, module, module that it includes, the include)."""
    for path in files(root):
        module = module_of(path)
        if module is None or not path.endswith(SOURCE):
            continue
        for include in INCLUDE.findall(read(os.path.join(root, path))):
            other = included_module(root, include)
            if other is not None and other != module:
                yield path, module, other, include


def check_includes(root):
    for path, module, other, include in includes(root):
        allowed = ALLOWED.get(module, ALLOWED_TOP.get(module))
        if allowed is None:
            yield f"{path}: src/{module} has no place in the rules (tests/rules/rules.py)"
        elif other not in allowed:
            yield f"{path}: {module} may not include {include}"


def link_dependencies(root):
    """Module → (its direct dependencies, the test program's further ones), as the CMake files say."""
    links = {}
    for module in ALLOWED:
        path = os.path.join(root, "src", module, "CMakeLists.txt")
        if not os.path.exists(path):
            continue
        text = re.sub(r"#.*", "", read(path))
        direct, test = set(), set()
        for arguments in re.findall(r"ginnel_module\(([^)]*)\)", text):
            keyword, words = None, arguments.split()
            for word in words[1:]:
                if word in ("DEPENDS", "LIBRARIES", "PRECOMPILE", "TEST_DEPENDS"):
                    keyword = word
                elif keyword == "DEPENDS":
                    direct.add(word)
                elif keyword == "TEST_DEPENDS":
                    test.add(word)
        for arguments in re.findall(r"target_link_libraries\(([^)]*)\)", text):
            words = [word[len("ginnel_"):] for word in arguments.split() if word.startswith("ginnel_")]
            if words and not arguments.startswith("ginnel_"):  # a program of the module
                words.insert(0, module)
            of = "plan" if words and words[0] == "plan" else module
            links.setdefault(of, (set(), set()))[0].update(set(words) - {"options", of})
        links.setdefault(module, (set(), set()))
        links[module][0].update(direct)
        links[module][1].update(test)
    return links


def check_links(root):
    links = link_dependencies(root)

    def reachable(module, with_tests):
        seen, todo = set(), [module]
        while todo:
            direct, test = links.get(todo.pop(), (set(), set()))
            for other in direct | (test if with_tests else set()):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
            with_tests = False
        return seen

    for module, (direct, _) in sorted(links.items()):
        for other in sorted(direct & KNOWN):
            if other not in ALLOWED[module]:
                yield f"src/{module}/CMakeLists.txt: {module} may not link {other}"
    for path, module, other, include in includes(root):
        if module in links and other in ALLOWED.get(module, ()) and other not in ALLOWED_TOP:
            # The abi is headers only; every other included module must be linked, directly or through another.
            if other not in reachable(module, path.endswith("_test.cc")):
                yield f"{path}: includes {include}, but src/{module}/CMakeLists.txt does not link {other}"


def check_text(root):
    for path in files(root):
        if not path.endswith(TEXT) and os.sep in path:
            continue
        text = read(os.path.join(root, path))
        code = path.endswith(SOURCE + (".py", ".js", ".sh")) or path == "dev"
        if code and text.count("\n") > LONGEST:
            yield f"{path}: {text.count(chr(10))} lines; a file has at most {LONGEST}"
        for number, line in enumerate(text.split("\n"), 1):
            if path.startswith("src" + os.sep) and (call := SHELL.search(line)):
                yield f"{path}:{number}: {call.group(1)}() runs a shell"
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: names a path of one machine"
            if code and OWED.search(line):
                yield f"{path}:{number}: says that something is owed"


def check(root):
    return sorted([*check_includes(root), *check_links(root), *check_text(root)])


if __name__ == "__main__":
    violations = check(sys.argv[1] if len(sys.argv) > 1 else ".")
    print("\n".join(violations) if violations else "the rules hold")
    sys.exit(1 if violations else 0)
