"""What servers answer: broken, unusual, too early, too large."""

from __future__ import annotations

import httpx
import pytest

from ec2lite.errors import ResponseError
from senders import post, sender
from servers import answer, each, reset, serve, stall, take, take_head

HELLO = answer()
KEEPS = [each(take, HELLO)]

GARBAGE = [
    (b"", "disconnected|closed the connection"),
    (b"\x00\xff garbage\r\n\r\n", "illegal|not HTTP"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", "."),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "closed"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "."),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length"),
    (b"HTTP/1.1 200 OK\r\nX-Bad: a\x00b\r\n\r\n", "illegal|not HTTP"),
    (b"HTTP/1.1 200 OK\r\nX-Bad", "disconnected|closed the connection"),
    (b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 50_000 + b"\r\n", "too long|more than"),
    (b"HTTP/1.1 200 OK\r\nX-Flood: " + b"1" * 500_000, "too long|more than"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "illegal|not HTTP"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "closed"),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 500_000,
        "too long|empty",
    ),
]


@pytest.mark.parametrize(("sent", "said"), GARBAGE, ids=range(len(GARBAGE)))
def test_broken_answer(colour, sent, said):
    """What is not HTTP, or is cut short, is a RemoteProtocolError, and the connection is gone."""
    with serve([take, sent]) as server, sender(colour) as ours:
        request = post(server.url)
        # ReadError: the server closes with our bytes unread when the answer is over the limit.
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError), match=said):
            ours.send(request)
        assert "0 connections" in repr(ours.transport)


GOOD = [
    b"HTTP/1.0 200 OK\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HELLO,
    b"HTTP/1.1 200\r\nX-Latin: caf\xe9\r\nContent-Length: 5\r\n\r\nhello",
]


@pytest.mark.parametrize("sent", GOOD, ids=range(len(GOOD)))
def test_unusual_answer(colour, sent):
    """HTTP/1.0, chunks, 1xx before the answer and bytes beyond ASCII in a header are understood."""
    with serve([take, sent]) as server, sender(colour) as ours:
        assert b"hello" == ours.send(post(server.url))


def test_http_10_not_kept(colour):
    """A connection that the answer said would be closed is not used again."""
    with serve([take, GOOD[1]], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)
        ours.send(post(server.url))
        assert 2 == server.connections


def test_reset(colour):
    """A connection that is reset in the middle of the answer is a ReadError."""
    with serve([take, HELLO[:-2], reset]) as server, sender(colour) as ours:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)


def test_early_refusal(colour):
    """An answer sent before the request was read is still read."""
    refusal = answer(b"too much", "413 Too Large", Connection="close")
    with serve([take_head, refusal, stall]) as server, sender(colour) as ours:
        request = httpx.Request("POST", server.url, content=b"x" * 100_000)
        assert b"too much" == ours.send(request)


def test_limit(colour):
    """A body that is too large is not read to its end, and its connection is not kept."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    with serve([take, huge, each(b"x" * 65536)]) as server, sender(colour) as ours:
        with pytest.raises(ResponseError, match="larger than 100000 bytes") as caught:
            ours.send(post(server.url, max_response_size=100_000))
        assert b"x" * 512 == caught.value.body
        assert "0 connections" in repr(ours.transport)
