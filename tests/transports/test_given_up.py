"""Requests that are cancelled or interrupted, processes that fork, event loops that end."""

from __future__ import annotations

import gc
import os
import threading
import time
import warnings

import anyio
import h11
import httpx
import pytest

from colours import SYNC, default_only
from ec2lite.transports.sockets import BlockingSocket
from senders import asend, post, sender
from servers import Script, Server, answer, certificate, each, serve, stall, take, until

HELLO = answer()
KEEPS = [each(take, HELLO)]

CUT_OFF: list[Script] = [
    [stall],
    [take, HELLO[:10], stall],
    [take, HELLO[:-1], stall],
]


@pytest.mark.parametrize("script", CUT_OFF)
def test_cancelled(loop, script):
    """The connection of a cancelled request is closed, and its place is free."""

    async def main(url: str) -> None:
        transport = loop.transport(max_connections=1)
        for _ in range(2):
            with anyio.move_on_after(0.1) as scope:
                await asend(transport, post(url))
            assert scope.cancelled_caught
            assert "0 connections" in repr(transport)
        await transport.aclose()

    with serve(script) as server:
        loop.run(main, server.url)
        assert until(lambda: server.open_now == 0)


def test_cancelled_handshake(loop):
    """A TLS handshake that is cancelled leaves no socket behind."""

    async def main(url: str) -> None:
        transport = loop.transport()
        with anyio.move_on_after(0.1):
            await transport.handle_async_request(post(url))
        await transport.aclose()

    with serve([stall]) as server:
        loop.run(main, server.url.replace("http:", "https:"))
        assert until(lambda: server.open_now == 0)


def test_cancelled_tidying(loop):
    """A task that is cancelled while it closes expired connections closes all of them."""

    async def main(server: Server) -> None:
        transport = loop.transport(keepalive_expiry=0.05)
        responses = [await transport.handle_async_request(post(server.url)) for _ in range(3)]
        for response in responses:
            await response.aread()
        await anyio.sleep(0.1)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await transport.handle_async_request(post(server.url))
        assert "0 connections" in repr(transport)
        await transport.aclose()

    with serve(KEEPS) as server:
        loop.run(main, server)
        assert until(lambda: server.open_now == 0)


def test_second_loop(loop):
    """One transport serves one event loop after the other, and keeps nothing of the ended."""
    transport = loop.transport()

    with serve(KEEPS) as server, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert b"hello" == loop.run(asend, transport, post(server.url))
        assert 1 == len(transport._homes)
        loop.run(transport.aclose)
        gc.collect()
        assert 3 == server.connections
        assert until(lambda: server.open_now == 0)
    assert [] == [str(warning.message) for warning in caught]


def test_interrupted(monkeypatch):
    """A KeyboardInterrupt in the middle of a request closes its connection and frees its place."""
    with serve(KEEPS) as server, sender(SYNC, max_connections=1) as ours:
        ours.send(post(server.url))
        with monkeypatch.context() as patch:
            patch.setattr(BlockingSocket, "receive", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)
        assert b"hello" == ours.send(post(server.url))


@default_only
def test_interrupted_finishing(colour, monkeypatch):
    """A connection is not kept when making it ready for the next request was interrupted."""
    with serve(KEEPS) as server, sender(colour) as ours:
        with monkeypatch.context() as patch:
            patch.setattr(h11.Connection, "start_next_cycle", _break)
            with pytest.raises(RuntimeError, match="struck"):
                ours.send(post(server.url))
        assert "0 connections" in repr(ours.transport)
        assert b"hello" == ours.send(post(server.url))


def _break(*_: object) -> None:
    raise RuntimeError("struck")


def _interrupt(*_: object) -> bytes:
    raise KeyboardInterrupt


def test_fork():
    """After a fork the child opens its own connection, and the parent's stays as it was."""
    with serve(KEEPS) as server, sender(SYNC) as ours:
        response = ours.start(post(server.url))
        inherited = response.extensions["network_stream"].get_extra_info("socket")
        ours.read(response)
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            try:
                same = ours.send(post(server.url)) == b"hello"
                ours.close()
                os._exit(0 if same and inherited.fileno() == -1 else 1)
            finally:
                os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert 2 == server.connections
        ours.send(post(server.url))
        assert 2 == server.connections


def test_fork_tls(tmp_path):
    """A child says nothing on its parent's TLS connection, even when it closes the transport."""
    bundle, context = certificate(tmp_path)
    with serve(KEEPS, tls=context) as server, sender(SYNC, ca_bundle=bundle) as ours:
        ours.send(post(server.url))
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            ours.close()
            os._exit(0)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        ours.send(post(server.url))
        assert 1 == server.connections


def test_fork_async(loop):
    """A child's event loop gets connections of its own, and does not disturb its parent's."""

    async def once(transport: httpx.AsyncBaseTransport, url: str) -> None:
        assert b"hello" == await asend(transport, post(url))

    async def main(url: str) -> None:
        transport = loop.transport()
        await once(transport, url)
        fork(transport, url)
        await once(transport, url)
        await transport.aclose()

    def fork(transport: httpx.AsyncBaseTransport, url: str) -> None:
        child = os.fork()
        if child == 0:  # pragma: no cover - coverage does not follow the child
            # In another thread, for in this one the parent's loop is running.
            threading.Thread(target=in_child, args=(transport, url)).start()
            time.sleep(5)
            os._exit(2)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def in_child(
        transport: httpx.AsyncBaseTransport, url: str
    ) -> None:  # pragma: no cover - see above
        try:
            anyio.run(once, transport, url)
            os._exit(0)
        finally:
            os._exit(1)

    with serve(KEEPS) as server:
        anyio.run(main, server.url)
        assert 2 == server.connections


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
