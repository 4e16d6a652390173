"""Answers of our encoders, read by botocore's parser: every member arrives where it belongs."""
import datetime
import unittest

import botocore.parsers
import judge

TIME = datetime.datetime(2026, 1, 31, 12, 0, 0, 123000, tzinfo=datetime.timezone.utc)
SCALARS = {"integer": 7, "long": 7, "double": 7.0, "float": 7.0, "boolean": True, "timestamp": TIME}


def expected(shape, path=""):
    """What the parser must give for an answer with every member set, by botocore's own model."""
    if shape.type_name == "structure":
        return {key: expected(inner, f"{path}.{key}") for key, inner in shape.members.items()}
    if shape.type_name == "list":
        return [expected(shape.member, f"{path}[{index}]") for index in range(2)]
    if shape.type_name == "map":
        return {f"{path}[{index}].key": f"{path}[{index}].value" for index in range(2)}
    return path if shape.type_name == "string" else SCALARS[shape.type_name]


def document(protocol, operation, body):
    if protocol == "ec2":
        return f"<{operation}Response><requestId>r-1</requestId>{body}</{operation}Response>"
    return (f"<{operation}Response><{operation}Result>{body}</{operation}Result><ResponseMetadata><RequestId>r-1"
            f"</RequestId></ResponseMetadata></{operation}Response>")


class Answers(unittest.TestCase):
    def test_every_member_is_where_botocore_looks_for_it(self):
        self.maxDiff = None
        for service in judge.services():
            protocol = service.model.metadata["protocol"]
            parser = botocore.parsers.ResponseParserFactory().create_parser(protocol)
            for described, model in service.operations():
                text = judge.probe("encode", f"{service.name}.{described.name}")
                body = text.split("<Probe>")[1].removesuffix("</Probe>")
                answer = {"body": document(protocol, described.name, body).encode(), "headers": {}, "status_code": 200}
                parsed = parser.parse(answer, model.output_shape)
                self.assertEqual(parsed.pop("ResponseMetadata")["RequestId"], "r-1")
                with self.subTest(operation=described.name):
                    self.assertEqual(parsed, expected(model.output_shape) if model.output_shape else {})

    def test_an_operation_without_output_answers_true(self):
        self.assertIn("<return>true</return>", judge.probe("encode", "ec2.DeleteVpc"))

    def test_every_described_operation_is_generated(self):
        described = {f"{s.name}.{name}" for s in judge.services() for name in s.described.operations}
        self.assertEqual(set(judge.probe("list").split()), described)


if __name__ == "__main__":
    unittest.main()
