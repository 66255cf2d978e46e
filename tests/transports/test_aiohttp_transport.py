"""The transport over aiohttp, over real sockets on this machine."""

from __future__ import annotations

import asyncio
import copy
import gc
import gzip
import pickle
import sys
import time

import anyio
import httpx
import pytest

import ec2lite
from ec2lite.engine import body
from ec2lite.engine.world import UNSENT
from ec2lite.errors import ConfigError, ResponseError
from ec2lite.transports import aiohttp_transport
from ec2lite.transports.aiohttp_transport import AiohttpTransport
from ec2lite.transports.transport import AsyncTransport
from senders import TIMEOUT, post
from servers import (
    answer,
    certificate,
    closed_port,
    each,
    reset,
    serve,
    stall,
    take,
    trickle,
    tunnel,
    until,
)

HELLO = answer()
KEEPS = [each(take, HELLO)]


def send(*requests, limit=1 << 20, **arguments):
    """Send requests one after the other; return the responses, and the last one's body."""

    async def main():
        transport = AiohttpTransport(**{"environ": {}, **arguments})
        try:
            for request in requests:
                response = await transport.handle_async_request(request)
                content = await body.aread(response, limit)
            return response, content
        finally:
            await transport.aclose()

    return asyncio.run(main())


def test_answer():
    """A request arrives with its own headers and no others, and its answer comes back."""
    with serve([take, answer(b"<x/>", "418 Teapot", X_One="1")]) as server:
        request = httpx.Request(
            "POST",
            f"{server.url}a%2fb?c=%20d",
            content=b"Action=StopInstances",
            headers={"Accept-Encoding": "x"},
        )
        response, content = send(request)
    assert (418, "1", b"<x/>") == (response.status_code, response.headers["x-one"], content)
    head, _, sent = server.requests[0].partition(b"\r\n\r\n")
    assert b"Action=StopInstances" == sent
    assert b"POST /a%2fb?c=%20d HTTP/1.1" == head.split(b"\r\n")[0]
    expected = sorted(name + b": " + value for name, value in request.headers.raw)
    assert expected == sorted(head.split(b"\r\n")[1:])


def test_reuse():
    """One connection carries one request after the other."""
    with serve(KEEPS) as server:
        assert b"hello" == send(*(post(server.url) for _ in range(3)))[1]
        assert (1, 3) == (server.connections, len(server.requests))


def test_streamed_request():
    """A body that is a stream arrives whole."""

    async def parts():
        yield b"a"
        yield b"b"

    with serve(KEEPS) as server:
        send(post(server.url, content=parts()))
        assert server.requests[0].endswith(b"\r\n\r\nab")


def test_user_in_url():
    """A user in the URL is not taken for credentials."""
    with serve(KEEPS) as server:
        send(post(server.url.replace("//", "//user:secret@")))
        assert b"secret" not in server.requests[0]


def test_chunked():
    """An answer in chunks is read to its end, and its connection is kept."""
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    )
    with serve([each(take, trickle(chunked, 0.001))]) as server:
        assert b"hello" == send(post(server.url), post(server.url))[1]
        assert 1 == server.connections


def test_not_inflated():
    """A compressed body is given as it was sent, to be inflated once and up to a limit."""
    packed = gzip.compress(b"hello")
    with serve([take, answer(packed, Content_Encoding="gzip")]) as server:
        assert packed == send(post(server.url))[1]


def test_redirect():
    """A redirect is an answer like others, and cookies are not kept."""
    moved = answer(b"", "302 Found", Location="/elsewhere", Set_Cookie="a=b")
    with serve([each(take, moved)]) as server:
        response, _ = send(*(post(f"http://localhost:{server.port}/") for _ in range(2)))
        assert 302 == response.status_code
        assert b"cookie" not in server.requests[1].lower()


def test_size_limit():
    """An answer over the limit is refused without being read to its end."""
    with serve([take, answer(b"x" * 10_000_000)]) as server:
        with pytest.raises(ResponseError, match="larger than 1000 bytes"):
            send(post(server.url), limit=1000)
        assert until(lambda: server.open_now == 0)


BROKEN = [
    ([take, reset], httpx.ReadError),
    ([take], httpx.RemoteProtocolError),
    ([take, b"\x00\xff garbage\r\n\r\n"], httpx.RemoteProtocolError),
    ([take, b"SSH-2.0-OpenSSH_9.6\r\n"], httpx.RemoteProtocolError),
    ([take, HELLO[:-2]], httpx.RemoteProtocolError),
    ([take, HELLO[:-2], reset], (httpx.RemoteProtocolError, httpx.ReadError)),
    ([take, b"HTTP/1.1 200 OK\r\nX-Bad"], httpx.RemoteProtocolError),
    ([take, b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"], httpx.RemoteProtocolError),
    ([take, b"HTTP/1.1 200 OK\r\nX-Flood: " + b"1" * 500_000], httpx.RemoteProtocolError),
    (
        [take, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", stall],
        httpx.RemoteProtocolError,
    ),
    (
        [take, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"],
        httpx.RemoteProtocolError,
    ),
]


@pytest.mark.parametrize(("script", "kind"), BROKEN, ids=range(len(BROKEN)))
def test_broken(script, kind):
    """What breaks after the request was sent has an error that says that it may have arrived."""
    with serve(script) as server:
        request = post(server.url)
        with pytest.raises(kind) as caught:
            send(request)
        assert 1 == server.connections
    assert not isinstance(caught.value, UNSENT)
    assert str(caught.value)
    assert request is caught.value.request
    assert caught.value.__cause__ is not None


def test_refused():
    """A port on which nobody listens is a ConnectError."""
    with pytest.raises(httpx.ConnectError):
        send(post(f"http://127.0.0.1:{closed_port()}/"))


def test_no_such_host():
    """A name that does not exist is a ConnectError."""
    with pytest.raises(httpx.ConnectError):
        send(post("http://nowhere.invalid/"))


def test_stale():
    """A POST that dies on a kept connection is not sent again here."""
    with serve([take, HELLO, take], KEEPS) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            send(post(server.url), post(server.url, repeatable=True))
        assert 1 == server.connections


@pytest.mark.parametrize(
    "script",
    [
        [stall],
        [take, trickle(HELLO)],
        [take, answer(b"x" * 99)[:-99], trickle(b"x" * 99)],
        [take, HELLO[:-1], stall],
    ],
)
def test_deadline(script):
    """However slowly an answer comes, the request ends at its deadline."""
    with serve(script) as server:
        start = time.monotonic()
        with pytest.raises(httpx.ReadTimeout, match=r"\w"):
            send(post(server.url, within=0.25))
        assert 0.2 < time.monotonic() - start < 3
        assert until(lambda: server.open_now == 0)


def test_deadline_passed():
    """A request whose deadline has passed is not even connected."""
    with serve(KEEPS) as server:
        with pytest.raises(httpx.ConnectTimeout, match="whole request"):
            send(post(server.url, within=-1))
        assert 0 == server.connections


def test_read_timeout():
    """Without a deadline, the read timeout holds."""
    with serve([take, stall]) as server, pytest.raises(httpx.ReadTimeout):
        send(post(server.url, deadline=None, timeout={**TIMEOUT, "read": 0.1}))


def test_connect_timeout():
    """A TLS handshake that is not answered is a ConnectTimeout."""
    with serve([stall]) as server:
        request = post(server.url.replace("http:", "https:"), timeout={**TIMEOUT, "connect": 0.2})
        with pytest.raises(httpx.ConnectTimeout):
            send(request)


def test_no_limits():
    """A request without timeout and deadline is sent as well."""
    with serve(KEEPS) as server:
        assert b"hello" == send(httpx.Request("GET", server.url))[1]


def test_tls(tmp_path):
    """A certificate is trusted if its authority is, and not otherwise."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server:
        assert b"hello" == send(post(server.url), ca_bundle=bundle)[1]
        with pytest.raises(httpx.ConnectError, match="certificate"):
            send(post(server.url))


def test_proxy():
    """A request goes through the proxy that the environment names, unless it is direct."""
    with serve(KEEPS) as server, serve(KEEPS) as proxy:
        environ = {"http_proxy": proxy.url.replace("//", "//me:secret@")}
        send(post(server.url), environ=environ)
        assert proxy.requests[0].startswith(b"POST " + server.url.encode())
        assert b"proxy-authorization: basic bwu6c2vjcmv0" in proxy.requests[0].lower()
        send(post(server.url, direct=True), environ=environ)
        assert (1, 1) == (len(server.requests), len(proxy.requests))


def test_proxy_tunnel(tmp_path):
    """A URL of https goes through a tunnel, and a proxy that refuses it is a ProxyError."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server:
        opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
        with serve([take, opened, tunnel(server.port)]) as proxy:
            environ = {"https_proxy": proxy.url}
            assert b"hello" == send(post(server.url), environ=environ, ca_bundle=bundle)[1]
        with serve([take, answer(b"", "407 No")]) as proxy, pytest.raises(httpx.ProxyError):
            send(post(server.url), environ={"https_proxy": proxy.url})


def test_proxy_socks():
    """A SOCKS proxy, which aiohttp has not, is refused."""
    with pytest.raises(ConfigError, match="SOCKS"):
        send(post("http://127.0.0.1/"), environ={"all_proxy": "socks5://127.0.0.1:1"})


def test_bad_request_header():
    """A header that HTTP cannot carry is a LocalProtocolError."""
    with serve(KEEPS) as server, pytest.raises(httpx.LocalProtocolError):
        send(httpx.Request("POST", server.url, headers={"x": "a\nb"}))


def test_unsupported_scheme():
    """A URL that is neither http nor https is refused."""
    with pytest.raises(httpx.UnsupportedProtocol, match="ftp"):
        send(post("ftp://127.0.0.1/"))


def test_many_urls(monkeypatch):
    """What is kept of URLs is bounded."""
    monkeypatch.setattr(aiohttp_transport, "_TARGETS", 2)
    with serve(KEEPS) as server:
        assert b"hello" == send(*(post(f"{server.url}{n}") for n in range(5)))[1]


def test_cancelled():
    """A cancelled request is cancelled, and its connection is gone."""

    async def main():
        transport = AiohttpTransport(environ={})
        with anyio.move_on_after(0.1) as scope:
            await transport.handle_async_request(post(server.url))
        await asyncio.sleep(0.05)
        gone = until(lambda: server.open_now == 0)
        await transport.aclose()
        return scope.cancelled_caught, gone

    with serve([take, stall]) as server:
        assert (True, True) == asyncio.run(main())


def test_bounded():
    """There are no more connections at once than may be, and all requests are answered."""

    async def main():
        transport = AiohttpTransport(environ={}, max_connections=2)

        async def one():
            return await body.aread(await transport.handle_async_request(post(server.url)))

        got = await asyncio.gather(*(one() for _ in range(20)))
        await transport.aclose()
        return got

    with serve(KEEPS) as server:
        assert [b"hello"] * 20 == asyncio.run(main())
        assert 2 == server.most_open


def test_closed():
    """A closed transport is refused; closing twice, or before the first request, is fine."""

    async def main():
        transport = AiohttpTransport(environ={})
        await transport.aclose()
        await transport.aclose()
        with pytest.raises(ConfigError, match="closed"):
            await transport.handle_async_request(post("http://127.0.0.1/"))

    asyncio.run(main())


# Python's own, for the sockets of an event loop that ended before they were closed.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_second_loop():
    """In a second event loop there are new connections, and each loop closes its own."""
    transport = AiohttpTransport(environ={})

    async def one():
        return await body.aread(await transport.handle_async_request(post(server.url)))

    async def both():
        got = await one()
        # A third loop in a thread of its own, which lives on in the meantime.
        assert b"hello" == await asyncio.to_thread(other.run, one())
        assert 2 == len(transport._sessions)
        await transport.aclose()
        return got

    with serve(KEEPS) as server, asyncio.Runner() as other:
        assert b"hello" == asyncio.run(one())
        assert b"hello" == asyncio.run(both())
        assert 3 == server.connections
        # The last one by another loop, when its own has ended.
        other.close()
        asyncio.run(transport.aclose())
        assert {} == transport._sessions
    gc.collect()


def test_trio():
    """On trio it says what to do."""

    async def main():
        transport = AiohttpTransport(environ={})
        with pytest.raises(ConfigError, match="asyncio only"):
            await transport.handle_async_request(post("http://127.0.0.1/"))
        await transport.aclose()

    anyio.run(main, backend="trio")


def test_no_aiohttp(monkeypatch):
    """Without aiohttp it says what to install."""
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with pytest.raises(ConfigError, match=r"pip install 'ec2lite\[aiohttp\]'"):
        AiohttpTransport()


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy])
def test_not_copied(how):
    """It cannot be pickled or copied."""
    with pytest.raises(TypeError, match="pickled"):
        how(AiohttpTransport())


def test_keeps_deadlines(moto):
    """A whole call works, without a second time limit around the transport's own."""
    assert AsyncTransport.keeps_deadlines

    async def main():
        transport = ec2lite.AiohttpTransport()
        keys = ec2lite.Credentials("AKIDEXAMPLE", "secret")
        async with (
            transport,
            ec2lite.AsyncClient(
                "eu-west-1", credentials=keys, endpoint_url=moto, transport=transport
            ) as client,
        ):
            with pytest.raises(ec2lite.InstanceNotFound):
                await client.stop_instances("i-1234567890abcdef0")
            return client._world.keeps_deadlines

    assert asyncio.run(main())
