"""One connection: httpcore's, over a stream of ours, for one whole exchange at a time.

A request is answered by a whole answer or by an error; nothing of an answer is left to be read
later. It is sent once more, on a new connection, if the server had dropped the one that was used
before while it was idle, which is nobody's failure: not a byte came, and the request says that it
may be repeated. A connection is used again only if the last statement of an exchange was reached:
whatever interrupts one closes it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final, cast

import h11
import httpcore

from ec2lite.transports import private
from ec2lite.transports.backend import AsyncBackend, AsyncCoreStream, Backend, CoreStream
from ec2lite.transports.body import Body
from ec2lite.transports.routes import Key, Routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from ec2lite.transports.proxies import Proxy

# What a connection that the server dropped while it was idle ends in.
_DROPPED: Final = (httpcore.ReadError, httpcore.RemoteProtocolError, httpcore.WriteError)
_RAW: Final = (httpcore.ConnectionNotAvailable, h11.LocalProtocolError)
_OURS: Final = (CoreStream, AsyncCoreStream)


# Chunks of an answer after which other tasks have their turn.
_TURN: Final = 500


async def _let_others_run() -> None:
    import anyio.lowlevel

    await anyio.lowlevel.checkpoint()


def _extensions(message: Any) -> Mapping[str, Any]:  # noqa: ANN401 - half typed in httpcore
    extensions: Mapping[str, Any] = message.extensions
    return extensions


def key_of(request: httpcore.Request) -> Key:
    """Return where a request goes."""
    origin = request.url.origin
    return Key(origin.scheme, origin.host, origin.port, bool(_extensions(request).get("direct")))


def _for_httpcore(proxy: Proxy, routes: Routes) -> httpcore.Proxy:
    authorization = proxy.authorization
    return httpcore.Proxy(
        proxy.url,
        headers=[("Proxy-Authorization", authorization)] if authorization else None,
        ssl_context=routes.proxy_context(proxy),
    )


def _translated(error: Exception) -> Exception:
    """Return an error of httpcore's for one that it lets pass."""
    if isinstance(error, h11.LocalProtocolError):
        return httpcore.LocalProtocolError(str(error))
    # The pool would wait for another connection, and this one is all that it has for us.
    return httpcore.ReadError("the connection was closed")


def _forwards(key: Key, proxy: Proxy | None) -> bool:
    """Whether a proxy is handed the requests themselves, and opens no way to the origin."""
    return proxy is not None and key.scheme == b"http" and not proxy.scheme.startswith("socks")


class _Exchanges:
    """What a connection is, whichever colour it has."""

    # What Places asks for.
    key: Key
    is_clean: bool = False
    expires_at: float = 0.0

    _backend: Backend | AsyncBackend | None = None
    # httpcore's part; its classes have nothing in common but their methods.
    _core: Any = None
    _is_used = False

    def __init__(self, key: Key, routes: Routes) -> None:
        self.key = key
        self._routes = routes

    def _take(self) -> bool:
        """Return whether the connection was clean; it is not while an exchange is under way."""
        was_clean, self.is_clean = self.is_clean, False
        return was_clean

    def _begin(self, request: httpcore.Request) -> None:
        """Begin an exchange: a new deadline, and no byte of its answer yet."""
        backend = cast("Backend | AsyncBackend", self._backend)
        backend.deadline = _extensions(request).get("deadline")
        backend.received = 0
        backend.is_in_head = True

    def _body(self, request: httpcore.Request, answer: httpcore.Response) -> Body:
        """Return what takes the body, now that the head is here."""
        cast("Backend | AsyncBackend", self._backend).is_in_head = False
        return Body(_extensions(request).get("max_response_size"), answer.status)

    def _may_repeat(self, request: httpcore.Request) -> bool:
        """Whether a request that got lost may be sent again: as if there had been no connection."""
        backend = self._backend
        return (
            self._is_used
            and backend is not None
            and not backend.received
            and bool(_extensions(request).get("repeatable"))
        )

    def _finish(self, answer: httpcore.Response, content: bytes) -> httpcore.Response:
        """Return the whole answer, and note whether the connection may be used again."""
        backend = cast("Backend | AsyncBackend", self._backend)
        is_from_network = isinstance(_extensions(answer).get("network_stream"), _OURS)
        if is_from_network and self._is_used and not backend.received:
            raise httpcore.RemoteProtocolError("the server had answered before it was asked")
        self._is_used = True
        response = httpcore.Response(
            answer.status,
            headers=answer.headers,
            content=content,
            # For whoever finds out later that the answer belongs to another request.
            extensions={**_extensions(answer), "discard": self.close},
        )
        self.is_clean = self._core.is_idle() and not private.unread(self._core)
        return response

    def close(self) -> None:
        """Close it. Never waits; twice is fine."""
        self.is_clean = False
        if self._backend is not None:
            self._backend.close()

    def abandon(self) -> None:
        """Close it from wherever this is: its event loop may run elsewhere, or be gone."""
        if self._backend is not None and self._backend.stream is not None:
            self._backend.stream.abandon()

    def disown(self) -> None:
        """Close our copy of a socket that a parent process holds, or an event loop that is gone."""
        if self._backend is not None and self._backend.stream is not None:
            self._backend.stream.socket.close()

    def __del__(self) -> None:
        # Lost on the way, by a KeyboardInterrupt. At the interpreter's end anything may be gone.
        with contextlib.suppress(Exception):
            self.abandon()


class Connection(_Exchanges):
    """A blocking connection; it connects when it is first used."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its whole answer."""
        if not self._take() or self._core.has_expired():
            self._open()
        try:
            return self._exchange(request)
        except _DROPPED:
            if not self._may_repeat(request):
                raise
        self._open()
        return self._exchange(request)

    def _open(self) -> None:
        self.close()
        self._is_used = False
        key, routes = self.key, self._routes
        context, proxy = routes.origin_context(key), routes.proxy(key)
        origin = httpcore.Origin(key.scheme, key.host, key.port)
        if proxy is not None and _forwards(key, proxy):
            self._backend = Backend(None, None)
            pool = httpcore.ConnectionPool(
                proxy=_for_httpcore(proxy, routes), network_backend=self._backend
            )
            self._core = pool.create_connection(origin)
        else:
            self._backend = Backend(proxy, routes.proxy_context(proxy))
            self._core = httpcore.HTTPConnection(origin, context, network_backend=self._backend)

    def _exchange(self, request: httpcore.Request) -> httpcore.Response:
        self._begin(request)
        try:
            answer: httpcore.Response = self._core.handle_request(request)
        except _RAW as error:
            raise _translated(error) from error
        body = self._body(request, answer)
        for chunk in cast("Iterable[bytes]", answer.stream):
            body.add(chunk)
        answer.close()
        return self._finish(answer, body.whole())


class AsyncConnection(_Exchanges):
    """An awaited connection; it connects when it is first used."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its whole answer."""
        if not self._take() or self._core.has_expired():
            self._open()
        try:
            return await self._exchange(request)
        except _DROPPED:
            if not self._may_repeat(request):
                raise
        self._open()
        return await self._exchange(request)

    def _open(self) -> None:
        self.close()
        self._is_used = False
        key, routes = self.key, self._routes
        context, proxy = routes.origin_context(key), routes.proxy(key)
        origin = httpcore.Origin(key.scheme, key.host, key.port)
        if proxy is not None and _forwards(key, proxy):
            self._backend = AsyncBackend(None, None)
            pool = httpcore.AsyncConnectionPool(
                proxy=_for_httpcore(proxy, routes), network_backend=self._backend
            )
            self._core = pool.create_connection(origin)
        else:
            self._backend = AsyncBackend(proxy, routes.proxy_context(proxy))
            self._core = httpcore.AsyncHTTPConnection(
                origin, context, network_backend=self._backend
            )

    async def _exchange(self, request: httpcore.Request) -> httpcore.Response:
        self._begin(request)
        content = request.stream
        sent = _Sent(content)
        request.stream = sent
        try:
            answer: httpcore.Response = await self._core.handle_async_request(request)
        except BaseException as error:
            request.stream = content
            await sent.finish()
            if isinstance(error, _RAW):
                raise _translated(error) from error
            raise
        body = self._body(request, answer)
        chunks = aiter(cast("Any", answer.stream))
        count = 0
        try:
            async for chunk in chunks:
                body.add(chunk)
                count += 1
                if not count % _TURN:
                    # There may be a hundred thousand in what one read has brought.
                    await _let_others_run()
        except BaseException:
            await self._give_up(chunks)
            raise
        await answer.aclose()
        return self._finish(answer, body.whole())

    async def _give_up(self, chunks: AsyncIterator[bytes]) -> None:
        """Run httpcore's generators to their end: left in the middle they are a warning on trio.

        What they read from is closed, so that nothing here waits.
        """
        self.close()
        with contextlib.suppress(Exception):
            async for _ in chunks:
                pass


class _Sent:
    """A request's body, whose generator can be finished if it is left in the middle."""

    def __init__(self, content: Any) -> None:  # noqa: ANN401 - half typed in httpcore
        self._content = content
        self._parts: AsyncIterator[bytes] | None = None

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._parts = aiter(self._content)
        return self._parts

    async def finish(self) -> None:
        """Close the generator; nothing is awaited in it."""
        parts: Any = self._parts
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()
