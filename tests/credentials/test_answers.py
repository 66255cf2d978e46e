"""Documents that hold secrets."""

import json
import traceback
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.credentials import answers
from ec2lite.errors import CredentialsError

BROKEN = '{"a": "HUSH'


@given(st.text(max_size=50))
def test_broken_documents(rest):
    """A document that is cut short is an error that quotes nothing."""
    with pytest.raises(CredentialsError, match="It is not JSON") as caught:
        answers.parse_json(BROKEN + rest.replace('"', ""), "It")

    assert "HUSH" not in "".join(traceback.format_exception(caught.value))


def test_deep_document():
    """A document that is nested without end is no JSON, either."""
    with pytest.raises(CredentialsError, match="is not JSON"):
        answers.parse_json("[" * 100_000, "It")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T12:00:00Z",
        "2026-01-01T12:00:00UTC",
        "2026-01-01T12:00:00",
        "2026-01-01T13:00:00+01:00",
    ],
)
def test_times(text):
    """Times are understood as AWS's tools write them; without a zone they are UTC."""
    assert datetime(2026, 1, 1, 12, tzinfo=UTC) == answers.parse_time(text, "It")


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b'{"code": "AccessDenied"}', {}, " (AccessDenied)"),
        (b'{"__type": "SomeException"}', {}, " (SomeException)"),
        (b"HUSH", {"x-amzn-errortype": "ForbiddenException:http://x/"}, " (ForbiddenException)"),
        (b"HUSH", {}, ""),
        (b"[" * 100_000, {}, ""),
        (b'["HUSH"]', {}, ""),
        (b'{"code": "HUSH HUSH"}', {}, ""),
        (b'{"code": 42, "error": null}', {}, ""),
    ],
)
def test_error_codes(body, headers, expected):
    """Of an error answer only its code is shown, if it looks like one."""
    assert expected == answers.error_code(body, headers)


@pytest.mark.parametrize("value", [None, "5", 1.5, [1]])
def test_integer(value):
    """A number that is none is an error that names the key."""
    with pytest.raises(CredentialsError, match="It has no n"):
        answers.integer(json.loads(json.dumps({"n": value})), "n", "It")
