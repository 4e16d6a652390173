"""The descriptions are as api/import.py writes them, and what is wrong in one is named with its line."""
import pathlib
import tempfile
import unittest

import judge

description = judge.description


def parse(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x.api"
        path.write_text(text)
        try:
            return description.parse(path)
        except SystemExit as error:
            return str(error).removeprefix(str(path))


class Descriptions(unittest.TestCase):
    def test_reading_and_writing_changes_nothing(self):
        for name in judge.SERVICES:
            with self.subTest(service=name):
                text = (judge.API / f"{name}.api").read_text()
                header = text.split("\n\n", 1)[0] + "\n"
                self.assertEqual(description.text(description.parse(judge.API / f"{name}.api"), header), text)

    def test_mistakes_are_named_with_their_line(self):
        for text, error in (("structure A\n  B string odd\n", ":2: 'odd' is not known"),
                            ("structure A\n  B string mark=1\n", ":2: 'mark=1' is not known"),
                            ("thing A\n", ":1: 'thing' is not known"),
                            ("structure A\n  B Missing\n", ": A.B has type Missing, which is not described"),
                            ("operation A B -\n", ": A names B, which is not described")):
            with self.subTest(text=text):
                self.assertEqual(parse(text), error)

    def test_every_only_value_is_one_of_the_members_type(self):
        for service in judge.services():
            for name, members in service.described.structures.items():
                for member in members.values():
                    allowed = service.described.enums.get(member.type, {"boolean": ["true", "false"]}.get(member.type))
                    if member.only and allowed:
                        self.assertIn(member.only, allowed, f"{name}.{member.name}")


if __name__ == "__main__":
    unittest.main()
