"""Requests to what hands out credentials."""

import gzip

import httpx
import pytest

from ec2lite.config.settings import Settings
from ec2lite.credentials.http import Patience, UnreachableError, direct, send
from ec2lite.credentials.provider import Ask
from ec2lite.engine.flow import Answer, Sleep
from ec2lite.errors import TransportError

ASK = Ask(Settings({}), "default")
REQUEST = httpx.Request("GET", "http://localhost/")
SILENT = TransportError("HUSH", is_timeout=True)
ABSENT = TransportError("refused", maybe_sent=False)


def test_compressed():
    """An answer that comes compressed is inflated."""
    flow = send(ASK, lambda: REQUEST, "It", Patience())
    assert REQUEST is next(flow)

    with pytest.raises(StopIteration) as end:
        flow.send(Answer(200, {"content-encoding": "gzip"}, gzip.compress(b"{}")))
    assert Answer(200, {"content-encoding": "gzip"}, b"{}") == end.value.value


def test_patience():
    """Who is silent is asked more often than who is not there; the pauses double."""
    flow = send(ASK, lambda: REQUEST, "It", Patience(attempts=2, present=3, pause=1))

    assert REQUEST is next(flow)
    assert Sleep(1) == flow.throw(SILENT)
    assert REQUEST is next(flow)
    with pytest.raises(UnreachableError, match="It cannot be reached: refused"):
        flow.throw(ABSENT)


def test_silence_is_told_from_absence():
    """The error of a silent service says so, and quotes nothing that was received."""
    flow = send(ASK, lambda: REQUEST, "It", Patience(1, 1))
    next(flow)
    with pytest.raises(UnreachableError, match="It did not answer in time") as caught:
        flow.throw(SILENT)

    assert caught.value.timed_out


def test_trouble_at_last():
    """A service that has trouble to the end gives its last answer."""
    flow = send(ASK, lambda: REQUEST, "It", Patience(1, 1))
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(Answer(503, {}, b""))

    assert 503 == end.value.value.status_code


def test_direct():
    """A request to this machine goes past proxies and does not wait long."""
    request = direct("PUT", "http://169.254.169.254/x", {"a": "b"}, timeout=2)

    assert request.extensions["direct"]
    assert {"connect": 2, "read": 2, "write": 2, "pool": 2} == request.extensions["timeout"]
    assert "b" == request.headers["a"]
