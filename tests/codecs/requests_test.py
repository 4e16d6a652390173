"""Requests that botocore's serializer makes, through our decoders: every parameter arrives where it belongs."""
import datetime
import unittest
import urllib.parse

import botocore.serialize
import judge


def flatten(value, path=""):
    """The lines that codec_probe prints for the same request."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from flatten(inner, f"{path}[{index}]")
    elif isinstance(value, bool):
        yield f"{path}={str(value).lower()}"
    elif isinstance(value, datetime.datetime):
        yield f"{path}={value:%Y-%m-%dT%H:%M:%S}.000Z"
    elif isinstance(value, str):
        yield f"{path}={urllib.parse.quote(value, safe='-_.~')}"
    else:
        yield f"{path}={value}"


class Sample:
    """Inputs made from botocore's model, with what our description says of the members."""

    def __init__(self, service):
        self.service = service

    def value(self, shape, kind, path, skip, only=""):
        if only:
            return {"boolean": only == "true", "integer": int(only) if only.isdigit() else 0}.get(shape.type_name, only)
        if shape.type_name == "structure":
            return self.structure(shape, kind, path, skip)
        if shape.type_name == "list":
            return [self.value(shape.member, kind, f"{path}[{i}]", skip) for i in range(2)]
        if shape.type_name == "string":
            known = self.service.described.enums.get(kind)
            return known[-1] if known else path + " +&=%\u00e9"
        time = datetime.datetime(2026, 1, 31, 12, 0, 1, tzinfo=datetime.timezone.utc)
        return {"integer": 7, "long": 1 << 40, "boolean": False, "double": 1.5, "timestamp": time}[shape.type_name]

    def structure(self, shape, name, path, skip):
        members = self.service.structure(name)
        out = {}
        for key, inner in shape.members.items():
            assert key in members, f"{name}.{key} is not in the description"
            if not skip(members[key]):
                out[key] = self.value(inner, members[key].type, f"{path}.{key}", skip, members[key].only)
        return out


def unsupported(member):
    return "unsupported" in member.marks


def optional(member):
    return "required" not in member.marks


def code(service, of_ec2):
    """Query services have one code for whatever is wrong in a request."""
    return of_ec2 if service.described.protocol == "ec2" else "ValidationError"


class Requests(unittest.TestCase):
    def setUp(self):
        self.services = judge.services()

    def bodies(self, skip):
        for service in self.services:
            serializer = botocore.serialize.create_serializer(service.model.metadata["protocol"], False)
            for described, model in service.operations():
                given = {}
                if model.input_shape is not None:
                    given = Sample(service).structure(model.input_shape, described.request, "", skip)
                yield service, described, given, serializer.serialize_to_request(given, model)["body"], model, serializer

    def test_every_parameter_arrives(self):
        for service, described, given, body, _, _ in self.bodies(unsupported):
            with self.subTest(operation=described.name):
                self.assertEqual(sorted(service.decode(described.name, body).splitlines()), sorted(flatten(given)))

    def test_an_unsupported_parameter_is_refused_by_name(self):
        checked = 0
        for service, described, given, _, model, serializer in self.bodies(optional):
            for key, member in service.structure(described.request).items():
                if not unsupported(member) or key not in model.input_shape.members:
                    continue
                checked += 1
                value = Sample(service).value(model.input_shape.members[key], member.type, key, unsupported)
                body = serializer.serialize_to_request({**given, key: value}, model)["body"]
                with self.subTest(operation=described.name, parameter=key):
                    name = service.described.in_name(member)
                    self.assertRegex(service.decode(described.name, body),
                                     rf"^!{code(service, 'UnsupportedOperation')}: The parameter {name}(\.\S*)? is not supported\.$")
        self.assertGreater(checked, 20)

    def test_a_missing_parameter_is_refused_by_name(self):
        for service, described, given, _, model, serializer in self.bodies(optional):
            for key in given:
                rest = {other: value for other, value in given.items() if other != key}
                body = serializer.serialize_to_request(rest, model)["body"]
                name = service.described.in_name(service.structure(described.request)[key])
                with self.subTest(operation=described.name, parameter=key):
                    self.assertEqual(service.decode(described.name, body),
                                     f"!{code(service, 'MissingParameter')}: The request must contain the parameter {name}\n")

    def test_an_unknown_parameter_is_refused_by_name(self):
        for service, described, _, body, _, _ in self.bodies(unsupported):
            for extra in ("Bogus", "Bogus.1.Inner"):
                with self.subTest(operation=described.name, parameter=extra):
                    self.assertEqual(service.decode(described.name, {**body, extra: "1"}),
                                     f"!UnknownParameter: The parameter {extra} is not recognized\n")

    def test_an_unknown_parameter_deep_inside_is_refused_by_name(self):
        ec2 = self.services[0]
        for body, name in (({"Filter.1.Name": "a", "Filter.1.Valeu.1": "b"}, "Filter.1.Valeu.1"),
                           ({"VpcId": "vpc-1"}, "VpcId"), ({"VpcId.0": "vpc-1"}, "VpcId.0"),
                           ({"VpcId.01": "vpc-1"}, "VpcId.01"), ({"VpcId.x": "vpc-1"}, "VpcId.x"),
                           ({"VpcId.10001": "vpc-1"}, "VpcId.10001"), ({"VpcId.1.x": "vpc-1"}, "VpcId.1.x"),
                           ({"MaxResults.1": "5"}, "MaxResults.1"), ({"Filter.1": "a"}, "Filter.1"),
                           ({"DryRun": "true", "DryRun.x": "1"}, "DryRun.x")):
            with self.subTest(body=body):
                self.assertEqual(ec2.decode("DescribeVpcs", body),
                                 f"!UnknownParameter: The parameter {name} is not recognized\n")

    def test_a_value_of_another_type_is_refused_with_name_and_value(self):
        ec2 = self.services[0]
        for operation, body, start in (
                ("DescribeVpcs", {"MaxResults": "many"}, "Value (many) for parameter MaxResults is invalid. "),
                ("DescribeVpcs", {"MaxResults": "99999999999"}, "Value (99999999999) for parameter MaxResults is "),
                ("DescribeVpcs", {"MaxResults": ""}, "Value () for parameter MaxResults is invalid. "),
                ("DescribeVpcs", {"DryRun": "yes"}, "Value (yes) for parameter DryRun is invalid. "),
                ("CreateVpcEndpoint", {"VpcId": "vpc-1", "VpcEndpointType": "interface"},
                 "Value (interface) for parameter VpcEndpointType is invalid. The valid values are: Interface, ")):
            with self.subTest(operation=operation, body=body):
                self.assertTrue(ec2.decode(operation, body).startswith(f"!InvalidParameterValue: {start}"))

    def test_a_value_that_is_not_the_only_one_is_refused(self):
        ec2 = self.services[0]
        self.assertEqual(ec2.decode("CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "dedicated"}),
                         "!UnsupportedOperation: The value 'dedicated' of the parameter InstanceTenancy is not supported.\n")

    def test_lists_may_have_gaps_and_come_in_any_order(self):
        ec2 = self.services[0]
        self.assertEqual(ec2.decode("DescribeVpcs", {"VpcId.10": "c", "VpcId.2": "b", "VpcId.1": "a"}),
                         ".VpcIds[0]=a\n.VpcIds[1]=b\n.VpcIds[2]=c\n")

    def test_the_query_services_have_codes_of_their_own(self):
        elbv2 = self.services[1]
        self.assertTrue(elbv2.decode("DescribeLoadBalancers", {"PageSize": "x"}).startswith("!ValidationError: Value (x)"))
        self.assertEqual(elbv2.decode("DescribeLoadBalancers", {"Names": ""}), "")
        self.assertEqual(elbv2.decode("DescribeLoadBalancers", {"Names.1": "a"}),
                         "!UnknownParameter: The parameter Names.1 is not recognized\n")

    def test_left_out_is_not_false(self):
        ec2 = self.services[0]
        self.assertEqual(ec2.decode("ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsSupport.Value": "false"}),
                         ".EnableDnsSupport.Value=false\n.VpcId=vpc-1\n")


if __name__ == "__main__":
    unittest.main()
