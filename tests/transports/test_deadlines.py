"""Time limits, whatever a request is doing."""

from __future__ import annotations

import time

import httpx
import pytest

from patience import PATIENCE
from senders import TIMEOUT, post, sender
from servers import Peer, Script, answer, each, serve, stall, take, trickle, until

HELLO = answer()
KEEPS = [each(take, HELLO)]

SLOW: list[tuple[Script, type[Exception]]] = [
    ([stall], httpx.ReadTimeout),
    ([take, trickle(HELLO)], httpx.ReadTimeout),
    ([take, trickle(b"HTTP/1.1 100 Continue\r\n\r\n" * 9)], httpx.ReadTimeout),
    ([take, answer(b"x" * 99)[:-99], trickle(b"x" * 99)], httpx.ReadTimeout),
    ([take, HELLO[:-1], stall], httpx.ReadTimeout),
]


@pytest.mark.parametrize(("script", "error"), SLOW)
def test_deadline(colour, script, error):
    """However slowly an answer comes, the request ends at its deadline."""
    with serve(script) as server, sender(colour) as ours:
        start = time.monotonic()
        with pytest.raises(error) as caught:
            ours.send(post(server.url, within=0.25))
        assert 0.2 < time.monotonic() - start < PATIENCE
        assert str(caught.value)
        assert "0 connections" in repr(ours.transport)


def test_deadline_passed(colour):
    """A request whose deadline has passed is not even connected."""
    with serve(KEEPS) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectTimeout, match="whole call"):
            ours.send(post(server.url, within=-1))
        assert 0 == server.connections


def test_deadline_write(colour):
    """A request that the server does not read ends at its deadline."""
    with serve([stall_unread]) as server, sender(colour) as ours:
        request = post(server.url, within=1.5, content=b"x" * 30_000_000)
        start = time.monotonic()
        with pytest.raises(httpx.WriteTimeout):
            ours.send(request)
        assert time.monotonic() - start < PATIENCE


def stall_unread(peer: Peer) -> None:
    """Read nothing until the test is over."""
    peer.wait(60)


def test_deadline_tls(colour):
    """A TLS handshake that is not answered ends at the deadline."""
    with serve([stall]) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectTimeout):
            ours.send(post(server.url.replace("http:", "https:"), within=0.3))
        assert until(lambda: server.open_now == 0)


def test_read_timeout(colour):
    """Without a deadline, the read timeout holds."""
    with serve([take, stall]) as server, sender(colour) as ours:
        request = post(server.url, deadline=None, timeout={**TIMEOUT, "read": 0.1})
        with pytest.raises(httpx.ReadTimeout):
            ours.send(request)
