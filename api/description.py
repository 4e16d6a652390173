"""Reads and writes the compact descriptions of operations (*.api); README.md tells the format."""

import dataclasses
import pathlib
import textwrap

SCALARS = ("string", "integer", "long", "boolean", "double", "timestamp", "blob")
MARKS = ("required", "unsupported", "sparse")


@dataclasses.dataclass
class Member:
    name: str
    type: str  # a scalar, an enum, a structure, or the element's type of a list
    is_list: bool = False
    item: str = ""  # element name of a list's items where it is not the protocol's own
    wire_in: str = ""  # name in requests, where it is not `name`
    wire_out: str = ""  # element name in answers, where it is not the protocol's own
    only: str = ""  # the single value that is accepted
    marks: set = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Operation:
    name: str
    request: str
    response: str  # "-" where the answer has no members


@dataclasses.dataclass
class Service:
    name: str = ""
    version: str = ""
    protocol: str = ""  # "ec2" or "query"
    namespace: str = ""
    operations: dict = dataclasses.field(default_factory=dict)
    enums: dict = dataclasses.field(default_factory=dict)
    structures: dict = dataclasses.field(default_factory=dict)

    def default_item(self):
        return "item" if self.protocol == "ec2" else "member"

    def out_name(self, member):
        if member.wire_out:
            return member.wire_out
        return member.name[:1].lower() + member.name[1:] if self.protocol == "ec2" else member.name

    def in_name(self, member):
        return member.wire_in or member.name

    def reachable(self, roots, through_unsupported):
        """The structures and enums that the structures `roots` use, themselves included."""
        seen, todo = set(), [root for root in roots if root in self.structures]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            for member in self.structures.get(name, {}).values():
                if through_unsupported or "unsupported" not in member.marks:
                    todo.append(member.type)
        return seen - set(SCALARS)


class DescriptionError(Exception):
    pass


def parse_member(words):
    member = Member(words[0], words[1])
    if member.type.startswith("["):
        member.is_list = True
        member.type, _, member.item = member.type.strip("[]").partition(":")
    for word in words[2:]:
        key, equals, value = word.partition("=")
        if word in MARKS:
            member.marks.add(word)
        elif equals and key in ("in", "out"):
            setattr(member, "wire_" + key, value)
        elif equals and key == "only":
            member.only = value
        else:
            raise DescriptionError(f"'{word}' is not known")
    return member


def parse(path):
    service, block = Service(), None
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        words = line.split("#")[0].split()
        try:
            if not words:
                continue
            if not line.startswith(" "):
                block = parse_head(service, words)
            elif isinstance(block, list):
                block.extend(words)
            else:
                block[words[0]] = parse_member(words)
        except (IndexError, TypeError, AttributeError, DescriptionError) as error:
            raise SystemExit(f"{path}:{number}: {error}") from None
    check(path, service)
    return service


def parse_head(service, words):
    kind, name = words[0], words[1]
    if kind == "operation":
        service.operations[name] = Operation(name, words[2], words[3])
        return None
    if kind == "enum":
        return service.enums.setdefault(name, words[2:])
    if kind == "structure":
        return service.structures.setdefault(name, {})
    if kind in ("service", "version", "protocol", "namespace"):
        setattr(service, "name" if kind == "service" else kind, name)
        return None
    raise DescriptionError(f"'{kind}' is not known")


def check(path, service):
    known = set(SCALARS) | set(service.enums) | set(service.structures)
    for operation in service.operations.values():
        for shape in (operation.request, operation.response):
            if shape != "-" and shape not in service.structures:
                raise SystemExit(f"{path}: {operation.name} names {shape}, which is not described")
    for name, members in service.structures.items():
        for member in members.values():
            if member.type not in known:
                raise SystemExit(f"{path}: {name}.{member.name} has type {member.type}, which is not described")


def member_line(member, width):
    shown = member.type
    if member.is_list:
        shown = f"[{shown}:{member.item}]" if member.item else f"[{shown}]"
    rest = [f"in={member.wire_in}"] if member.wire_in else []
    rest += [f"out={member.wire_out}"] if member.wire_out else []
    rest += [mark for mark in MARKS if mark in member.marks]
    rest += [f"only={member.only}"] if member.only else []
    return f"  {member.name:<{width}} {shown} {' '.join(rest)}".rstrip()


def text(service, header):
    lines = [header, f"service {service.name}", f"version {service.version}", f"protocol {service.protocol}"]
    lines += [f"namespace {service.namespace}", ""]
    for operation in sorted(service.operations.values(), key=lambda o: o.name):
        lines.append(f"operation {operation.name} {operation.request} {operation.response}")
    lines += [""] if service.enums else []
    for name, values in sorted(service.enums.items()):
        lines += textwrap.wrap(f"enum {name} {' '.join(values)}", 120, subsequent_indent="  ",
                               break_long_words=False, break_on_hyphens=False)
    for name, members in sorted(service.structures.items()):
        lines += ["", f"structure {name}"]
        width = max((len(m.name) for m in members.values()), default=0)
        lines += [member_line(member, width) for member in members.values()]
    return "\n".join(lines) + "\n"
