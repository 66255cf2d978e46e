"""At most so many connections, in order; closing them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest

from colours import SYNC, default_only
from ec2lite.errors import ConfigError
from patience import PATIENCE
from senders import TIMEOUT, asend, post, sender
from servers import answer, each, serve, take, until

KEEPS = [each(take, answer())]


def test_expiry(colour):
    """An idle connection is closed when its time is over."""
    with serve(KEEPS) as server, sender(colour, keepalive_expiry=0.05) as ours:
        ours.send(post(server.url))
        time.sleep(0.1)
        ours.send(post(server.url))
        assert 2 == server.connections
        assert until(lambda: server.open_now == 1)


@default_only
def test_pool_timeout(colour):
    """A request that finds all connections in use waits, and no longer than it may."""
    with serve(KEEPS) as server, sender(colour, max_connections=1) as ours:
        held = ours.start(post(server.url))
        for limits in ({"timeout": {**TIMEOUT, "pool": 0.1}}, {"within": 0.1}):
            start = time.monotonic()
            with pytest.raises(httpx.PoolTimeout, match="1 connections"):
                ours.send(post(server.url, **limits))
            assert 0.05 < time.monotonic() - start < PATIENCE
        ours.read(held)
        assert b"hello" == ours.send(post(server.url))


def test_bound_over_origins(colour):
    """The bound is over all origins: an idle connection makes room for one to another server."""
    with serve(KEEPS) as one, serve(KEEPS) as two, sender(colour, max_connections=1) as ours:
        ours.send(post(one.url))
        ours.send(post(two.url))
        assert until(lambda: one.open_now == 0)
        assert 1 == two.open_now


def test_close(colour):
    """Closing closes the idle connections; use after that is an error, closing twice is not."""
    with serve(KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        ours.close()
        ours.close()
        assert until(lambda: server.open_now == 0)
        with pytest.raises(ConfigError, match=r"^the transport is closed$"):
            ours.send(post(server.url))


def test_close_in_use(colour):
    """A connection in use when the transport is closed may finish, and is closed then."""
    with serve(KEEPS) as server, sender(colour) as ours:
        response = ours.start(post(server.url))
        ours.close()
        assert b"hello" == ours.read(response)
        assert until(lambda: server.open_now == 0)


@default_only
def test_close_while_waiting(colour):
    """A request that waits for a connection when the transport is closed opens none."""
    with (
        serve(KEEPS) as server,
        sender(colour, max_connections=1) as ours,
        ThreadPoolExecutor(1) as threads,
    ):
        held = ours.start(post(server.url))
        waiting = threads.submit(ours.send, post(server.url))
        (home,) = ours.transport._homes.values()
        assert until(lambda: len(home.pool.places) == 1)
        ours.close()
        ours.read(held)
        with pytest.raises(ConfigError, match="closed"):
            waiting.result(5)
        assert 1 == server.connections


def test_threads():
    """64 threads with 8 connections lose nothing, and no more than 8 are ever open."""
    with serve(KEEPS) as server, sender(SYNC, max_connections=8) as ours:
        with ThreadPoolExecutor(64) as threads:
            bodies = list(threads.map(lambda _: ours.send(post(server.url)), range(1000)))
        assert [b"hello"] * 1000 == bodies
        assert 1000 == len(server.requests)
        assert server.most_open <= 8


def test_tasks(loop):
    """1000 tasks with 20 connections lose nothing, and no more than 20 are ever open."""

    async def main(url: str) -> None:
        transport = loop.transport(max_connections=20)
        async with anyio.create_task_group() as tasks:
            for _ in range(1000):
                tasks.start_soon(once, transport, url)
        await transport.aclose()

    async def once(transport: httpx.AsyncBaseTransport, url: str) -> None:
        assert b"hello" == await asend(transport, post(url, within=60, timeout={}))

    with serve(KEEPS) as server:
        loop.run(main, server.url)
        assert 1000 == len(server.requests)
        assert server.most_open <= 20
