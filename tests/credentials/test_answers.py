"""Documents that hold secrets."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.credentials import answers
from ec2lite.errors import CredentialsError
from samples import told

NO_TEXT = b'{"a": "HUSH\xff"}'
BROKEN = '{"a": "HUSH'


@given(st.text(max_size=50))
def test_broken_documents(rest):
    """A document that is cut short is an error that quotes nothing."""
    with pytest.raises(CredentialsError, match="It is not JSON") as caught:
        answers.parse_json(BROKEN + rest.replace('"', ""), "It")

    assert "HUSH" not in told(caught.value)


def test_not_text():
    """Bytes that are no text are an error that holds none of them."""
    with pytest.raises(CredentialsError, match="It is not JSON") as caught:
        answers.parse_json(NO_TEXT, "It")

    assert "HUSH" not in told(caught.value)


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


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "5", 1.5, [1]])
def test_later_than_nothing(value):
    """A number of seconds that is none is an error that names the key."""
    with pytest.raises(CredentialsError, match="It has no n"):
        answers.later(NOON, {"n": value}, "n", "It")


@given(st.integers(-(10**10), 10**10))
def test_later(number):
    """A number of seconds is counted from the time given."""
    time = answers.later(NOON, {"n": number}, "n", "It")

    assert number == (time - NOON).total_seconds()


def test_much_later():
    """A number that no clock can show is out of range."""
    with pytest.raises(CredentialsError, match="out of range"):
        answers.later(NOON, {"n": 10**30}, "n", "It")


@pytest.mark.parametrize("value", ["a\nb", "a\x7f", "\u00e9"])
def test_not_plain(value):
    """What no header may have is refused, and not shown."""
    with pytest.raises(CredentialsError, match=r"^It has characters that a header must not"):
        answers.plain(value, "It")
