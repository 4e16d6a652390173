#!/usr/bin/python3
"""Adds operations to a description from the service's model in botocore's form.

    api/import.py service-2.json[.gz] api/NAME.api Operation…

Shapes are taken from the model anew; marks (unsupported, only=, sparse) that the description already
has are kept. Members of requests that the description has not seen before are added as supported.
"""

import gzip
import json
import pathlib
import sys

import description

# Longer enums are not worth a check against values that grow every month.
MAX_ENUM = 60
SCALAR_NAMES = {"float": "double", "character": "string"}
HEADER = """# Made by api/import.py from botocore's model (Apache-2.0); the marks are ours. README.md tells the format.
"""


def load(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as file:
        return json.load(file)


class Importer:
    def __init__(self, model, service):
        self.shapes, self.operations, self.service = model["shapes"], model["operations"], service
        metadata = model["metadata"]
        service.version = metadata["apiVersion"]
        service.protocol = "ec2" if metadata["protocol"] == "ec2" else "query"
        service.namespace = metadata["xmlNamespace"].rstrip("/") + "/"
        self.done = set()
        self.names = {}  # shape of the model -> its name in the description

    def add(self, name):
        operation = self.operations[name]
        request, response = self.root(operation.get("input"), name, "Request"), "-"
        if "output" in operation:
            response = self.root(operation["output"], name, "Response")
        self.service.operations[name] = description.Operation(name, request, response)

    # A shape that belongs to this operation alone is renamed to OperationRequest or OperationResponse.
    def root(self, reference, name, suffix):
        shape = reference["shape"]
        if shape.startswith(name):
            self.names[shape] = name + suffix
        return self.structure(shape)

    def structure(self, shape):
        name = self.names.get(shape, shape)
        if name in self.done:
            return name
        self.done.add(name)
        old = self.service.structures.get(name, {})
        members = {}
        for key, reference in self.shapes[shape].get("members", {}).items():
            member = self.member(key, reference)
            if key in self.shapes[shape].get("required", []):
                member.marks.add("required")
            if key in old:
                member.marks |= old[key].marks
                member.only = old[key].only
            members[key] = member
        self.service.structures[name] = members
        return name

    def member(self, key, reference):
        member = description.Member(key, "")
        target = self.shapes[reference["shape"]]
        if target["type"] == "list":
            member.is_list = True
            item = target["member"].get("locationName", "member")
            member.item = "" if item == self.service.default_item() else item
            member.type = self.type(target["member"]["shape"])
        elif target["type"] == "map":  # on the wire of the query services a list of entries
            member.is_list, member.item = True, "entry"
            member.type = self.entry(reference["shape"])
        else:
            member.type = self.type(reference["shape"])
        location = reference.get("locationName", key)
        wire_in = location
        if self.service.protocol == "ec2":
            wire_in = reference.get("queryName", location[:1].upper() + location[1:])
        member.wire_in = "" if wire_in == key else wire_in
        member.wire_out = "" if location == self.service.out_name(member) else location
        return member

    def entry(self, shape):
        name = shape + "Entry"
        self.service.structures[name] = {
            key: description.Member(key, self.type(self.shapes[shape][key]["shape"])) for key in ("key", "value")}
        return name

    def type(self, shape):
        target = self.shapes[shape]
        if target["type"] == "structure":
            return self.structure(shape)
        if target["type"] in ("list", "map"):
            raise SystemExit(f"{shape}: a {target['type']} at this place has no form in the description")
        if "enum" in target and len(target["enum"]) <= MAX_ENUM:
            self.service.enums[shape] = target["enum"]
            return shape
        return SCALAR_NAMES.get(target["type"], target["type"])


def tidy(service):
    """Names of requests are of no use in structures that only answers have, and the other way round."""
    inputs = service.reachable([o.request for o in service.operations.values()], True)
    outputs = service.reachable([o.response for o in service.operations.values()], True)
    for name, members in service.structures.items():
        for member in members.values():
            if name not in inputs:
                member.wire_in = ""
                member.marks.discard("required")
            if name not in outputs:
                member.wire_out = ""
                member.item = member.item if service.protocol == "query" else ""


def main(arguments):
    if len(arguments) < 3:
        raise SystemExit(__doc__)
    target = pathlib.Path(arguments[1])
    service = description.parse(target) if target.exists() else description.Service(name=target.stem)
    importer = Importer(load(arguments[0]), service)
    for name in list(service.operations) + arguments[2:]:
        importer.add(name)
    tidy(service)
    target.write_text(description.text(service, HEADER))


if __name__ == "__main__":
    main(sys.argv[1:])
