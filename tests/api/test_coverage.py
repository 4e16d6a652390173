"""Every action that the daemon answers is called by a test of this folder."""
import pathlib
import re

from botocore import xform_name

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent


def test_every_action_is_called():
    calls = "\n".join(path.read_text() for path in HERE.glob("test_*.py"))
    described = [name for path in sorted((ROOT / "api").glob("*.api"))
                 for name in re.findall(r"^operation (\w+)", path.read_text(), re.M)]
    assert len(described) > 30
    missing = [name for name in described if f".{xform_name(name)}(" not in calls and f'"{xform_name(name)}"' not in calls]
    assert not missing
