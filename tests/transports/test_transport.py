"""The transports, over real sockets on this machine."""

from __future__ import annotations

import copy
import gc
import importlib.machinery
import os
import pickle
import socket
import stat
import sys
import threading
import time
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.lowlevel
import h11
import httpx
import pytest
import respx

from ec2lite.engine import body
from ec2lite.errors import ConfigError, ResponseError
from ec2lite.transports import route, transport
from ec2lite.transports.transport import AsyncTransport
from senders import COLOURS, TIMEOUT, post, sender
from servers import (
    Peer,
    Script,
    Server,
    answer,
    certificate,
    closed_port,
    each,
    reset,
    serve,
    stall,
    take,
    take_head,
    trickle,
    tunnel,
    until,
)

HELLO = answer()
KEEPS = [each(take, HELLO)]

colours = pytest.mark.parametrize("colour", COLOURS)


@colours
def test_answer(colour):
    """A request arrives whole, and its answer comes back with status, headers and body."""
    with serve([take, answer(b"<x/>", "418 Teapot", X_One="1")]) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        assert 418 == response.status_code
        assert "1" == response.headers["x-one"]
        assert b"<x/>" == ours.read(response)
        assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")
        assert server.requests[0].endswith(b"\r\n\r\nAction=StopInstances")


@colours
def test_one_packet(colour):
    """Head and body of a request are sent in one go."""
    first: list[bytes] = []

    def once(peer: Peer) -> None:
        first.append(peer.socket.recv(65536))

    with serve([once, HELLO]) as server, sender(colour) as ours:
        ours.send(post(server.url))
    assert first[0].endswith(b"\r\n\r\nAction=StopInstances")


@colours
def test_large_request(colour):
    """A request larger than what is kept back arrives whole."""
    content = os.urandom(300_000)
    with serve([take, HELLO]) as server, sender(colour) as ours:
        ours.send(httpx.Request("POST", server.url, content=content))
        assert content == server.requests[0].partition(b"\r\n\r\n")[2]


def test_streamed_request():
    """A body that is a stream is sent in chunks."""
    with serve([take, trickle(HELLO, 0)]) as server, sender("sync") as ours:
        assert b"hello" == ours.send(post(server.url, content=iter([b"a", b"b"])))
        assert b"transfer-encoding: chunked" in server.requests[0].lower()


@colours
def test_reuse(colour):
    """One connection carries one request after the other."""
    with serve(KEEPS) as server, sender(colour) as ours:
        for _ in range(5):
            assert b"hello" == ours.send(post(server.url))
        assert (1, 5) == (server.connections, len(server.requests))
        assert "1 connections" in repr(ours.transport)


@colours
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


@colours
def test_socket_options(colour):
    """TCP_NODELAY and SO_KEEPALIVE are on."""
    with serve(KEEPS) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        sock = response.extensions["network_stream"].get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        ours.read(response)


GARBAGE = [
    (b"", "disconnected"),
    (b"\x00\xff garbage\r\n\r\n", "illegal"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", "."),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "closed"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "."),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "Content-Length"),
    (b"HTTP/1.1 200 OK\r\nX-Bad: a\x00b\r\n\r\n", "illegal"),
    (b"HTTP/1.1 200 OK\r\nX-Bad", "disconnected"),
    (b"HTTP/1.1 200 OK\r\n" + b"X-Flood: 1\r\n" * 50_000 + b"\r\n", "too long"),
    (b"HTTP/1.1 200 OK\r\nX-Flood: " + b"1" * 500_000, "too long"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "illegal"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe", "closed"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 500_000, "too long"),
]


@colours
@pytest.mark.parametrize(("sent", "said"), GARBAGE, ids=range(len(GARBAGE)))
def test_broken_answer(colour, sent, said):
    """What is not HTTP, or is cut short, is a RemoteProtocolError, and the connection is gone."""
    with serve([take, sent]) as server, sender(colour) as ours:
        request = post(server.url)
        # ReadError: the server closes with our bytes unread when the answer is over the limit.
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError), match=said) as caught:
            ours.send(request)
        assert request is caught.value.request
        assert "0 connections" in repr(ours.transport)


GOOD = [
    b"HTTP/1.0 200 OK\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HELLO,
    b"HTTP/1.1 200\r\nX-Latin: caf\xe9\r\nContent-Length: 5\r\n\r\nhello",
]


@colours
@pytest.mark.parametrize("sent", GOOD, ids=range(len(GOOD)))
def test_unusual_answer(colour, sent):
    """HTTP/1.0, chunks, 1xx before the answer and bytes beyond ASCII in a header are understood."""
    with serve([take, sent]) as server, sender(colour) as ours:
        assert b"hello" == ours.send(post(server.url))


@colours
def test_http_10_not_kept(colour):
    """A connection that the answer said would be closed is not used again."""
    with serve([take, GOOD[1]], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)
        ours.send(post(server.url))
        assert 2 == server.connections


@colours
def test_refused(colour):
    """A port on which nobody listens is a ConnectError that says so."""
    with (
        sender(colour) as ours,
        pytest.raises(httpx.ConnectError, match=r"refused|attempts|call failed"),
    ):
        ours.send(post(f"http://127.0.0.1:{closed_port()}/"))


@colours
@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid"])
def test_no_such_host(colour, host):
    """A name that does not exist, or cannot, is a ConnectError."""
    with sender(colour) as ours, pytest.raises(httpx.ConnectError):
        ours.send(post(f"http://{host}/"))


@colours
def test_reset(colour):
    """A connection that is reset in the middle of the answer is a ReadError."""
    with serve([take, HELLO[:-2], reset]) as server, sender(colour) as ours:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)


@colours
def test_early_refusal(colour):
    """An answer sent before the request was read is still read."""
    refusal = answer(b"too much", "413 Too Large", Connection="close")
    with serve([take_head, refusal, stall]) as server, sender(colour) as ours:
        request = httpx.Request("POST", server.url, content=b"x" * 100_000)
        assert b"too much" == ours.send(request)


@colours
def test_bad_request_header(colour):
    """A header that HTTP cannot carry is a LocalProtocolError."""
    with serve(KEEPS) as server, sender(colour) as ours:
        request = httpx.Request("POST", server.url, headers={"x": "a\nb"})
        with pytest.raises(httpx.LocalProtocolError):
            ours.send(request)


@colours
def test_unsupported_scheme(colour):
    """A URL that is neither http nor https is refused."""
    with sender(colour) as ours, pytest.raises(httpx.UnsupportedProtocol, match="ftp"):
        ours.send(post("ftp://127.0.0.1/"))


SLOW: list[tuple[Script, type[Exception]]] = [
    ([stall], httpx.ReadTimeout),
    ([take, trickle(HELLO)], httpx.ReadTimeout),
    ([take, trickle(b"HTTP/1.1 100 Continue\r\n\r\n" * 9)], httpx.ReadTimeout),
    ([take, answer(b"x" * 99)[:-99], trickle(b"x" * 99)], httpx.ReadTimeout),
    ([take, HELLO[:-1], stall], httpx.ReadTimeout),
]


@colours
@pytest.mark.parametrize(("script", "error"), SLOW)
def test_deadline(colour, script, error):
    """However slowly an answer comes, the request ends at its deadline."""
    with serve(script) as server, sender(colour) as ours:
        start = time.monotonic()
        with pytest.raises(error) as caught:
            ours.send(post(server.url, within=0.25))
        assert 0.2 < time.monotonic() - start < 3
        assert str(caught.value)
        assert "0 connections" in repr(ours.transport)


@colours
def test_deadline_passed(colour):
    """A request whose deadline has passed is not even connected."""
    with serve(KEEPS) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectTimeout, match="whole request"):
            ours.send(post(server.url, within=-1))
        assert 0 == server.connections


@colours
def test_deadline_write(colour):
    """A request that the server does not read ends at its deadline."""
    with serve([stall_unread]) as server, sender(colour) as ours:
        request = post(server.url, within=0.3, content=b"x" * 30_000_000)
        start = time.monotonic()
        with pytest.raises(httpx.WriteTimeout):
            ours.send(request)
        assert time.monotonic() - start < 3


def stall_unread(peer: Peer) -> None:
    """Read nothing until the test is over."""
    peer.wait(60)


@colours
def test_deadline_tls(colour):
    """A TLS handshake that is not answered ends at the deadline."""
    with serve([stall]) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectTimeout):
            ours.send(post(server.url.replace("http:", "https:"), within=0.3))
        assert until(lambda: server.open_now == 0)


@colours
def test_read_timeout(colour):
    """Without a deadline, the read timeout holds."""
    with serve([take, stall]) as server, sender(colour) as ours:
        request = post(server.url, deadline=None, timeout={**TIMEOUT, "read": 0.1})
        with pytest.raises(httpx.ReadTimeout):
            ours.send(request)


@colours
def test_no_limits(colour):
    """A request without timeout and deadline is sent as well."""
    with serve(KEEPS) as server, sender(colour) as ours:
        for _ in range(2):
            assert b"hello" == ours.send(httpx.Request("GET", server.url))


DROPS: list[Script] = [
    [take, HELLO, take],
    [take, HELLO, take, reset],
    [take, HELLO, take_head],
]


@colours
@pytest.mark.parametrize("script", DROPS)
def test_stale_repeated(colour, script):
    """A request that dies on a used connection without a byte of answer is sent once more."""
    with serve(script, KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url, repeatable=True))
        assert b"hello" == ours.send(post(server.url, repeatable=True))
        assert 2 == server.connections


@colours
@pytest.mark.parametrize("script", DROPS)
def test_stale_not_repeated(colour, script):
    """A request that may not be repeated is not, even on a used connection."""
    with serve(script, KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            ours.send(post(server.url))
        assert 1 == server.connections


@colours
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


@colours
def test_stale_repeated_once(colour):
    """A repeated request that dies again is an error."""
    with serve([take, HELLO, take], [take]) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises(httpx.RemoteProtocolError):
            ours.send(post(server.url, repeatable=True))
        assert 2 == server.connections


@colours
def test_dropped_while_idle(colour):
    """A connection that the server closed while it was idle is noticed before it is used."""
    with serve([take, HELLO], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert until(lambda: server.open_now == 0)
        assert b"hello" == ours.send(post(server.url))
        assert 2 == server.connections


@colours
@pytest.mark.parametrize("unasked", [answer(b"wrong"), answer(b"wrong")[:20], b"\n"])
def test_unasked_answer(colour, unasked):
    """A connection that brought more than its answer is not kept: that would be the next one's."""
    with serve([take, HELLO + unasked, take, answer(b"wrong")[20:]], KEEPS) as server:
        with sender(colour) as ours:
            ours.send(post(server.url))
            assert b"hello" == ours.send(post(server.url))
        assert 2 == server.connections


@colours
def test_unasked_answer_unseen(colour, monkeypatch):
    """Where httpcore hides what came too much, an answer that nobody asked for is still refused."""
    monkeypatch.setattr(route, "_unread", lambda core: b"")
    with serve([take, HELLO + answer(b"wrong"), take], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        assert b"hello" == ours.send(post(server.url, repeatable=True))
    with serve([take, HELLO + answer(b"wrong"), take], KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with pytest.raises(httpx.RemoteProtocolError, match="before it was asked"):
            ours.send(post(server.url))


def test_unknown_connection():
    """A connection of a kind that keeps its h11 elsewhere has nothing left over."""
    assert b"" == route._unread(object())


@colours
def test_expiry(colour):
    """An idle connection is closed when its time is over."""
    with serve(KEEPS) as server, sender(colour, keepalive_expiry=0.05) as ours:
        ours.send(post(server.url))
        time.sleep(0.1)
        ours.send(post(server.url))
        assert 2 == server.connections
        assert until(lambda: server.open_now == 1)


@colours
def test_pool_timeout(colour):
    """A request that finds all connections in use waits, and no longer than it may."""
    with serve(KEEPS) as server, sender(colour, max_connections=1) as ours:
        held = ours.start(post(server.url))
        for limits in ({"timeout": {**TIMEOUT, "pool": 0.1}}, {"within": 0.1}):
            start = time.monotonic()
            with pytest.raises(httpx.PoolTimeout, match="1 connections"):
                ours.send(post(server.url, **limits))
            assert 0.05 < time.monotonic() - start < 3
        ours.read(held)
        assert b"hello" == ours.send(post(server.url))


@colours
def test_bound_over_origins(colour):
    """The bound is over all origins: an idle connection makes room for one to another server."""
    with serve(KEEPS) as one, serve(KEEPS) as two, sender(colour, max_connections=1) as ours:
        ours.send(post(one.url))
        ours.send(post(two.url))
        assert until(lambda: one.open_now == 0)
        assert 1 == two.open_now


@colours
def test_limit(colour):
    """A body that is too large is not read to its end, and its connection is not kept."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
    with serve([take, huge, each(b"x" * 65536)]) as server, sender(colour) as ours:
        with pytest.raises(ResponseError, match="larger than 100000 bytes") as caught:
            ours.send(post(server.url), limit=100_000)
        assert b"x" * 512 == caught.value.body
        assert "0 connections" in repr(ours.transport)


@colours
def test_unread_response(colour):
    """A response that is closed unread gives its place back, but not its connection."""
    with serve(KEEPS) as server, sender(colour, max_connections=1) as ours:
        for _ in range(2):
            response = ours.start(post(server.url))
            ours.close_response(response)
            ours.close_stream(response)
        assert 2 == server.connections


@colours
def test_close(colour):
    """Closing closes the idle connections; use after that is an error, closing twice is not."""
    with serve(KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        ours.close()
        ours.close()
        assert until(lambda: server.open_now == 0)
        with pytest.raises(ConfigError, match="Transport is closed"):
            ours.send(post(server.url))


@colours
def test_close_in_use(colour):
    """A connection in use when the transport is closed may finish, and is closed then."""
    with serve(KEEPS) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        ours.close()
        assert b"hello" == ours.read(response)
        assert until(lambda: server.open_now == 0)


def test_close_while_waiting():
    """A thread that waits for a place when the transport is closed opens no connection."""
    with (
        serve(KEEPS) as server,
        sender("sync", max_connections=1) as ours,
        ThreadPoolExecutor(1) as threads,
    ):
        held = ours.start(post(server.url))
        waiting = threads.submit(ours.send, post(server.url))
        (pool,) = ours.transport._pools.values()
        assert until(lambda: len(pool.gate._queue) == 1)
        ours.close()
        ours.read(held)
        with pytest.raises(ConfigError, match="closed"):
            waiting.result(5)
        assert 1 == server.connections


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_close_while_awaiting(backend):
    """A task that waits for a place when the transport is closed opens no connection."""

    async def main(url: str) -> None:
        transport = AsyncTransport(max_connections=1, environ={})
        held = await transport.handle_async_request(post(url))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(refused, transport, url)
            await anyio.wait_all_tasks_blocked()
            await transport.aclose()
            await body.aread(held)

    async def refused(transport: AsyncTransport, url: str) -> None:
        with pytest.raises(ConfigError, match="closed"):
            await transport.handle_async_request(post(url))

    with serve(KEEPS) as server:
        anyio.run(main, server.url, backend=backend)
        assert 1 == server.connections


def test_close_meanwhile(monkeypatch):
    """A connection given back in the moment in which another thread closes all is closed too."""
    with serve(KEEPS) as server, sender("sync") as ours:
        response = ours.start(post(server.url))
        keep = ours.transport._keep

        def keep_and_close(*arguments: object, **others: object) -> bool:
            kept = keep(*arguments, **others)
            ours.transport._is_closed = True
            return kept

        monkeypatch.setattr(ours.transport, "_keep", keep_and_close)
        assert b"hello" == ours.read(response)
        assert until(lambda: server.open_now == 0)


@colours
def test_no_pickle(colour):
    """A transport can be neither pickled nor copied."""
    with sender(colour) as ours:
        for refuse in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="cannot be pickled"):
                refuse(ours.transport)


@colours
def test_respx(colour):
    """Respx sees what goes through, so that a program's tests need no network."""
    with respx.mock as router, sender(colour) as ours:
        route = router.post("https://ec2.example.com/").respond(200, content=b"mocked")
        assert b"mocked" == ours.send(post("https://ec2.example.com/"))
        assert route.called


@colours
def test_respx_on_an_open_connection(colour):
    """Respx sees requests too that a connection from before it was there could carry."""
    with serve(KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        with respx.mock as router:
            router.post(server.url).respond(200, content=b"mocked")
            assert b"mocked" == ours.send(post(server.url))


@colours
def test_body_that_differs_from_its_length(colour):
    """A body longer than its Content-Length says is a LocalProtocolError."""
    with serve(KEEPS) as server, sender(colour) as ours:
        request = post(server.url)
        request.headers["content-length"] = "1"
        with pytest.raises(httpx.LocalProtocolError):
            ours.send(request)


@colours
def test_many_paths(colour):
    """Paths without number do not pile up."""
    with serve(KEEPS) as server, sender(colour) as ours:
        for number in range(300):
            ours.send(post(f"{server.url}{number}"))
        assert len(ours.transport._router._targets) <= 256
        assert 1 == server.connections


@colours
def test_tls(colour, tmp_path):
    """A server whose certificate the bundle vouches for is spoken to over TLS, again and again."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server, sender(colour, ca_bundle=bundle) as ours:
        for _ in range(3):
            assert b"hello" == ours.send(post(server.url, repeatable=True))
        assert 1 == server.connections


@colours
def test_untrusted(colour, tmp_path):
    """A server whose certificate nobody vouches for is not spoken to, and the error says why."""
    with serve(KEEPS, tls=certificate(tmp_path)[1]) as server, sender(colour) as ours:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            ours.send(post(server.url))
        assert [] == server.requests


@colours
def test_wrong_name(colour, tmp_path):
    """A good certificate for another name does not do."""
    bundle, context = certificate(tmp_path)
    with (
        serve(KEEPS, tls=context) as server,
        sender(colour, ca_bundle=bundle) as ours,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        ours.send(post(f"https://localhost:{server.port}/"))


@colours
def test_not_tls(colour):
    """A server that does not speak TLS is a ConnectError."""
    with (
        serve([b"hello, this is no TLS\r\n", stall]) as server,
        sender(colour) as ours,
        pytest.raises(httpx.ConnectError, match=r"[a-zA-Z]{4}"),
    ):
        ours.send(post(server.url.replace("http:", "https:")))


@colours
def test_missing_bundle(colour, tmp_path):
    """A bundle that is not there is a ConfigError that names it, and costs no place."""
    with sender(colour, ca_bundle=str(tmp_path / "none.pem"), max_connections=1) as ours:
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"none\.pem"):
                ours.send(post("https://127.0.0.1:1/"))


@colours
def test_forward_proxy(colour):
    """A request for http is sent to the proxy, with the proxy's user and password."""
    with serve(KEEPS) as proxy:
        environ = {"http_proxy": f"http://me:p%40ss@127.0.0.1:{proxy.port}"}
        with sender(colour, environ=environ) as ours:
            for _ in range(2):
                assert b"hello" == ours.send(post("http://ec2.example.com/"))
        assert 1 == proxy.connections
        assert proxy.requests[0].startswith(b"POST http://ec2.example.com/ HTTP/1.1\r\n")
        assert b"Proxy-Authorization: Basic bWU6cEBzcw==" in proxy.requests[0]


@colours
def test_tunnel(colour, tmp_path):
    """A request for https goes through a tunnel, which is kept."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server:
        opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
        with serve([take, opened, tunnel(server.port)]) as proxy:
            environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
            with sender(colour, environ=environ, ca_bundle=bundle) as ours:
                for _ in range(2):
                    assert b"hello" == ours.send(post(server.url))
                assert (1, 1) == (proxy.connections, server.connections)
                ours.send(post(server.url, direct=True))
                assert (1, 2) == (proxy.connections, server.connections)
            assert proxy.requests[0].startswith(b"CONNECT 127.0.0.1:")


@colours
def test_https_proxy(colour, tmp_path):
    """A proxy may be spoken to over TLS, and a tunnel through it is TLS within TLS."""
    bundle, context = certificate(tmp_path)
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    with (
        serve(KEEPS, tls=context) as server,
        serve(KEEPS, [take, opened, tunnel(server.port)], tls=context) as proxy,
        sender(colour, environ={"all_proxy": proxy.url}, ca_bundle=bundle) as ours,
    ):
        assert b"hello" == ours.send(post("http://ec2.example.com/"))
        for _ in range(2):
            assert b"hello" == ours.send(post(server.url))
        assert 2 == proxy.connections


@colours
def test_tunnel_refused(colour):
    """A proxy that refuses is a ProxyError with its words, and without the password."""
    with serve([take, answer(b"", "407 Proxy Authentication Required")]) as proxy:
        environ = {"https_proxy": f"http://me:secret@127.0.0.1:{proxy.port}"}
        with sender(colour, environ=environ) as ours:
            with pytest.raises(httpx.ProxyError, match="407 Proxy Auth") as caught:
                ours.send(post("https://ec2.example.com/"))
            assert "secret" not in repr(caught.value)
            assert "0 connections" in repr(ours.transport)


@colours
def test_socks_needs_package(colour, monkeypatch):
    """A SOCKS proxy without the package for it is a ConfigError that says what to install."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    with (
        sender(colour, environ={"all_proxy": "socks5://127.0.0.1:1"}) as ours,
        pytest.raises(ConfigError, match=r"httpx\[socks\]"),
    ):
        ours.send(post("http://ec2.example.com/"))


def test_socks_with_package(monkeypatch):
    """A SOCKS proxy with the package for it is fine."""
    package = types.ModuleType("socksio")
    package.__spec__ = importlib.machinery.ModuleSpec("socksio", None)
    monkeypatch.setitem(sys.modules, "socksio", package)
    route._need_socksio()


@colours
def test_proxy_from_process(colour, monkeypatch):
    """Without an environment given, the process's is read."""
    with serve(KEEPS) as proxy, sender(colour, environ=None) as ours:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        assert b"hello" == ours.send(post("http://ec2.example.com/"))


def test_threads():
    """64 threads with 8 connections lose nothing, and no more than 8 are ever open."""
    with serve(KEEPS) as server, sender("sync", max_connections=8) as ours:
        with ThreadPoolExecutor(64) as threads:
            bodies = list(threads.map(lambda _: ours.send(post(server.url)), range(1000)))
        assert [b"hello"] * 1000 == bodies
        assert 1000 == len(server.requests)
        assert server.most_open <= 8


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks(backend):
    """1000 tasks with 20 connections lose nothing, and no more than 20 are ever open."""

    async def main(url: str) -> None:
        transport = AsyncTransport(max_connections=20, environ={})
        async with anyio.create_task_group() as tasks:
            for _ in range(1000):
                tasks.start_soon(once, transport, url)
        await transport.aclose()

    async def once(transport: AsyncTransport, url: str) -> None:
        assert b"hello" == await body.aread(
            await transport.handle_async_request(post(url, within=60, timeout={}))
        )

    with serve(KEEPS) as server:
        anyio.run(main, server.url, backend=backend)
        assert 1000 == len(server.requests)
        assert server.most_open <= 20


CUT_OFF: list[Script] = [
    [stall],
    [take, HELLO[:10], stall],
    [take, HELLO[:-1], stall],
]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("script", CUT_OFF)
def test_cancelled(backend, script):
    """The connection of a cancelled request is closed, and its place is free."""

    async def main(url: str) -> None:
        transport = AsyncTransport(max_connections=1, environ={})
        for _ in range(2):
            with anyio.move_on_after(0.1) as scope:
                await body.aread(await transport.handle_async_request(post(url)))
            assert scope.cancelled_caught
            assert "0 connections" in repr(transport)
        await transport.aclose()

    with serve(script) as server:
        anyio.run(main, server.url, backend=backend)
        assert until(lambda: server.open_now == 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_handshake(backend):
    """A TLS handshake that is cancelled leaves no socket behind."""

    async def main(url: str) -> None:
        transport = AsyncTransport(environ={})
        with anyio.move_on_after(0.1):
            await transport.handle_async_request(post(url))
        await transport.aclose()

    with serve([stall]) as server:
        anyio.run(main, server.url.replace("http:", "https:"), backend=backend)
        assert until(lambda: server.open_now == 0)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_tidying(backend):
    """A task that is cancelled while it closes expired connections closes all of them."""

    async def main(server: Server) -> None:
        transport = AsyncTransport(keepalive_expiry=0.05, environ={})
        responses = [await transport.handle_async_request(post(server.url)) for _ in range(3)]
        for response in responses:
            await body.aread(response)
        await anyio.sleep(0.1)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await transport.handle_async_request(post(server.url))
        assert "0 connections" in repr(transport)
        await anyio.sleep(0.01)
        gc.collect()
        await transport.aclose()

    with serve(KEEPS) as server:
        anyio.run(main, server, backend=backend)


@pytest.mark.parametrize("proxied", [False, True])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_left_in_the_middle(backend, proxied):
    """A body that is read in part and closed leaves no generator for the event loop to finish."""

    async def main(url: str) -> None:
        # The server does not mind that it is taken for a proxy to itself.
        transport = AsyncTransport(environ={"http_proxy": url} if proxied else {})
        response = await transport.handle_async_request(post(url))
        assert b"x" == (await anext(aiter(response.stream)))[:1]
        await response.aclose()
        del response
        gc.collect()
        await anyio.lowlevel.checkpoint()
        await transport.aclose()

    # More than is read at once, and less than is said.
    sent = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000
    with warnings.catch_warnings(record=True) as caught, serve([take, sent, stall]) as server:
        warnings.simplefilter("always")
        anyio.run(main, server.url, backend=backend)
    assert [] == [str(warning.message) for warning in caught]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelled_closing(backend):
    """A response that is closed in a cancelled task gives its place back."""

    async def main(url: str) -> None:
        transport = AsyncTransport(max_connections=1, environ={})
        with anyio.CancelScope() as scope:
            response = await transport.handle_async_request(post(url))
            scope.cancel()
            await response.aclose()
        assert b"hello" == await body.aread(await transport.handle_async_request(post(url)))
        await transport.aclose()

    with serve(KEEPS) as server:
        anyio.run(main, server.url, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_second_loop(backend):
    """One AsyncTransport serves one event loop after the other, each with its connections."""
    transport = AsyncTransport(environ={})

    async def main(url: str) -> bytes:
        return await body.aread(await transport.handle_async_request(post(url)))

    with serve(KEEPS) as server, warnings.catch_warnings():
        # The loop was closed with connections open, which is the program's doing, and said so.
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(2):
            assert b"hello" == anyio.run(main, server.url, backend=backend)
        # trio does not tell whether a loop of its has ended.
        assert (1 if backend == "asyncio" else 2) == len(transport._pools)
        anyio.run(transport.aclose, backend=backend)
        gc.collect()
        assert 2 == server.connections
        assert until(lambda: server.open_now == 0)


def test_interrupted(monkeypatch):
    """A KeyboardInterrupt in the middle of a request closes its connection and frees its place."""
    with serve(KEEPS) as server, sender("sync", max_connections=1) as ours:
        ours.send(post(server.url))
        with monkeypatch.context() as patch:
            patch.setattr("httpcore._backends.sync.SyncStream.read", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)
        assert b"hello" == ours.send(post(server.url))


@colours
def test_interrupted_closing(colour, monkeypatch):
    """A connection is not kept when making it ready for the next request was interrupted."""
    with serve(KEEPS) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        with monkeypatch.context() as patch:
            patch.setattr(h11.Connection, "start_next_cycle", _break)
            with pytest.raises(RuntimeError, match="struck"):
                ours.read(response)
        assert "0 connections" in repr(ours.transport)
        assert b"hello" == ours.send(post(server.url))


@colours
def test_interrupted_handing_over(colour, monkeypatch):
    """An answer that cannot be handed over gives its connection and its place back."""
    with serve(KEEPS) as server, sender(colour, max_connections=1) as ours:
        with monkeypatch.context() as patch:
            patch.setattr(transport, "response", _break)
            with pytest.raises(RuntimeError, match="struck"):
                ours.start(post(server.url))
        assert "0 connections" in repr(ours.transport)
        assert b"hello" == ours.send(post(server.url))


def _break(*_: object) -> None:
    raise RuntimeError("struck")


def _interrupt(*_: object) -> bytes:
    raise KeyboardInterrupt


def test_fork():
    """After a fork the child opens its own connection, and the parent's stays as it was."""
    with serve(KEEPS) as server, sender("sync") as ours:
        response = ours.start(post(server.url))
        inherited = response.extensions["network_stream"].get_extra_info("socket").fileno()
        ours.read(response)
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            try:
                same = ours.send(post(server.url)) == b"hello"
                nowhere = stat.S_ISCHR(os.fstat(inherited).st_mode)
                ours.close()
                os._exit(0 if same and nowhere and server.connections == 1 else 1)
            finally:
                os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert 2 == server.connections
        ours.send(post(server.url))
        assert 2 == server.connections


def test_fork_tls(tmp_path):
    """A child says nothing on its parent's TLS connection, even when it closes the transport."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server, sender("sync", ca_bundle=bundle) as ours:
        ours.send(post(server.url))
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            ours.close()
            os._exit(0)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        ours.send(post(server.url))
        assert 1 == server.connections


def test_fork_async():
    """A child's event loop gets connections of its own, and does not disturb its parent's."""

    async def once(transport: AsyncTransport, url: str) -> None:
        assert b"hello" == await body.aread(await transport.handle_async_request(post(url)))

    async def main(url: str) -> None:
        transport = AsyncTransport(environ={})
        await once(transport, url)
        fork(transport, url)
        await once(transport, url)
        await transport.aclose()

    def fork(transport: AsyncTransport, url: str) -> None:
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            # In another thread, for in this one the parent's loop is running.
            threading.Thread(target=in_child, args=(transport, url)).start()
            time.sleep(5)
            os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def in_child(transport: AsyncTransport, url: str) -> None:  # pragma: no cover - see above
        try:
            anyio.run(once, transport, url)
            os._exit(0)
        finally:
            os._exit(1)

    with serve(KEEPS) as server:
        anyio.run(main, server.url)
        assert 2 == server.connections


@colours
def test_no_resource_warning(colour):
    """A transport that was used and closed leaves nothing unclosed, whatever happened."""
    scripts = [[take, HELLO], [take, b"junk"], [take, HELLO[:-1]], [stall], KEEPS]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with serve(*scripts) as server, sender(colour) as ours:
            for _ in scripts:
                try:
                    ours.send(post(server.url, within=0.2))
                except httpx.TransportError:
                    continue
        gc.collect()
    assert [] == [str(warning.message) for warning in caught]
