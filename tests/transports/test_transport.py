"""The transports, over real sockets on this machine."""

from __future__ import annotations

import copy
import os
import pickle
import socket

import httpx
import pytest

from colours import LOOPS, SYNC, default_only
from ec2lite.transports import connection
from senders import post, sender
from servers import Peer, answer, closed_port, each, serve, take, trickle

HELLO = answer()
KEEPS = [each(take, HELLO)]


def test_answer(colour):
    """A request arrives whole, and its answer comes back with status, headers and body."""
    with serve([take, answer(b"<x/>", "418 Teapot", X_One="1")]) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        assert 418 == response.status_code
        assert "1" == response.headers["x-one"]
        assert b"<x/>" == ours.read(response)
        assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")
        assert server.requests[0].endswith(b"\r\n\r\nAction=StopInstances")


def test_one_packet(colour):
    """Head and body of a request are sent in one go."""
    first: list[bytes] = []

    def once(peer: Peer) -> None:
        first.append(peer.socket.recv(65536))

    with serve([once, HELLO]) as server, sender(colour) as ours:
        ours.send(post(server.url))
    assert first[0].endswith(b"\r\n\r\nAction=StopInstances")


def test_large_request(colour):
    """A request larger than what is kept back arrives whole."""
    content = os.urandom(300_000)
    with serve([take, HELLO]) as server, sender(colour) as ours:
        ours.send(httpx.Request("POST", server.url, content=content))
        assert content == server.requests[0].partition(b"\r\n\r\n")[2]


def test_streamed_request():
    """A body that is a stream is sent in chunks."""
    with serve([take, trickle(HELLO, 0)]) as server, sender(SYNC) as ours:
        assert b"hello" == ours.send(post(server.url, content=iter([b"a", b"b"])))
        assert b"transfer-encoding: chunked" in server.requests[0].lower()


def test_reuse(colour):
    """One connection carries one request after the other."""
    with serve(KEEPS) as server, sender(colour) as ours:
        for _ in range(5):
            assert b"hello" == ours.send(post(server.url))
        assert (1, 5) == (server.connections, len(server.requests))
        assert "1 connections" in repr(ours.transport)


@default_only
def test_last_used_first(colour):
    """Of several idle connections the one used last is taken, so that the others can expire."""
    with serve(KEEPS) as server, sender(colour) as ours:
        responses = [ours.start(post(server.url)) for _ in range(3)]
        for response in responses:
            ours.read(response)
        last = responses[-1].extensions["network_stream"]
        response = ours.start(post(server.url))
        assert last is response.extensions["network_stream"]
        ours.read(response)


@default_only
def test_socket_options(colour):
    """TCP_NODELAY and SO_KEEPALIVE are on."""
    with serve(KEEPS) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        sock = response.extensions["network_stream"].get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        ours.read(response)


def test_refused(colour):
    """A port on which nobody listens is a ConnectError that says so."""
    with (
        sender(colour) as ours,
        pytest.raises(httpx.ConnectError, match=r"refused|attempts|call failed"),
    ):
        ours.send(post(f"http://127.0.0.1:{closed_port()}/"))


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid"])
def test_no_such_host(colour, host):
    """A name that does not exist, or cannot, is a ConnectError."""
    with sender(colour) as ours, pytest.raises(httpx.ConnectError):
        ours.send(post(f"http://{host}/"))


def test_bad_request_header(colour):
    """A header that HTTP cannot carry is a LocalProtocolError."""
    with serve(KEEPS) as server, sender(colour) as ours:
        request = httpx.Request("POST", server.url, headers={"x": "a\nb"})
        with pytest.raises(httpx.LocalProtocolError):
            ours.send(request)


def test_body_that_differs_from_its_length(colour):
    """A body longer than its Content-Length says is a LocalProtocolError."""
    with serve(KEEPS) as server, sender(colour) as ours:
        request = post(server.url)
        request.headers["content-length"] = "1"
        with pytest.raises(httpx.LocalProtocolError):
            ours.send(request)


def test_unsupported_scheme(colour):
    """A URL that is neither http nor https is refused."""
    with sender(colour) as ours, pytest.raises(httpx.UnsupportedProtocol, match="ftp"):
        ours.send(post("ftp://127.0.0.1/"))


def test_no_limits(colour):
    """A request without timeout and deadline is sent as well."""
    with serve(KEEPS) as server, sender(colour) as ours:
        for _ in range(2):
            assert b"hello" == ours.send(httpx.Request("GET", server.url))


def test_no_pickle(colour):
    """A transport can be neither pickled nor copied."""
    with sender(colour) as ours:
        for refuse in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="cannot be pickled"):
                refuse(ours.transport)


@pytest.mark.parametrize("colour", LOOPS, indirect=True)
def test_many_chunks(colour, monkeypatch):
    """A read may bring a hundred thousand chunks; other tasks have their turns between them."""
    turns = []
    let_others_run = connection._let_others_run

    async def count():
        turns.append(1)
        await let_others_run()

    monkeypatch.setattr(connection, "_let_others_run", count)
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1600
    with serve([each(take, chunks + b"0\r\n\r\n")]) as server, sender(colour) as ours:
        assert b"x" * 1600 == ours.send(post(server.url))
    assert 3 == len(turns)
