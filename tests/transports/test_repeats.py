"""Connections that were dropped while they were idle, and answers that nobody asked for."""

from __future__ import annotations

import httpx
import pytest

from colours import default_only
from ec2lite.transports import private
from senders import post, sender
from servers import Script, answer, each, reset, serve, take, take_head, until

HELLO = answer()
KEEPS = [each(take, HELLO)]

DROPS: list[Script] = [
    [take, HELLO, take],
    [take, HELLO, take, reset],
    [take, HELLO, take_head],
]


@pytest.mark.parametrize("script", DROPS)
def test_stale_repeated(colour, script):
    """A request that dies on a used connection without a byte of answer is sent once more."""
    with serve(script, KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url, repeatable=True))
        assert b"hello" == ours.send(post(server.url, repeatable=True))
        assert 2 == server.connections


@pytest.mark.parametrize("script", DROPS)
def test_stale_not_repeated(colour, script):
    """A request that may not be repeated is not, even on a used connection."""
    with serve(script, KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            ours.send(post(server.url))
        assert 1 == server.connections


@pytest.mark.parametrize("ending", [[take], [take, b"HTTP"], [take, reset]])
def test_fresh_not_repeated(colour, ending):
    """A new connection that dies, and one that brought a part of an answer, is an error."""
    first = ending if b"HTTP" not in ending else [take, HELLO, *ending]
    with serve(first, ending, KEEPS) as server, sender(colour) as ours:
        if first is not ending:
            ours.send(post(server.url))
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            ours.send(post(server.url, repeatable=True))
        assert 1 == server.connections


def test_stale_repeated_once(colour):
    """A repeated request that dies again is an error."""
    with serve([take, HELLO, take], [take]) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises(httpx.RemoteProtocolError):
            ours.send(post(server.url, repeatable=True))
        assert 2 == server.connections


def test_dropped_while_idle(colour):
    """A connection that the server closed while it was idle is noticed before it is used."""
    with serve([take, HELLO], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert until(lambda: server.open_now == 0)
        assert b"hello" == ours.send(post(server.url))
        assert 2 == server.connections


@pytest.mark.parametrize("unasked", [answer(b"wrong"), answer(b"wrong")[:20], b"\n"])
def test_unasked_answer(colour, unasked):
    """A connection that brought more than its answer is not kept: that would be the next one's."""
    with serve([take, HELLO + unasked, take, answer(b"wrong")[20:]], KEEPS) as server:
        with sender(colour) as ours:
            ours.send(post(server.url))
            assert b"hello" == ours.send(post(server.url))
        assert 2 == server.connections


@default_only
def test_unasked_answer_unseen(colour, monkeypatch):
    """Where httpcore hides what came too much, an answer that nobody asked for is still refused."""
    monkeypatch.setattr(private, "unread", lambda core: b"")
    with serve([take, HELLO + answer(b"wrong"), take], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert b"hello" == ours.send(post(server.url, repeatable=True))
    with serve([take, HELLO + answer(b"wrong"), take], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises(httpx.RemoteProtocolError, match="before it was asked"):
            ours.send(post(server.url))
