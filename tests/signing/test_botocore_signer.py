"""Signatures by botocore's SigV4Auth."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from ec2lite.models import Credentials
from ec2lite.signing.botocore_signer import BotocoreSigner
from samples import KEYS, TEMPORARY, TOKEN

# "get-vanilla" and "post-vanilla" of AWS's own SigV4 test suite.
TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def sign(**changes):
    """Return the headers for a request of AWS's test suite."""
    given = {
        "method": "GET",
        "url": "https://example.amazonaws.com/",
        "headers": {"host": "example.amazonaws.com"},
        "body": b"",
        "credentials": KEYS,
        "region": "us-east-1",
        "service": "service",
        "now": TIME,
    }
    return BotocoreSigner().sign(**(given | changes))


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_published(method, signature):
    """The signatures that AWS has published come out."""
    assert {
        "x-amz-date": "20150830T123600Z",
        "authorization": (
            "AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            f"SignedHeaders=host;x-amz-date, Signature={signature}"
        ),
    } == sign(method=method)


def test_token():
    """A session token is a header of its own, and signed."""
    headers = sign(credentials=TEMPORARY)

    assert ["x-amz-date", "x-amz-security-token", "authorization"] == list(headers)
    assert TOKEN == headers["x-amz-security-token"]
    assert "SignedHeaders=host;x-amz-date;x-amz-security-token," in headers["authorization"]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": "https://example.amazonaws.com/x"},
        {"headers": {"host": "other.amazonaws.com"}},
        {"headers": {"host": "example.amazonaws.com", "content-type": "x"}},
        {"body": b"x"},
        {"region": "us-east-2"},
        {"service": "ec2"},
        {"now": TIME.replace(second=1)},
        {"credentials": Credentials("AKIDEXAMPLE", "other")},
    ],
)
def test_covered(change):
    """Whatever is changed about a request changes its signature."""
    assert sign()["authorization"] != sign(**change)["authorization"]


def test_headers_are_left_alone():
    """The headers that were given are not changed."""
    headers = {"host": "example.amazonaws.com"}
    sign(headers=headers)

    assert {"host": "example.amazonaws.com"} == headers


def test_quiet(caplog):
    """Nothing is logged, the canonical request with its session token least of all."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "botocore.auth")
    sign(credentials=TEMPORARY)

    assert [] == caplog.records
