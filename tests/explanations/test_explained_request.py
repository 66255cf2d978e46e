"""``explain``: the request that ``build_request`` makes, and each step to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ec2lite
from ec2lite.credentials.sts.assume_role_with_web_identity import AssumeRoleWithWebIdentity
from ec2lite.signing import key as signing_key
from samples import ENDPOINT, NOW, SECRET
from servers import answer, serve, take

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "a-token'$HOME"
KEYS = ec2lite.Credentials("AKIDEXAMPLE", SECRET, TOKEN)
STOP = ec2lite.StopInstances(["i-1234567890abcdef0", "i-0598c7d356eba48d7"], force=True)
requests = st.one_of(
    st.builds(
        ec2lite.StopInstances,
        st.lists(st.from_regex(r"\Ai-[0-9a-f]{8,17}\Z"), min_size=1, max_size=3),
        hibernate=st.none() | st.booleans(),
        dry_run=st.none() | st.booleans(),
    ),
    st.builds(
        lambda values: ec2lite.DescribeInstances(filters={"tag:a b": values}),
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1),
    ),
    st.builds(ec2lite.GetCallerIdentity),
)


def explained(request: Any = STOP, **changes: Any) -> ec2lite.Explanation:
    """Return what is explained of a request."""
    arguments = {"endpoint": ENDPOINT, "credentials": KEYS, "now": NOW, **changes}
    return ec2lite.explain(request, **arguments)


@given(request=requests, token=st.none() | st.just(TOKEN), is_shown=st.booleans())
def test_it_is_what_is_sent(request: Any, token: str | None, is_shown: bool):
    """Body, headers and signature are those of ``build_request``; the pairs make the body."""
    keys = ec2lite.Credentials("AKIDEXAMPLE", SECRET, token)
    service = ec2lite.resolve_endpoint("eu-west-1", service=request.service)
    sent = ec2lite.build_request(request, endpoint=service, credentials=keys, now=NOW)
    got = explained(request, endpoint=service, credentials=keys, show_secrets=is_shown)

    assert sent.content == got.body
    assert [("Action", request.action), ("Version", request.version)] == got.pairs[:2]
    assert request.form_pairs() == got.pairs[2:]
    assert got.pairs == parse_qsl(got.body.decode(), keep_blank_values=True)
    headers = [(name.decode(), value.decode()) for name, value in sent.headers.raw]
    if token and not is_shown:
        headers = [(name, value.replace(token, "***")) for name, value in headers]
    assert headers == got.headers
    assert sent.headers["authorization"].endswith(f"Signature={got.signature}")
    assert ("POST", str(sent.url)) == (got.method, got.url)


def test_each_step_follows_from_the_one_before():
    """The hash of the canonical request is signed, with the key that the secret gives."""
    got = explained(show_secrets=True)
    scope = "20260102/eu-west-1/ec2/aws4_request"
    derived = signing_key.derive(SECRET, "20260102", "eu-west-1", "ec2")

    assert [
        "POST",
        "/",
        "",
        "content-type:application/x-www-form-urlencoded; charset=utf-8",
        "host:ec2.eu-west-1.amazonaws.com",
        "x-amz-date:20260102T030405Z",
        f"x-amz-security-token:{TOKEN}",
        "",
        "content-type;host;x-amz-date;x-amz-security-token",
        sha256(got.body).hexdigest(),
    ] == got.canonical_request.split("\n")
    hashed = sha256(got.canonical_request.encode()).hexdigest()
    assert f"AWS4-HMAC-SHA256\n20260102T030405Z\n{scope}\n{hashed}" == got.string_to_sign
    assert signing_key.signature(derived, got.string_to_sign) == got.signature


def test_secrets_are_hidden():
    """No text has the secret key, and none the token, unless that was asked for."""
    got, shown = explained(), explained(show_secrets=True)

    for each in (str(got), repr(got), json.dumps(got.to_dict())):
        assert TOKEN not in each
        assert SECRET not in each
    assert "x-amz-security-token: ***" in str(got)
    assert "x-amz-security-token:***\n" in got.canonical_request
    assert got.signature == shown.signature
    assert got.string_to_sign == shown.string_to_sign
    assert TOKEN in str(shown)
    assert SECRET not in str(shown) + repr(shown)
    assert TOKEN not in repr(shown)


def test_as_json():
    """``to_dict`` has the same as JSON has it."""
    got = explained()

    again = json.loads(json.dumps(got.to_dict()))
    assert got.pairs == [tuple(pair) for pair in again.pop("pairs")]
    assert got.headers == [tuple(pair) for pair in again.pop("headers")]
    assert got.answer == [tuple(pair) for pair in again.pop("answer")]
    assert got.body == again.pop("body").encode()
    assert again == {name: getattr(got, name) for name in again}
    assert {
        "canonical_request",
        "string_to_sign",
        "signature",
        "method",
        "url",
        "curl",
    } == again.keys()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("is_shown", [True, False])
def test_curl_sends_the_same(is_shown: bool):
    """A shell that runs the command sends the same bytes, and finds the token where it is kept."""
    with serve([take, answer()]) as server:
        endpoint = ec2lite.Endpoint(server.url.rstrip("/"), "eu-west-1", "ec2")
        request = ec2lite.DescribeInstances(filters={"tag:Name": "it's $HOME & `more`"})
        got = explained(request, endpoint=endpoint, show_secrets=is_shown)
        expected = ec2lite.build_request(request, endpoint=endpoint, credentials=KEYS, now=NOW)
        subprocess.run(
            ["/bin/sh", "-c", got.curl],
            env={"PATH": os.environ["PATH"], "AWS_SESSION_TOKEN": TOKEN},
            check=True,
            timeout=30,
            capture_output=True,
        )
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    assert "POST / HTTP/1.1" == first
    assert expected.content == body
    assert headers.items() >= dict(expected.headers).items()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda: explained("StopInstances"), "request must be an object such as"),
        (lambda: explained(credentials=None), "credentials must be ec2lite.Credentials, not None"),
        (lambda: explained(endpoint="https://ec2"), "endpoint must be an ec2lite.Endpoint"),
        (lambda: explained(now="now"), "now must be a datetime, not str"),
        (lambda: explained(show_secrets=1), "show_secrets must be True or False, not int"),
        (
            lambda: explained(AssumeRoleWithWebIdentity("arn:aws:iam::1:role/r", "s", "t")),
            "AssumeRoleWithWebIdentity is not signed",
        ),
    ],
)
def test_wrong_arguments(change: Callable[[], object], expected: str):
    """A wrong argument is named, and so is a request without a signature."""
    with pytest.raises(ec2lite.ConfigError, match=re.escape(expected)):
        change()
