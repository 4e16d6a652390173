#!/usr/bin/python3
"""Writes docs/api.md from the descriptions: what each operation takes, and what it refuses by name.

document.py [--check]: with --check nothing is written, and a page that is not up to date is an error.
"""
import pathlib
import sys

import description

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "api.md"

HEAD = """# The API: what it takes, what it refuses

Made from the descriptions in `api/` by `api/document.py`. Every call is signed (SigV4). A parameter that is refused gets
`UnsupportedOperation` (EC2) or `ValidationError` (ELB, STS) with its name; one that nobody knows gets `UnknownParameter`; nothing is
ignored. Values and combinations that make no sense here, such as RouteTableIds with an interface endpoint, are refused by the action.
Names are those of the AWS SDKs; a dot leads into a structure. Codes and texts of errors: `src/api/README.md`.

Stored and shown, without effect: endpoint policies (all access is allowed), UserData and KeyName of instances.

Load balancers are of Type `network` and Scheme `internal`; both must be given, because the API's own defaults are others. Target groups
have the types `instance` and `ip`, listeners and target groups the protocols `TCP`, `UDP` and `TCP_UDP`; a listener has one action,
`forward` to one target group. Attributes that nothing here depends on can be set to their default only: of load balancers `access_logs.*`,
`dns_record.client_routing_policy`, `ipv6.deny_all_igw_traffic`, `secondary_ips.auto_assigned.per_subnet`, `zonal_shift.config.enabled`.

"""


def walk(service, structure, prefix=""):
    """(name, member) of every member, structures opened; a refused structure stays closed."""
    for member in service.structures[structure].values():
        name = prefix + member.name + ("[]" if member.is_list else "")
        if member.type in service.structures and "unsupported" not in member.marks:
            yield from walk(service, member.type, name + ".")
        else:
            yield name, member


def tick(name, member):
    text = f"`{name}`"
    if member.only:
        text += f" (only `{member.only}`)"
    if "required" in member.marks:
        text += " (required)"
    return text


def page():
    out = [HEAD]
    for path in sorted(HERE.glob("*.api")):
        service = description.parse(path)
        out.append(f"## {service.name}, {service.version}\n\n| operation | takes | refuses |\n|---|---|---|\n")
        for operation in sorted(service.operations.values(), key=lambda operation: operation.name):
            members = list(walk(service, operation.request))
            takes = [tick(name, member) for name, member in members if "unsupported" not in member.marks]
            refuses = [f"`{name}`" for name, member in members if "unsupported" in member.marks]
            out.append(f"| {operation.name} | {', '.join(takes) or 'nothing'} | {', '.join(refuses)} |\n")
        out.append("\n")
    return "".join(out).rstrip("\n") + "\n"


def main():
    text = page()
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text() != text:
            sys.exit(f"{PAGE} is not up to date: run api/document.py")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
