"""The values that everything shares."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ec2lite.errors import ConfigError, EC2Error
from ec2lite.models import Credentials, Endpoint, ResponseMetadata
from samples import SECRET, TOKEN


def test_credentials_repr():
    """The repr of credentials names the key, never the secret or the token."""
    expiration = datetime(2026, 1, 1, tzinfo=UTC)

    shown = repr(Credentials("AKID", SECRET, TOKEN, expiration, "123456789012"))

    assert (
        "Credentials(access_key_id='AKID', expiration=datetime.datetime(2026, 1, 1, 0, 0, "
        "tzinfo=datetime.timezone.utc), account_id='123456789012')" == shown
    )


KEYS = ["access_key_id", "secret_access_key", "session_token"]


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("value", "odd"),
    [
        ("hidden\n", "a line break"),
        ("hidden\r", "a line break"),
        (" hidden", "a space"),
        ("hidden\x00", "a character that is not printable"),
        ("hidden\x7f", "a character that is not printable"),
    ],
)
def test_odd_credentials(name, value, odd):
    """What no header can carry is refused by name, and not shown."""
    keys = dict.fromkeys(KEYS, "x") | {name: value}

    with pytest.raises(ConfigError) as caught:
        Credentials(**keys)

    kind = "text" if name == "secret_access_key" else "ASCII"
    expected = f"{name} must be printable {kind} without spaces, not text with {odd}"
    assert expected == str(caught.value)


@pytest.mark.parametrize("name", ["access_key_id", "session_token"])
def test_credentials_in_headers_are_ascii(name):
    """The secret may have any letters, but what goes into headers may not."""
    assert Credentials("x", "é").secret_access_key == "é"
    with pytest.raises(ConfigError, match=name):
        Credentials(**{"access_key_id": "x", "secret_access_key": "x", name: "hiddené"})


@pytest.mark.parametrize("name", KEYS)
def test_credentials_of_other_types(name):
    """A key that is no string is refused by name."""
    with pytest.raises(ConfigError, match=f"^{name} must be a string, not bytes$"):
        Credentials(**(dict.fromkeys(KEYS, "x") | {name: b"x"}))


@pytest.mark.parametrize("name", KEYS[:2])
def test_no_credentials(name):
    """Neither the key nor the secret may be missing."""
    with pytest.raises(ConfigError, match=f"^{name} must be a key, not an empty string$"):
        Credentials(**(dict.fromkeys(KEYS, "x") | {name: ""}))
    with pytest.raises(ConfigError, match=f"^{name} must be a string, not None$"):
        Credentials(**(dict.fromkeys(KEYS, "x") | {name: None}))


@pytest.mark.parametrize(
    ("url", "region", "message"),
    [
        ("http://[", "eu-west-1", "url must be an http:// or https:// URL "),
        (None, "eu-west-1", "url must be a string, not None"),
        ("http://x", None, "signing_region must be a string, not None"),
    ],
)
def test_endpoint(url, region, message):
    """An endpoint that nothing can be sent to, or signed for, is refused."""
    with pytest.raises(ConfigError, match=f"^{message}"):
        Endpoint(url, region, "ec2")


def test_empty_token():
    """An empty session token is as none."""
    assert "" == Credentials("AKID", SECRET, "").session_token


def test_credentials_defaults():
    """Permanent credentials are two strings."""
    keys = Credentials("AKID", SECRET)

    assert (None, None, None) == (keys.session_token, keys.expiration, keys.account_id)


def test_metadata():
    """boto3 counts retries where ec2lite counts attempts, and has headers of its own."""
    headers = {"date": "x"}
    metadata = ResponseMetadata("r", 200, headers, attempts=3, earlier_failures=(EC2Error(),))

    shown = metadata.to_dict()

    assert {
        "RequestId": "r",
        "HTTPStatusCode": 200,
        "HTTPHeaders": {"date": "x"},
        "RetryAttempts": 2,
    } == shown
    assert headers is not shown["HTTPHeaders"]


def test_metadata_without_request_id():
    """Where the answer had no request id, boto3's dict has none either."""
    assert {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0} == (
        ResponseMetadata(None, 200, {}).to_dict()
    )
