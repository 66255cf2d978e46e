"""SigV4Auth against botocore's own SigV4Auth and S3SigV4Auth, as an oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import httpx
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

import ec2lite

NOW = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
# What a caller may write in a URL, escaped or not.
pieces = st.sampled_from(
    [
        "a",
        "B",
        "-._~",
        "%20",
        "%2F",
        "%e1",
        "+",
        ",",
        "*",
        "!",
        "'",
        "(",
        ")",
        ":",
        "@",
        "$",
        "é",
        " ",
    ]
)
words = st.lists(pieces, max_size=4).map("".join)
urls = st.builds(
    lambda path, query: f"https://example.com:8443/{path}{query}",
    st.lists(words | st.sampled_from(["", ".", ".."]), max_size=4).map("/".join),
    st.lists(words | st.builds("{}={}".format, words, words | st.just("x=y")), max_size=4).map(
        lambda pairs: "?" + "&".join(pairs) if pairs else ""
    ),
)
names = st.text("abcdefghijklmnop-", min_size=1, max_size=8).map(lambda name: f"x-{name}")
values = st.lists(st.sampled_from([" ", "  ", "a", "B", '"', "%", ":"])).map("".join)
headers = st.lists(
    st.tuples(names | st.sampled_from(["Content-Type", "X-Amz-Meta-A", "Range"]), values),
    max_size=4,
)


def oracle(kind: type[SigV4Auth], service: str, token: str | None, sent: httpx.Request) -> str:
    """Return botocore's Authorization header for what was sent."""
    given_names = sent.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    request = AWSRequest(sent.method, str(sent.url), data=sent.content)
    for name, value in sent.headers.multi_items():
        if name in given_names.split(";") and name not in {"x-amz-date", "x-amz-security-token"}:
            request.headers[name] = value
    with mock.patch("botocore.auth.get_current_datetime", return_value=NOW):
        kind(Credentials("AKID", "secret", token), service, "eu-west-1").add_auth(request)
    header: str = request.headers["Authorization"]
    return header


@pytest.mark.parametrize("signer", [None, ec2lite.SigV4()], ids=["default", "SigV4"])
@pytest.mark.parametrize(
    ("kind", "service"),
    [(SigV4Auth, "es"), (SigV4Auth, "execute-api"), (S3SigV4Auth, "s3")],
)
@given(
    url=urls,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    pairs=headers,
    body=st.binary(max_size=20),
    token=st.none() | st.just("token"),
)
def test_signs_as_botocore_does(
    kind: Any,
    service: str,
    signer: ec2lite.Signer | None,
    url: str,
    method: str,
    pairs: list[tuple[str, str]],
    body: bytes,
    token: str | None,
):
    """Whatever a client sends is signed as botocore signs it, S3's requests by S3's rules."""
    auth = ec2lite.SigV4Auth(
        service,
        "eu-west-1",
        credentials=ec2lite.Credentials("AKID", "secret", token),
        clock=lambda: NOW,
        signer=signer,
    )
    request = httpx.Request(method, url, headers=pairs, content=body)
    flow = auth.sync_auth_flow(request)
    sent = next(flow)
    flow.close()

    assert oracle(kind, service, token, sent) == sent.headers["authorization"]
