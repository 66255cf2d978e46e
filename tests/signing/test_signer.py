"""Which signer a client has that was given none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ec2lite.signing import botocore_signer
from ec2lite.signing.botocore_signer import BotocoreSigner
from ec2lite.signing.signer import default_signer
from ec2lite.signing.sigv4 import SigV4

CALL = """
import datetime, sys
sys.modules["botocore"] = None

import httpx, ec2lite

KEYS = ec2lite.Credentials("AKID", "secret", "token")
ANSWER = b"<StopInstancesResponse><instancesSet/></StopInstancesResponse>"
seen = []

def answer(request):
    seen.append(request)
    return httpx.Response(200, content=ANSWER)

transport = httpx.MockTransport(answer)
with ec2lite.Client("eu-west-1", credentials=KEYS, transport=transport) as ec2:
    ec2.stop_instances("i-1")
now = datetime.datetime.strptime(
    seen[0].headers["x-amz-date"], "%Y%m%dT%H%M%SZ"
).replace(tzinfo=datetime.UTC)
expected = ec2lite.build_request(
    ec2lite.StopInstances("i-1"),
    endpoint=ec2lite.resolve_endpoint("eu-west-1"),
    credentials=KEYS,
    now=now,
    signer=ec2lite.SigV4(),
)
assert expected.headers["authorization"] == seen[0].headers["authorization"]
"""


def test_botocore():
    """Where botocore is installed, its signer is the default."""
    assert isinstance(default_signer(), BotocoreSigner)


def test_without_botocore():
    """Without botocore a client signs by SigV4, and nothing else is missing."""
    done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_blocked_botocore(monkeypatch):
    """What keeps botocore from being imported makes SigV4 the default."""
    monkeypatch.setitem(sys.modules, "botocore", None)

    assert isinstance(default_signer(), SigV4)


def test_broken_botocore(monkeypatch):
    """A botocore that lacks a part of its own is an error, not a reason for another signer."""

    def broken(**kwargs):
        raise ModuleNotFoundError("No module named 'jmespath'", name="jmespath")

    monkeypatch.setattr(botocore_signer, "_auth_class", broken)
    with pytest.raises(ModuleNotFoundError, match="jmespath"):
        default_signer()
