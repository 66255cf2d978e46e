"""What the fast transports do besides what the default ones do."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import httpcore
import httpx
import pytest
import respx

import ec2lite
from colours import FAST_NAMES
from ec2lite.errors import ConfigError
from ec2lite.transports.fast_connection import FastConnection, Order
from ec2lite.transports.routes import Routes
from ec2lite.transports.steps import arun, run
from ec2lite.transports.stream import Stream
from samples import KEYS, STOPPED
from senders import TIMEOUT, post, sender
from servers import answer, certificate, each, pause, serve, take, until

KEEPS = [each(take, answer())]
fast_only = pytest.mark.parametrize("colour", FAST_NAMES, indirect=True)


@fast_only
def test_not_by_httpcore(colour, monkeypatch):
    """A request goes past httpcore and h11, which is what makes it fast."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("httpcore was asked")

    monkeypatch.setattr(httpcore.HTTPConnection, "__init__", refuse)
    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "__init__", refuse)
    with serve(KEEPS) as server, sender(colour) as ours:
        assert b"hello" == ours.send(post(server.url))


@fast_only
@pytest.mark.parametrize("begins", ["before", "in its life"])
def test_patched(colour, caplog, begins):
    """While a method of httpx's or httpcore's is replaced, it sees every request; said once."""
    caplog.set_level(logging.INFO, "ec2lite.transports.fast")
    with serve(KEEPS) as server, sender(colour) as ours:
        if begins == "in its life":
            assert b"hello" == ours.send(post(server.url))
        sent = len(server.requests)
        with respx.mock as router:
            route = router.post(server.url).respond(200, content=b"mocked")
            assert b"mocked" == ours.send(post(server.url))
            assert b"mocked" == ours.send(post(server.url))
        assert (2, sent) == (route.call_count, len(server.requests))
        assert b"hello" == ours.send(post(server.url))
        assert sent + 1 == len(server.requests)
    assert 1 == len(caplog.records)
    assert "is patched" in caplog.text


@fast_only
def test_unmatched(colour):
    """What a mock does not know reaches no network."""
    with (
        serve(KEEPS) as server,
        respx.mock,
        colour.client("eu-west-1", endpoint_url=server.url, credentials=KEYS) as ec2,
        pytest.raises(AssertionError, match="not mocked"),
    ):
        ec2.stop_instances("i-1")
    assert 0 == server.connections


@fast_only
def test_proxy_said_once(colour, caplog):
    """What goes through a proxy is handed over, and the log says so once."""
    caplog.set_level(logging.INFO, "ec2lite.transports.fast")
    with serve(KEEPS) as proxy:
        with sender(colour, environ={"http_proxy": proxy.url}) as ours:
            for _ in range(2):
                assert b"hello" == ours.send(post("http://ec2.example.com/"))
        assert 2 == len(proxy.requests)
    assert 1 == len(caplog.records)
    assert "a proxy is on the way" in caplog.text


@pytest.mark.parametrize("name", ["FastTransport", "AsyncFastTransport"])
def test_without_httptools(monkeypatch, name):
    """Where httptools is missing the transport says what to install when it is made."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'ec2lite\[fast\]'"):
        getattr(ec2lite, name)()


@fast_only
def test_pool_timeout(colour):
    """A request that finds all connections in use waits, and no longer than it may."""
    slow = [each(take, pause(0.6), answer())]
    with (
        serve(slow) as server,
        sender(colour, max_connections=1) as ours,
        ThreadPoolExecutor(1) as threads,
    ):
        first = threads.submit(ours.send, post(server.url))
        assert until(lambda: len(server.requests) == 1)
        with pytest.raises(httpx.PoolTimeout, match="1 connections"):
            ours.send(post(server.url, timeout={**TIMEOUT, "pool": 0.05}))
        assert b"hello" == first.result(5)
        assert b"hello" == ours.send(post(server.url))
        assert 1 == server.connections


@fast_only
def test_closed_while_waiting(colour):
    """A request that waits for a connection when the transport is closed opens none."""
    slow = [each(take, pause(0.5), answer())]
    with (
        serve(slow) as server,
        sender(colour, max_connections=1) as ours,
        ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(ours.send, post(server.url))
        assert until(lambda: len(server.requests) == 1)
        second = threads.submit(ours.send, post(server.url))
        (home,) = ours.transport._homes.values()
        assert until(lambda: len(home.pool.places) == 1)
        ours.close()
        assert b"hello" == first.result(5)
        with pytest.raises(ConfigError, match="closed"):
            second.result(5)
        assert 1 == server.connections
        assert until(lambda: 0 == server.open_now)


@fast_only
def test_closes_its_default(colour):
    """The transport that it hands requests over to is closed with it."""
    with serve(KEEPS) as proxy:
        with sender(colour, environ={"http_proxy": proxy.url}) as ours:
            assert b"hello" == ours.send(post("http://ec2.example.com/"))
        assert until(lambda: 0 == proxy.open_now)


@fast_only
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\nb", "a\0b"])
def test_header_that_would_be_two(colour, value):
    """A line end or a null character in a header is refused before anything is sent."""
    with serve(KEEPS) as server, sender(colour) as ours:
        with pytest.raises(httpx.LocalProtocolError, match="line end"):
            ours.send(httpx.Request("POST", server.url, headers={"x": value}))
        assert 0 == server.connections


@fast_only
def test_name_that_is_none(colour):
    """What is no name of a header is refused before anything is sent."""
    with serve(KEEPS) as server, sender(colour) as ours:
        with pytest.raises(httpx.LocalProtocolError, match="name of a header"):
            ours.send(httpx.Request("POST", server.url, headers=[(b"a b", b"c")]))
        assert 0 == server.connections


@fast_only
def test_streamed_body(colour):
    """A body without a Content-Length is read, and sent with one."""
    with serve(KEEPS) as server, sender(colour) as ours:
        headers = {"transfer-encoding": "chunked"}
        request = httpx.Request("POST", server.url, headers=headers, content=b"Action=X")
        del request.headers["content-length"]
        assert b"hello" == ours.send(request)
        assert b"Content-Length: 8" in server.requests[0]
        assert b"chunked" not in server.requests[0]


@fast_only
def test_silence(colour):
    """A server that says nothing is a ReadTimeout that tells how long it was silent."""
    with (
        serve([take, pause(3)]) as server,
        sender(colour) as ours,
        pytest.raises(httpx.ReadTimeout, match=r"silent for 0\.1 s"),
    ):
        ours.send(post(server.url, timeout={**TIMEOUT, "read": 0.1}))


@fast_only
def test_stop(colour, tmp_path):
    """StopInstances over TLS, in every colour."""
    bundle, context = certificate(tmp_path)
    with serve([each(take, answer(STOPPED))], tls=context) as server:
        with (
            mock.patch.dict("os.environ", {"AWS_CA_BUNDLE": bundle}),
            colour.client("eu-west-1", endpoint_url=server.url, credentials=KEYS) as ec2,
        ):
            for _ in range(3):
                result = ec2.stop_instances("i-1234567890abcdef0")
        assert "stopping" == result.stopping_instances[0].current_state.name
        assert 1 == server.connections


def test_two_threads_make_one_default():
    """Two threads that need the default transport at once share one."""
    gate = threading.Barrier(2)

    class Kind:
        def __init__(self, **_: object) -> None:
            gate.wait(5)

    with ec2lite.FastTransport(environ={}) as transport, ThreadPoolExecutor(2) as threads:
        made = [each.result() for each in [threads.submit(transport._default, Kind) for _ in "12"]]
        transport._others.clear()
    assert made[0] is made[1]


@fast_only
def test_expired_when_another_is_done(colour):
    """A connection that has expired is closed when another one's request is over."""
    with (
        serve(KEEPS) as other,
        serve([each(take, pause(0.3), answer())]) as server,
        sender(colour, keepalive_expiry=0.05) as ours,
    ):
        ours.send(post(other.url))
        assert 1 == other.open_now
        ours.send(post(server.url))
        assert until(lambda: 0 == other.open_now)


class Refusing:
    """A peer that takes nothing, and has said why before."""

    socket = None

    def __init__(self, heard):
        self.heard = [heard]

    def send(self, data, end):
        raise ConnectionResetError

    def receive(self, most, end):
        return self.heard.pop()

    def close(self):
        """Do nothing."""


def test_refusal_before_the_request_was_read():
    """An answer that came before the request was sent is read."""
    order = Order(httpx.Request("POST", "http://127.0.0.1/"), b"")
    connection = FastConnection(order.key, Routes(None, {}), Refusing)
    connection.disown()
    refusing = Stream(Refusing(answer(b"no", "400 Bad Request")))
    parser = run(connection._talk(refusing, order, order.parser()))
    assert (400, b"no") == (parser.status, parser.body)


class AsyncRefusing(Refusing):
    async def send(self, data, end):
        raise ConnectionResetError

    async def receive(self, most, end):
        return self.heard.pop()


def test_refusal_before_the_request_was_read_awaited():
    """So it is when it is awaited."""
    order = Order(httpx.Request("POST", "http://127.0.0.1/"), b"")
    connection = FastConnection(order.key, Routes(None, {}), AsyncRefusing)
    refusing = Stream(AsyncRefusing(answer(b"no", "400 Bad Request")))
    parser = asyncio.run(arun(connection._talk(refusing, order, order.parser())))
    assert (400, b"no") == (parser.status, parser.body)
