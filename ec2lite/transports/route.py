"""From an httpx request to an httpcore connection, for both colours of transport."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import httpcore
import httpx
from attrs import define, frozen

from ec2lite.errors import ConfigError
from ec2lite.transports.http1 import AsyncConnection, Connection, is_watched
from ec2lite.transports.proxies import Proxy, proxy_for
from ec2lite.transports.tls import ssl_context
from ec2lite.transports.wire import AsyncBackend, Backend, Wire

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, Iterable, Iterator, Mapping

# Same names, same meanings: https://www.python-httpx.org/exceptions/
ERRORS: Final[dict[type[Exception], type[httpx.RequestError]]] = {
    getattr(httpcore, name): getattr(httpx, name)
    for name in (
        "ConnectError",
        "ConnectTimeout",
        "LocalProtocolError",
        "PoolTimeout",
        "ProxyError",
        "ReadError",
        "ReadTimeout",
        "RemoteProtocolError",
        "UnsupportedProtocol",
        "WriteError",
        "WriteTimeout",
    )
}
CAUGHT: Final = tuple(ERRORS)
# What a connection that the server dropped while it was idle ends in.
DROPPED: Final = (httpcore.ReadError, httpcore.RemoteProtocolError, httpcore.WriteError)
# URLs kept; an endpoint needs one or two. The rest is for whoever sends many paths.
_TARGETS: Final = 256


class Reply(Protocol):
    """httpcore's response, as far as we use it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    stream: Any
    extensions: dict[str, Any]

    def close(self) -> None:
        """Release it, when sync."""
        ...

    async def aclose(self) -> None:
        """Release it, when async."""
        ...


@frozen
class Target:
    """Where a URL leads: ``key`` is the same for all that one connection can serve."""

    url: httpcore.URL
    key: tuple[bytes, bytes, int | None, bool]
    proxy: Proxy | None


@define
class Order:
    """One request, ready to be sent. Not frozen, for that would cost a microsecond each."""

    request: httpcore.Request
    target: Target
    timeout: float | None
    deadline: float | None
    is_repeatable: bool

    def patience(self) -> float | None:
        """Seconds to wait for a free connection; None is for ever."""
        timeout = self.timeout
        if self.deadline is None:
            return timeout
        left = self.deadline - time.monotonic()
        return left if timeout is None else min(timeout, left)


@define(eq=False)
class Line:
    """A connection to one origin: httpcore's part, the wire below it, and its past."""

    core: Any
    wire: Wire
    key: Hashable
    is_used: bool = False

    def ready(self, order: Order) -> None:
        """Begin a request: a new deadline, and no byte of its answer yet."""
        self.wire.deadline = order.deadline
        self.wire.received = 0

    def check(self) -> None:
        """Refuse an answer of which no byte came since the request was sent."""
        if self.is_used and not self.wire.received:
            raise httpcore.RemoteProtocolError("the server had answered before it was asked")

    def is_clean(self) -> bool:
        """Whether it is idle, and nothing came after the answer that the next one would be."""
        return self.core.is_idle() and not _unread(self.core)

    def was_dropped(self) -> bool:
        """Whether the connection had been used before, and brought nothing this time."""
        return self.is_used and not self.wire.received


def _unread(core: Any) -> bytes:  # noqa: ANN401 - httpcore has four classes of connections
    """Return what h11 holds beyond the answer. Nobody tells, so it is looked for in its home."""
    while (below := getattr(core, "_connection", None)) is not None:
        core = below
    state = getattr(core, "_h11_state", None)
    return b"" if state is None else state.trailing_data[0]


class Router:
    """Turns requests into orders and targets into connections, as a transport was told to."""

    def __init__(self, ca_bundle: str | None, environ: Mapping[str, str] | None) -> None:
        self._ca_bundle = ca_bundle
        self._environ = os.environ if environ is None else environ
        self._targets: dict[tuple[bytes, bytes, int | None, bytes, bool], Target] = {}

    def order(self, request: httpx.Request) -> Order:
        """Translate a request. Raises httpx.UnsupportedProtocol, and ConfigError for a proxy."""
        extensions = request.extensions
        url = request.url
        is_direct = bool(extensions.get("direct"))
        key = (url.raw_scheme, url.raw_host, url.port, url.raw_path, is_direct)
        target = self._targets.get(key) or self._new_target(key, request)
        # Set afterwards, for the constructor would look at every byte of every header, as httpx has
        # done already.
        core = httpcore.Request(request.method, target.url, extensions=extensions)
        core.stream = _content(request)
        core.headers = request.headers.raw
        return Order(
            core,
            target,
            extensions.get("timeout", {}).get("pool"),
            extensions.get("deadline"),
            bool(extensions.get("repeatable")),
        )

    def _new_target(
        self, key: tuple[bytes, bytes, int | None, bytes, bool], request: httpx.Request
    ) -> Target:
        scheme, host, port, path, is_direct = key
        if scheme not in {b"http", b"https"}:
            text = scheme.decode("ascii")
            raise httpx.UnsupportedProtocol(f"{text!r} is neither http nor https", request=request)
        proxy = None if is_direct else proxy_for(str(request.url), self._environ)
        url = httpcore.URL(scheme=scheme, host=host, port=port, target=path)
        if len(self._targets) >= _TARGETS:
            self._targets.clear()
        target = self._targets[key] = Target(url, (scheme, host, port, is_direct), proxy)
        return target

    def open(self, target: Target) -> Line:
        """Return a line that will connect when it is first used."""
        wire = Wire()
        backend = Backend(wire)
        origin, context = target.url.origin, self._context(target.url.scheme)
        core: Any
        if target.proxy is None and not is_watched():
            core = Connection(origin, context, backend)
        elif target.proxy is None:
            core = httpcore.HTTPConnection(origin, context, network_backend=backend)
        else:
            core = httpcore.ConnectionPool(
                proxy=self._proxy(target.proxy), ssl_context=context, network_backend=backend
            ).create_connection(origin)
        return Line(core, wire, target.key)

    def aopen(self, target: Target) -> Line:
        """Return a line for async requests that will connect when it is first used."""
        wire = Wire()
        backend = AsyncBackend(wire)
        origin, context = target.url.origin, self._context(target.url.scheme)
        core: Any
        if target.proxy is None and not is_watched():
            core = AsyncConnection(origin, context, backend)
        elif target.proxy is None:
            core = httpcore.AsyncHTTPConnection(origin, context, network_backend=backend)
        else:
            core = httpcore.AsyncConnectionPool(
                proxy=self._proxy(target.proxy), ssl_context=context, network_backend=backend
            ).create_connection(origin)
        return Line(core, wire, target.key)

    def _context(self, scheme: bytes) -> ssl.SSLContext | None:
        return ssl_context(self._ca_bundle) if scheme == b"https" else None

    def _proxy(self, proxy: Proxy) -> httpcore.Proxy:
        if proxy.scheme.startswith("socks"):
            _need_socksio()
        context = self._context(proxy.scheme.encode())
        return httpcore.Proxy(proxy.url, proxy.auth and _encoded(proxy.auth), ssl_context=context)


class _Content:
    """A body in one part. Not a generator: one that is left in the middle is a warning on trio."""

    def __init__(self, part: bytes) -> None:
        self._parts = [part]
        self._left = 1

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._parts)

    def __aiter__(self) -> _Content:
        # A request that is sent again is read again.
        self._left = 1
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        self._left = 0
        return self._parts[0]


def _content(request: httpx.Request) -> Iterable[bytes] | AsyncIterable[bytes]:
    try:
        return _Content(request.content)
    except httpx.RequestNotRead:
        return cast("Iterable[bytes]", request.stream)


def _encoded(auth: tuple[str, str]) -> tuple[bytes, bytes]:
    # httpcore takes ASCII or bytes; RFC 7617 names UTF-8 as the charset to prefer.
    return auth[0].encode(), auth[1].encode()


def _need_socksio() -> None:
    # httpcore imports it, and its own error would not say what to do.
    if importlib.util.find_spec("socksio") is None:
        raise ConfigError("a SOCKS proxy needs another package: pip install httpx[socks]")


def translated(error: Exception, request: httpx.Request | None) -> httpx.RequestError:
    """Return httpx's error of the same name, with a message in any case."""
    return ERRORS[type(error)](_message(error), request=request)


def _message(error: BaseException) -> str:
    """Return the first text among an error and its causes; timeouts of anyio's have none."""
    link: BaseException | None = error
    while link is not None:
        if text := str(link):
            return text
        link = link.__cause__
    return type(error).__name__
