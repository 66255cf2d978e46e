"""From an operation to a signed HTTP request."""

from __future__ import annotations

import sys
import traceback
from datetime import timedelta, timezone

import httpx
import pytest
from attrs import frozen

import ec2lite
from ec2lite.errors import ConfigError
from ec2lite.models import Credentials, Endpoint
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.protocol.request import RequestBuilder, encode, user_agent
from ec2lite.signing.signer import default_signer
from samples import ENDPOINT, KEYS, NOW, TEMPORARY, TOKEN, NamingSigner

STOP = StopInstances(["i-1"], force=True)
BODY = b"Action=StopInstances&Version=2016-11-15&InstanceId.1=i-1&Force=true"
PYTHON = ".".join(map(str, sys.version_info[:3]))


@frozen
class Unsigned(StopInstances):
    """An operation that needs no credentials."""

    signed = False


def test_whole_request():
    """Method, URL, headers and body are these bytes and no others."""
    request = ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=KEYS, now=NOW)

    scope = "20260102/eu-west-1/ec2/aws4_request"
    signature = "f2c604e2b0c6180d66e8d72e663bd41e7229982231f1a79ce549a8ad1fd637d6"
    assert "POST" == request.method
    assert "https://ec2.eu-west-1.amazonaws.com" == str(request.url)
    assert BODY == request.content
    assert [
        (b"host", b"ec2.eu-west-1.amazonaws.com"),
        (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
        (b"user-agent", f"ec2lite/{ec2lite.__version__} lang/python#{PYTHON}".encode()),
        (b"accept-encoding", b"identity"),
        (b"content-length", str(len(BODY)).encode()),
        (b"x-amz-date", b"20260102T030405Z"),
        (
            b"authorization",
            f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, "
            f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}".encode(),
        ),
    ] == request.headers.raw


def test_session_token():
    """Temporary credentials send their token, and sign it."""
    request = ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=TEMPORARY, now=NOW)

    assert TOKEN == request.headers["x-amz-security-token"]
    assert (
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,"
        in request.headers["authorization"]
    )


def test_empty_token():
    """A session token that is empty is not sent."""
    keys = Credentials("AKID", "secret", "")
    request = ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=keys, now=NOW)

    assert "x-amz-security-token" not in request.headers
    assert "x-amz-security-token" not in request.headers["authorization"]


def test_any_zone():
    """The time may be of any zone; the request is signed in UTC."""
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    first, second = (
        ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=KEYS, now=now)
        for now in (NOW, tokyo)
    )

    assert first.headers.raw == second.headers.raw


@pytest.mark.parametrize(
    ("url", "host", "target"),
    [
        ("http://127.0.0.1:5000", b"127.0.0.1:5000", b"/"),
        ("http://127.0.0.1:80", b"127.0.0.1", b"/"),
        ("https://[::1]:8443/services/Cloud", b"[::1]:8443", b"/services/Cloud"),
        ("https://Cloud.Example", b"cloud.example", b"/"),
    ],
)
def test_endpoints(url, host, target):
    """The host has the port that HTTP wants in it, and the path is the endpoint's."""
    endpoint = Endpoint(url, "eu-west-1", "ec2")

    request = ec2lite.build_request(STOP, endpoint=endpoint, credentials=KEYS, now=NOW)

    assert host == dict(request.headers.raw)[b"host"]
    assert target == request.url.raw_path


def test_signed_as_sent():
    """The URL that is signed is the one on the wire, where httpx has escaped and shortened it."""
    seen = []

    class Signer:
        def sign(self, **given):
            seen.append(given["url"])
            return {}

    endpoint = Endpoint("https://Cloud.Example:443/a/../é", "eu-west-1", "ec2")
    request = ec2lite.build_request(
        STOP, endpoint=endpoint, credentials=KEYS, now=NOW, signer=Signer()
    )

    assert ["https://cloud.example/%C3%A9"] == seen
    assert b"/%C3%A9" == request.url.raw_path


def test_own_signer():
    """A signer of the caller's replaces botocore's, and sees the whole request."""
    seen = {}

    class Signer:
        def sign(self, **given):
            seen.update(given)
            return {"authorization": "mine"}

    request = ec2lite.build_request(
        STOP, endpoint=ENDPOINT, credentials=KEYS, now=NOW, signer=Signer()
    )

    assert "mine" == request.headers["authorization"]
    assert {
        "method": "POST",
        "url": ENDPOINT.url,
        "headers": {
            "host": "ec2.eu-west-1.amazonaws.com",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        },
        "body": BODY,
        "credentials": KEYS,
        "region": "eu-west-1",
        "service": "ec2",
        "now": NOW,
    } == seen


@pytest.mark.parametrize(
    ("operation", "credentials"), [(Unsigned("i-1"), KEYS), (Unsigned("i-1"), None), (STOP, None)]
)
def test_unsigned(operation, credentials):
    """A request that needs no signature, or has nothing to sign with, goes without."""
    builder = RequestBuilder(ENDPOINT, NamingSigner())

    request = builder.build(operation, encode(operation), credentials=credentials, now=NOW)

    assert "authorization" not in request.headers


@pytest.mark.parametrize("wrong", [None, {}, ("AKID", "secret")])
def test_no_credentials(wrong):
    """A signature that was promised is never left out for want of credentials."""
    with pytest.raises(ConfigError, match=r"^credentials must be ec2lite.Credentials, not "):
        ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=wrong, now=NOW)


def test_odd_endpoint():
    """An endpoint whose host httpx cannot read is refused, and not shown."""
    endpoint = Endpoint("http://xn--a", "eu-west-1", "ec2")
    with pytest.raises(ConfigError) as caught:
        ec2lite.build_request(STOP, endpoint=endpoint, credentials=KEYS, now=NOW)

    expected = "an http:// or https:// URL, not one that httpx cannot read"
    assert f"the URL of the endpoint must be {expected}" == str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("endpoint", "https://x", "endpoint must be an ec2lite.Endpoint, not str"),
        ("now", 0.0, "now must be a datetime, not float"),
        ("signer", "SigV4", "signer must be an object with sign(), not str"),
        ("signer", ec2lite.SigV4, "signer must be an object with sign(), not the class SigV4"),
    ],
)
def test_wrong_arguments(argument, value, message):
    """What is wrong is refused by name."""
    given = {"endpoint": ENDPOINT, "credentials": KEYS, "now": NOW} | {argument: value}
    with pytest.raises(ConfigError) as caught:
        ec2lite.build_request(STOP, **given)

    assert message == str(caught.value)


@pytest.mark.parametrize("value", ["a\nb", "\u20ac", "a\x00"])
def test_odd_signature(value):
    """A signer's header that cannot be sent is refused; no variable of ours shows the token."""

    class Signer:
        def sign(self, **given):
            return {"x-amz-security-token": TOKEN, "authorization": value}

    with pytest.raises(ConfigError) as caught:
        ec2lite.build_request(
            STOP, endpoint=ENDPOINT, credentials=TEMPORARY, now=NOW, signer=Signer()
        )

    expected = "what the signer returns must be printable ASCII, not other text"
    assert expected == str(caught.value)
    frames = traceback.StackSummary.extract(traceback.walk_tb(caught.tb), capture_locals=True)
    ours = [frame for frame in frames if "ec2lite/" in frame.filename]
    assert ours
    assert not [frame for frame in ours if TOKEN in str(frame.locals)]


def test_none_needed():
    """An operation that goes unsigned needs no credentials."""
    request = ec2lite.build_request(
        Unsigned("i-1"), endpoint=ENDPOINT, credentials=None, now=NOW, signer=NamingSigner()
    )

    assert "authorization" not in request.headers


@pytest.mark.parametrize("wrong", [None, "StopInstances", StopInstances])
def test_no_request(wrong):
    """What is no request is refused by name."""
    with pytest.raises(ConfigError, match=r"^request must be an object such as StopInstances"):
        ec2lite.build_request(wrong, endpoint=ENDPOINT, credentials=KEYS, now=NOW)


def test_more_headers():
    """A call's own headers go along, in the extensions too; they are not signed."""
    builder = RequestBuilder(ENDPOINT, default_signer(), "me/1")
    headers = {"amz-sdk-request": "attempt=1; max=3"}

    request = builder.build(
        STOP, BODY, credentials=KEYS, now=NOW, headers=headers, extensions={"deadline": 5.0}
    )

    assert "attempt=1; max=3" == request.headers["amz-sdk-request"]
    assert "me/1" == request.headers["user-agent"]
    assert "SignedHeaders=content-type;host;x-amz-date," in request.headers["authorization"]
    assert {"deadline": 5.0} == request.extensions


def test_both_streams():
    """The request can be sent by sync and async transports, and again."""
    request = ec2lite.build_request(STOP, endpoint=ENDPOINT, credentials=KEYS, now=NOW)

    assert isinstance(request.stream, httpx.SyncByteStream)
    assert isinstance(request.stream, httpx.AsyncByteStream)
    assert [BODY, BODY] == [b"".join(request.stream), b"".join(request.stream)]


def test_user_agent():
    """The user agent names ec2lite, Python, and what the caller adds."""
    own = f"ec2lite/{ec2lite.__version__} lang/python#{PYTHON}"

    assert [own, f"{own} app/1"] == [user_agent(), user_agent("app/1")]
    assert f"{own} app/night-stop-1.0 extra" == user_agent("extra", "night stop/1.0")
    assert f"{own} app/a--b-" == user_agent(None, "a\r\nb\u00e9")
