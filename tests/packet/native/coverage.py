"""How many lines of bpf/ the packet cases reach, per file; 1 where a file has fewer than it must.

usage: coverage.py BUILD [--lines] [--fuzz]    the build directory; --lines names those that nothing reaches; --fuzz runs
                                               the mutated packets instead of the cases

The program built for the machine runs every case twice: with all of a packet directly readable, and with its Ethernet
header only, as of a packet in pages.
"""
import collections
import glob
import json
import os
import subprocess
import sys

LEAST = 90  # per cent of the lines of each file
# Random packets come to no limit of a table, and to nothing that the daemon does.
LEAST_OF_FUZZ = {f"bpf/{name}.h": LEAST for name in ("fragment", "icmp_error", "icmp_types", "quote", "translate_part", "too_big")}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def run(program, linear):
    environment = {**os.environ, **({"GINNEL_NATIVE_LINEAR": linear} if linear else {})}
    done = subprocess.run([program, "--gtest_brief=1"], env=environment, capture_output=True, text=True, check=False)
    if done.returncode or "SKIPPED" in done.stdout:
        sys.exit(f"it fails (directly readable: {linear or 'all'}):\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def counts(folder, notes):
    """file of bpf/ → line → how often it ran"""
    answer = subprocess.run(["gcov", "--json-format", "--stdout", notes], cwd=folder, check=True, capture_output=True, text=True)
    files = collections.defaultdict(collections.Counter)
    for file in json.loads(answer.stdout)["files"]:
        name = os.path.relpath(os.path.join(folder, file["file"]), ROOT)
        for line in file["lines"] if name.startswith("bpf/") else []:
            files[name][line["line_number"]] += line["count"]
    return files


def main():
    build, with_lines, fuzz = os.path.abspath(sys.argv[1]), "--lines" in sys.argv[2:], "--fuzz" in sys.argv[2:]
    [notes] = glob.glob(f"{build}/tests/packet/native/CMakeFiles/ginnel_native_program.dir/**/*.gcno", recursive=True)
    data = notes[:-len("gcno")] + "gcda"
    if os.path.exists(data):
        os.remove(data)
    program = f"{build}/tests/packet/native/packet_native" + ("_fuzz" if fuzz else "")
    for linear in (None, "14"):
        run(program, linear)
    files, low = counts(build, notes), []
    every = sum(map(len, files.values()))
    reached = {name: sum(count > 0 for count in lines.values()) for name, lines in files.items()}
    for name, lines in sorted(files.items()):
        percent = 100 * reached[name] / len(lines)
        print(f"{percent:6.1f} %  {reached[name]:4} of {len(lines):4}  {name}")
        low += [name] if percent < (LEAST_OF_FUZZ.get(name, 0) if fuzz else LEAST) else []
        if with_lines:
            source = open(os.path.join(ROOT, name), encoding="utf-8").read().splitlines()
            for number in sorted(line for line, count in lines.items() if not count):
                print(f"              {number}: {source[number - 1].strip()}")
    print(f"{100 * sum(reached.values()) / every:6.1f} %  {sum(reached.values()):4} of {every:4}  all")
    if low:
        sys.exit(f"less than {LEAST} %: {', '.join(low)}")


if __name__ == "__main__":
    main()
