"""One connection: httpcore's, over a line of ours, for one whole exchange at a time.

A request is answered by a whole answer or by an error; nothing of an answer is left to be read
later. It is sent once more, on a new connection, if the server had dropped the one that was used
before while it was idle, which is nobody's failure: not a byte came, and the request says that it
may be repeated.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final, cast

import h11
import httpcore

from ec2lite.transports import private
from ec2lite.transports.backend import AsyncLine, Line
from ec2lite.transports.body import Body
from ec2lite.transports.exchanges import Exchanges
from ec2lite.transports.routes import Key, Routes
from ec2lite.transports.steps import arun, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from ec2lite.transports.proxies import Proxy
    from ec2lite.transports.steps import Steps
    from ec2lite.transports.stream import Carrier

# What a connection that the server dropped while it was idle ends in.
_DROPPED: Final = (httpcore.ReadError, httpcore.RemoteProtocolError, httpcore.WriteError)
_RAW: Final = (httpcore.ConnectionNotAvailable, h11.LocalProtocolError)
_OURS: Final = (Line, AsyncLine)

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


class _Connection(Exchanges):
    """What a connection is, whichever colour it has; it connects when it is first used."""

    # Of httpcore's names those of this colour, and its network.
    _prefix = ""
    _network: type[Line | AsyncLine] = Line

    _line: Line | AsyncLine | None = None
    # httpcore's part; its classes have nothing in common but their methods.
    _core: Any = None
    _is_used = False

    def _carrier(self) -> Carrier | None:
        line = self._line
        return None if line is None or line.stream is None else line.stream.carrier

    def _handle(
        self, request: httpcore.Request, exchange: Callable[..., Any]
    ) -> Steps[httpcore.Response]:
        """Send a request by ``exchange``, once or twice; return its whole answer."""
        if not self._take() or self._core.has_expired():
            self._open()
        answer: httpcore.Response
        try:
            answer = yield exchange, request
        except _DROPPED:
            if not self._may_repeat(request):
                raise
        else:
            return answer
        self._open()
        answer = yield exchange, request
        return answer

    def _open(self) -> None:
        self.close()
        self._is_used = False
        key, routes, of_httpcore = self.key, self._routes, self._of_httpcore
        context, proxy = routes.origin_context(key), routes.proxy(key)
        origin = httpcore.Origin(key.scheme, key.host, key.port)
        if proxy is not None and _forwards(key, proxy):
            self._line = line = self._network(None, None)
            pool = of_httpcore("ConnectionPool")(
                proxy=_for_httpcore(proxy, routes), network_backend=line
            )
            self._core = pool.create_connection(origin)
        else:
            self._line = line = self._network(proxy, routes.proxy_context(proxy))
            self._core = of_httpcore("HTTPConnection")(origin, context, network_backend=line)

    def _of_httpcore(self, name: str) -> Any:  # noqa: ANN401 - a class of either colour
        # Looked up each time: somebody may have put another class in its place.
        return getattr(httpcore, self._prefix + name)

    def _begin(self, request: httpcore.Request) -> None:
        """Begin an exchange: a new deadline, and no byte of its answer yet."""
        line = cast("Line | AsyncLine", self._line)
        line.deadline = _extensions(request).get("deadline")
        line.received = 0
        line.is_in_head = True

    def _body(self, request: httpcore.Request, answer: httpcore.Response) -> Body:
        """Return what takes the body, now that the head is here."""
        cast("Line | AsyncLine", self._line).is_in_head = False
        return Body(_extensions(request).get("max_response_size"), answer.status)

    def _may_repeat(self, request: httpcore.Request) -> bool:
        """Whether a request that got lost may be sent again: as if there had been no connection."""
        line = self._line
        return (
            self._is_used
            and line is not None
            and not line.received
            and bool(_extensions(request).get("repeatable"))
        )

    def _finish(self, answer: httpcore.Response, content: bytes) -> httpcore.Response:
        """Return the whole answer, and note whether the connection may be used again."""
        line = cast("Line | AsyncLine", self._line)
        is_from_network = isinstance(_extensions(answer).get("network_stream"), _OURS)
        if is_from_network and self._is_used and not line.received:
            raise httpcore.RemoteProtocolError("the server had answered before it was asked")
        self._is_used = True
        response = httpcore.Response(
            answer.status,
            headers=answer.headers,
            content=content,
            # For whoever finds out later that the answer belongs to another request.
            extensions={**_extensions(answer), "discard": self.close},
        )
        self.is_clean: bool = self._core.is_idle() and not private.unread(self._core)
        return response


class Connection(_Connection):
    """A blocking connection."""

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its whole answer."""
        return run(self._handle(request, self._exchange))

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


class AsyncConnection(_Connection):
    """An awaited connection."""

    _prefix = "Async"
    _network = AsyncLine

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and return its whole answer."""
        return await arun(self._handle(request, self._exchange))

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
