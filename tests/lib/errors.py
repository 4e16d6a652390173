"""Expecting an error of the API by its code."""
import contextlib

import botocore.exceptions
import pytest


@contextlib.contextmanager
def api_error(code, *parts):
    """The block must end in this error; its message must contain the parts."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    error = caught.value.response["Error"]
    assert error["Code"] == code, f"{error['Code']}: {error.get('Message')}"
    for part in parts:
        assert part in error["Message"], error["Message"]
