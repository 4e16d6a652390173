#!/usr/bin/python3
"""Writes the C++ that lets a test look into the generated structures of one service.

    generate_probe.py API-DIR NAME OUTPUT-FILE

`dump` writes each member of a request that is set as a line PATH=VALUE; `fill` sets each member of an answer to a
value made of its path. Paths are those of botocore: Reservations[0].Instances[1].InstanceId.
"""

import pathlib
import sys

sys.dont_write_bytecode = True


def load(api_folder):
    sys.path.insert(0, api_folder)
    import description  # pylint: disable=import-outside-toplevel
    import generate  # pylint: disable=import-outside-toplevel

    return description, generate


class ProbeGenerator:
    def __init__(self, generate, service):
        self.generate, self.service = generate, service
        self.generator = generate.Generator(service)

    def text(self):
        name = self.service.name
        parts = [f'#include "generated/{name}.h"\n#include "codecs/probe.h"\n\nnamespace ginnel::{name} {{\n']
        for shape in self.generator.ordered():
            if shape in self.generator.inputs:
                parts.append(self.function("dump", f"const {shape}& value", "std::string& out", shape, "out"))
            if shape in self.generator.outputs:
                parts.append(self.function("fill", f"{shape}& value", "", shape, ""))
        parts.append(f"}}  // namespace ginnel::{name}\n\nnamespace ginnel::probe {{\n")
        parts.append(f"void add_{name}(Operations& operations) {{")
        for operation in self.service.operations:
            parts.append(f'  operations.push_back(operation<{name}::{operation}>("{name}"));')
        parts.append("}\n}  // namespace ginnel::probe\n")
        return "\n".join(parts)

    def function(self, verb, value, extra, shape, argument):
        arguments = ", ".join(part for part in (value, "const std::string& path", extra) if part)
        lines = [f"static void {verb}({arguments.replace('& value', '& value', 1)}) {{"]
        fields = self.generator.fields(shape)
        for member in fields:
            if verb == "dump" and "unsupported" in member.marks:
                continue
            tail = f", {argument}" if argument else ""
            field = f"value.{self.generate.snake(member.name)}"
            lines.append(f'  probe::{verb}_member({field}, path + ".{member.name}"{tail});')
        if len(lines) == 1:
            lines.append("  (void)value, (void)path" + (", (void)out;" if argument else ";"))
        return "\n".join([*lines, "}\n"])


def main(arguments):
    if len(arguments) != 3:
        raise SystemExit(__doc__)
    description, generate = load(arguments[0])
    service = description.parse(pathlib.Path(arguments[0]) / f"{arguments[1]}.api")
    pathlib.Path(arguments[2]).write_text(ProbeGenerator(generate, service).text())


if __name__ == "__main__":
    main(sys.argv[1:])
