"""Our transports: for each origin a stack of connections that carry one request at a time.

httpx's own async pool looks at all its connections for each request that comes or goes; at 50 at
once it makes a quarter of the requests that these do. What they promise:

- at most ``max_connections`` at once over all origins, for what is scarce is the process's
  descriptors; further requests wait in the order in which they came, at most as long as the
  request's ``pool`` timeout and its deadline allow (httpx.PoolTimeout);
- ``request.extensions["deadline"]``, a ``time.monotonic()`` value, ends the request in whatever
  state it is: connecting, in the middle of a header, in the body (httpx.ReadTimeout and its like);
- a request that dies on a connection used before, without a byte of an answer, is sent once more on
  a new one if ``request.extensions["repeatable"]`` is true: the server had dropped the connection
  while it was idle, which is nobody's failure;
- a connection goes back only when httpcore says it is idle; after a cancellation, a
  KeyboardInterrupt or an answer that was not read to its end it is closed;
- after ``fork()`` the child opens connections of its own, and leaves its parent's alone;
- proxies come from the environment, unless ``request.extensions["direct"]`` is true.

A response must be read or closed: its connection counts as used until then.
"""

from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING, Final

import anyio
import httpx
from anyio.lowlevel import RunVar

from ec2lite.transports.lifetime import Base, Pool
from ec2lite.transports.pool import AsyncGate, Gate
from ec2lite.transports.release import AsyncBody, Body, response
from ec2lite.transports.route import (
    CAUGHT,
    DROPPED,
    Line,
    Order,
    Reply,
    translated,
)

if TYPE_CHECKING:
    import asyncio

_LOOP: Final[RunVar[object]] = RunVar("ec2lite event loop")


class Transport(Base[Gate], httpx.BaseTransport):
    """Sends requests, blocking; one for many threads.

    ``max_connections`` bounds the connections over all origins, ``keepalive_expiry`` is for how
    many seconds an idle one is kept, ``ca_bundle`` a PEM file or directory of authorities to trust
    instead of the usual ones, ``environ`` where the proxies are read (default: ``os.environ``).
    Raises httpx's TransportErrors, and ConfigError for a bad proxy or bundle, or once closed.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response as soon as its headers are there."""
        self._check_open()
        pid = os.getpid()
        pool = self._pools.get(pid) or self._settle(pid, Pool(Gate(self._max_connections)))
        order = self._router.order(request)
        try:
            pool.gate.enter(order.patience())
            line = None
            try:
                line, answer = self._exchange(pool, order)
                release = functools.partial(self._release, pool, line)
                return response(answer, Body(answer, request, release))
            except BaseException:
                if line is not None:
                    self._close(pool, line)
                pool.gate.leave()
                raise
        except CAUGHT as error:
            raise translated(error, request) from error

    def _exchange(self, pool: Pool[Gate], order: Order) -> tuple[Line, Reply]:
        line = self._pick(pool, order)
        try:
            return line, self._send(pool, line, order)
        except DROPPED:
            if not (order.is_repeatable and line.was_dropped()):
                raise
        line = self._open(pool, order)
        return line, self._send(pool, line, order)

    def _send(self, pool: Pool[Gate], line: Line, order: Order) -> Reply:
        line.ready(order)
        try:
            answer: Reply = line.core.handle_request(order.request)
            line.check()
        except BaseException:
            self._close(pool, line)
            raise
        return answer

    def _pick(self, pool: Pool[Gate], order: Order) -> Line:
        self._check_open()
        for line in pool.shelf.expired(time.monotonic()):
            self._close(pool, line)
        while (idle := pool.shelf.take(order.target.key)) is not None:
            if not idle.core.has_expired():
                return idle
            self._close(pool, idle)
        return self._open(pool, order)

    def _open(self, pool: Pool[Gate], order: Order) -> Line:
        for surplus in pool.surplus():
            self._close(pool, surplus)
        line = self._router.open(order.target)
        pool.lines.add(line)
        return line

    def _close(self, pool: Pool[Gate], line: Line) -> None:
        pool.lines.discard(line)
        line.wire.close()

    def _release(self, pool: Pool[Gate], line: Line, *, whole: bool) -> None:
        try:
            if not self._keep(pool, line, whole=whole):
                self._close(pool, line)
            elif self._is_closed:
                # Closed by another thread in this moment.
                self._clear(pool)
        finally:
            pool.gate.leave()

    def _clear(self, pool: Pool[Gate]) -> None:
        for line in pool.shelf.expired(float("inf")):
            self._close(pool, line)

    def close(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._is_closed = True
        self._forget_orphans()
        for pool in list(self._pools.values()):
            self._clear(pool)


class AsyncTransport(Base[AsyncGate], httpx.AsyncBaseTransport):
    """Sends requests, awaiting, on asyncio and on trio; one for many tasks. Parameters as above.

    It may be used in one event loop after the other (``asyncio.run`` twice); connections are then
    opened anew.
    """

    # What AsyncWorld asks for: it sets no time limit of its own around this.
    keeps_deadlines: Final = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response as soon as its headers are there."""
        self._check_open()
        pool = self._home()
        order = self._router.order(request)
        try:
            await pool.gate.enter(order.patience())
            line = None
            try:
                line, answer = await self._exchange(pool, order)
                release = functools.partial(self._release, pool, line)
                return response(answer, AsyncBody(answer, request, release))
            except BaseException:
                if line is not None:
                    await self._close(pool, line)
                pool.gate.leave()
                raise
        except CAUGHT as error:
            raise translated(error, request) from error

    def _home(self) -> Pool[AsyncGate]:
        token = _LOOP.get(None)
        if token is None:
            _LOOP.set(token := object())
        key = (os.getpid(), token)
        pool = self._pools.get(key)
        return pool or self._settle(key, Pool(AsyncGate(self._max_connections), _asyncio_loop()))

    async def _exchange(self, pool: Pool[AsyncGate], order: Order) -> tuple[Line, Reply]:
        line = await self._pick(pool, order)
        try:
            return line, await self._send(pool, line, order)
        except DROPPED:
            if not (order.is_repeatable and line.was_dropped()):
                raise
        line = await self._open(pool, order)
        return line, await self._send(pool, line, order)

    async def _send(self, pool: Pool[AsyncGate], line: Line, order: Order) -> Reply:
        line.ready(order)
        try:
            answer: Reply = await line.core.handle_async_request(order.request)
            line.check()
        except BaseException:
            await self._close(pool, line)
            raise
        return answer

    async def _pick(self, pool: Pool[AsyncGate], order: Order) -> Line:
        self._check_open()
        for line in pool.shelf.expired(time.monotonic()):
            await self._close(pool, line)
        while (idle := pool.shelf.take(order.target.key)) is not None:
            if not idle.core.has_expired():
                return idle
            await self._close(pool, idle)
        return await self._open(pool, order)

    async def _open(self, pool: Pool[AsyncGate], order: Order) -> Line:
        for surplus in pool.surplus():
            await self._close(pool, surplus)
        line = self._router.aopen(order.target)
        pool.lines.add(line)
        return line

    async def _close(self, pool: Pool[AsyncGate], line: Line) -> None:
        pool.lines.discard(line)
        # Shielded: in a cancelled task the closing would be cancelled too, halfway.
        with anyio.CancelScope(shield=True):
            await line.wire.aclose()

    async def _release(self, pool: Pool[AsyncGate], line: Line, *, whole: bool) -> None:
        try:
            if not self._keep(pool, line, whole=whole):
                await self._close(pool, line)
        finally:
            pool.gate.leave()

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._is_closed = True
        self._forget_orphans()
        for pool in list(self._pools.values()):
            for line in pool.shelf.expired(float("inf")):
                await self._close(pool, line)


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
