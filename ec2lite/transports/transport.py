"""Our transports: httpx's own, over httpcore's own pools, with another way to assign connections.

httpx's ``handle_request`` and httpcore's run as they are, so whatever is made for httpx (respx,
pytest-httpx, instrumentation, patches of either package's classes) works here. What we promise
beside that:

- at most ``max_connections`` at once over all origins, for what is scarce is the process's
  descriptors; further requests wait in the order in which they came, at most as long as the
  request's ``pool`` timeout and its deadline allow (httpx.PoolTimeout);
- ``request.extensions["deadline"]``, a ``time.monotonic()`` value, ends the request in whatever
  state it is: connecting, in the middle of a header, in the body (httpx.ReadTimeout and its like);
- a request that dies on a connection used before, without a byte of an answer, is sent once more on
  a new one if ``request.extensions["repeatable"]`` is true;
- answers are read whole, up to ``request.extensions["max_response_size"]`` bytes (ResponseError);
- after a cancellation, a KeyboardInterrupt or a broken answer a connection is closed;
- after ``fork()`` the child opens connections of its own, and leaves its parent's alone; an event
  loop that has ended leaves nothing behind;
- proxies come from the environment, unless ``request.extensions["direct"]`` is true.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

import httpcore
import httpx

from ec2lite.transports import private
from ec2lite.transports.connection import AsyncConnection, Connection, key_of
from ec2lite.transports.homes import Homes
from ec2lite.transports.loops import event_loop
from ec2lite.transports.pool import Places
from ec2lite.transports.turn import AsyncTurn, Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class _Requests(Places[Any]):
    """What stands where httpcore's pools have a list of requests."""

    def __init__(
        self,
        open_: Callable[[Any], Connection | AsyncConnection],
        turn: type[Turn | AsyncTurn],
        most: int,
        keepalive: float,
    ) -> None:
        super().__init__(lambda request: key_of(request.request), open_, most, keepalive)
        self._turn = turn

    def append(self, request: Any) -> None:  # noqa: ANN401 - httpcore's PoolRequest
        """Let a request wait for its turn."""
        private.wake_by(
            request, self._turn(self.most, request.request.extensions, httpcore.PoolTimeout)
        )
        super().append(request)


class Pool(httpcore.ConnectionPool):
    """httpcore's pool, for threads."""

    def __init__(self, places: Places[Any]) -> None:
        super().__init__()
        self.places = places
        # A lock of C's, because httpcore's can be left locked by a KeyboardInterrupt.
        self.lock: threading.Lock = threading.Lock()
        private.take_over(self, places, self.lock)

    def _assign_requests_to_connections(self) -> list[Any]:
        return self.places.assign()

    def _close_connections(self, closing: Iterable[Any]) -> None:
        for connection in closing:
            connection.close()

    def close(self) -> None:
        """Close the idle connections now, the others when their requests end."""
        with self.lock:
            closing = self.places.close()
        self._close_connections(closing)


class AsyncPool(httpcore.AsyncConnectionPool):
    """httpcore's pool, for the tasks of one event loop."""

    def __init__(self, places: Places[Any]) -> None:
        super().__init__()
        self.places = places
        # Nothing is awaited with it in hand; another thread may close the transport.
        self.lock: threading.Lock = threading.Lock()
        private.take_over(self, places, self.lock)

    def _assign_requests_to_connections(self) -> list[Any]:
        return self.places.assign()

    async def _close_connections(self, closing: Iterable[Any]) -> None:
        # Nothing is awaited, so there is nothing to be shielded from a cancellation.
        for connection in closing:
            connection.close()

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests end."""
        self.abandon()

    def abandon(self) -> None:
        """Close them, from wherever this is."""
        with self.lock:
            closing = self.places.close()
        for connection in closing:
            connection.abandon()


class Transport(Homes[Pool], httpx.HTTPTransport):
    """Sends requests, blocking; one for many threads.

    ``max_connections`` bounds the connections over all origins, ``keepalive_expiry`` is for how
    many seconds an idle one is kept, ``ca_bundle`` a PEM file or directory of authorities to trust
    instead of the usual ones, ``environ`` where the proxies are read (default: ``os.environ``).
    Raises httpx's TransportErrors, and ConfigError for a bad proxy or bundle, or once closed.
    """

    def _check(self) -> None:
        private.check()

    @property
    def _pool(self) -> Pool:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride] - httpx's is set once, by the constructor that is not called
        return self._home(None)

    def _new_pool(self) -> Pool:
        def open_(key: Any) -> Connection:  # noqa: ANN401 - attrs's Key
            return Connection(key, self._routes)

        return Pool(_Requests(open_, Turn, self._max_connections, self._keepalive))

    def close(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._routes.is_closed = True
        self._forget_orphans()
        for home in list(self._homes.values()):
            home.pool.close()


class AsyncTransport(Homes[AsyncPool], httpx.AsyncHTTPTransport):
    """Sends requests, awaiting, on asyncio and on trio; one for many tasks. Parameters as above.

    It may be used in several event loops, one after the other or at once; each has its connections.
    """

    # What AsyncWorld asks for: it sets no time limit of its own around this.
    keeps_deadlines: Final = True

    def _check(self) -> None:
        private.check()

    @property
    def _pool(self) -> AsyncPool:  # type: ignore[override] # pyright: ignore[reportIncompatibleVariableOverride] - as above
        return self._home(event_loop())

    def _new_pool(self) -> AsyncPool:
        def open_(key: Any) -> AsyncConnection:  # noqa: ANN401 - attrs's Key
            return AsyncConnection(key, self._routes)

        return AsyncPool(_Requests(open_, AsyncTurn, self._max_connections, self._keepalive))

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._routes.is_closed = True
        self._forget_orphans()
        for home in list(self._homes.values()):
            home.pool.abandon()
