"""FastTransport and AsyncFastTransport, the extra ``[fast]``: HTTP read by httptools, in C.

They stand on the same streams, places and deadlines as the default transports, and promise the same
(see ``transport.py``); what goes past is httpcore and h11, more than half of a call's time. Where
somebody could miss that, a request goes to the default transport instead, which is said once on the
logger ``ec2lite.transports.fast``: as long as a class of httpx's or httpcore's is patched, for a
mock must see every request; and where a proxy is on the way.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import httpx

from ec2lite.errors import ConfigError
from ec2lite.transports import loops, sockets
from ec2lite.transports.genuine import is_genuine
from ec2lite.transports.homes import Homes
from ec2lite.transports.pool import Places
from ec2lite.transports.routes import DetourNeeded
from ec2lite.transports.steps import arun, run
from ec2lite.transports.turn import AsyncTurn, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.transports.fast_connection import FastConnection, Order
    from ec2lite.transports.fast_parser import ResponseParser
    from ec2lite.transports.steps import Steps

_LOGGER: Final = logging.getLogger(__name__)
_PATCHED: Final = "httpx or httpcore is patched"

T = TypeVar("T")


class _Pool:
    """The connections of one process and one event loop."""

    def __init__(
        self, places: Places[Any], order: type[Order], turn: type[Turn | AsyncTurn]
    ) -> None:
        self.places = places
        self.order = order
        self._turn = turn
        self._lock = threading.Lock()

    def enter(self, order: Order) -> None:
        """Give an order a connection, or a turn to wait for one."""
        with self._lock:
            self.places.append(order)
            closing = self.places.assign()
            if order.connection is None:
                order.turn = self._turn(self.places.most, order.extensions, httpx.PoolTimeout)
        for connection in closing:
            connection.close()

    def leave(self, order: Order) -> None:
        """Take an order's connection back."""
        with self._lock:
            self.places.remove(order)
            closing = self.places.assign()
        for connection in closing:
            connection.close()

    def abandon(self) -> None:
        """Close the idle connections now, from wherever this is, the others when they are done."""
        with self._lock:
            closing = self.places.close()
        for connection in closing:
            connection.abandon()


def _key(order: Order) -> Any:  # noqa: ANN401 - attrs's Key
    return order.key


def _response(parser: ResponseParser, connection: FastConnection) -> httpx.Response:
    return httpx.Response(
        parser.status,
        headers=parser.headers,
        stream=httpx.ByteStream(parser.body),
        extensions={
            "http_version": parser.version,
            "reason_phrase": parser.reason,
            # For whoever finds out later that the answer belongs to another request.
            "discard": connection.close,
        },
    )


class _Fast(Homes[_Pool]):
    """What both have in common."""

    _told: frozenset[str] = frozenset()

    def _check(self) -> None:
        # Better missed here than in the first call.
        if importlib.util.find_spec("httptools") is None:
            raise ConfigError(f"{type(self).__name__} needs httptools: pip install 'ec2lite[fast]'")

    @functools.cached_property
    def _others(self) -> dict[str, Any]:
        return {}

    def _shut(self) -> None:
        self._routes.is_closed = True
        self._forget_orphans()
        for home in list(self._homes.values()):
            home.pool.abandon()

    def _pool_of(self, turn: type[Turn | AsyncTurn], dial: Callable[..., Any]) -> _Pool:
        from ec2lite.transports.fast_connection import FastConnection, Order

        def open_(key: Any) -> FastConnection:  # noqa: ANN401 - a Key
            return FastConnection(key, self._routes, dial)

        return _Pool(Places(_key, open_, self._max_connections, self._keepalive), Order, turn)

    def _exchange(
        self, pool: _Pool, request: httpx.Request, content: bytes
    ) -> Steps[httpx.Response]:
        """Send a request, and return its whole answer. Raises DetourNeeded."""
        if not is_genuine():
            raise DetourNeeded(_PATCHED)
        order = pool.order(request, content)
        try:
            pool.enter(order)
            if order.turn is not None:
                yield order.turn.wait, order.timeouts.get("pool")
            connection: FastConnection = order.connection
            return _response((yield from connection.exchange(order)), connection)
        finally:
            pool.leave(order)

    def _tell(self, why: str) -> None:
        if why not in self._told:
            self._told |= {why}
            name = type(self).__name__
            _LOGGER.info("%s hands requests over to the default transport: %s", name, why)

    def _default(self, kind: Callable[..., T]) -> T:
        """Return the transport for what this one must not send; made by the first who needs it."""
        if "default" not in self._others:
            made = kind(
                max_connections=self._max_connections,
                keepalive_expiry=self._keepalive,
                ca_bundle=self._routes.ca_bundle,
                environ=self._routes.environ,
            )
            # Two threads that do it agree on one.
            self._others.setdefault("default", made)
        return cast("T", self._others["default"])


class FastTransport(_Fast, httpx.BaseTransport):
    """Sends requests faster, blocking: ``Client(transport=ec2lite.FastTransport())``.

    One for many threads. ``max_connections`` bounds the connections over all origins,
    ``keepalive_expiry`` is for how many seconds an idle one is kept, ``ca_bundle`` a PEM file or
    directory of authorities to trust instead of the usual ones (AWS_CA_BUNDLE is not asked),
    ``environ`` where the proxies are read (default: ``os.environ``). An answer is read whole.
    Close it when its clients are done. Raises httpx's TransportErrors, and ConfigError for a bad
    proxy or bundle, once closed, and without httptools: ``pip install 'ec2lite[fast]'``.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its whole answer."""
        pool = self._home(None)
        try:
            return run(self._exchange(pool, request, request.read()))
        except DetourNeeded as detour:
            self._tell(str(detour))
        from ec2lite.transports.transport import Transport

        return self._default(Transport).handle_request(request)

    def _new_pool(self) -> _Pool:
        return self._pool_of(Turn, sockets.connect)

    def close(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._shut()
        for other in self._others.values():
            other.close()


class AsyncFastTransport(_Fast, httpx.AsyncBaseTransport):
    """Sends requests faster, awaiting: ``AsyncClient(transport=ec2lite.AsyncFastTransport())``.

    One for many tasks, on asyncio, uvloop and trio, in several event loops as well. Parameters and
    errors are those of ``FastTransport``; it is closed with ``aclose``.
    """

    # What AsyncWorld asks for: it sets no time limit of its own around this.
    keeps_deadlines: Final = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return its whole answer."""
        pool = self._home(loops.event_loop())
        try:
            return await arun(self._exchange(pool, request, await request.aread()))
        except DetourNeeded as detour:
            self._tell(str(detour))
        from ec2lite.transports.transport import AsyncTransport

        return await self._default(AsyncTransport).handle_async_request(request)

    def _new_pool(self) -> _Pool:
        return self._pool_of(AsyncTurn, loops.connect)

    async def aclose(self) -> None:
        """Close the idle connections now, the others when their requests end. Twice is fine."""
        self._shut()
        for other in self._others.values():
            await other.aclose()
