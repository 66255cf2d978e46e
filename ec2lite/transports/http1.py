"""HTTP/1.1 on one connection without a proxy: h11 between a request and a stream.

httpcore's connections do the same, with locks, traces and maps of exceptions that one request at a
time on one connection has no use for: a sixth of a call's CPU. Proxies still go through them.
What counts is the same: informational answers are skipped, and only a connection on which both
sides have finished is used again (RFC 9112, section 9.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import h11
import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, Iterable, Iterator

    from ec2lite.transports.wire import AsyncBackend, AsyncStream, Backend, Stream

_PART: Final = 64 * 1024
_LONGEST_HEAD: Final = 100 * 1024

_GENUINE: Final = (
    httpcore.HTTPConnection.handle_request,
    httpcore.AsyncHTTPConnection.handle_async_request,
)


def is_watched() -> bool:
    """Whether somebody patched httpcore's connections, to see or fake requests, as respx does.

    Requests have to go through those then.
    """
    now = (
        httpcore.HTTPConnection.handle_request,
        httpcore.AsyncHTTPConnection.handle_async_request,
    )
    return now != _GENUINE


class _Talk:
    """What is said on a connection, without I/O."""

    def __init__(self, origin: httpcore.Origin, context: ssl.SSLContext | None) -> None:
        self._host = origin.host.decode("ascii")
        self._port = origin.port
        self._context = context
        # The name is httpcore's: route.py looks for it.
        self._h11_state = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._idle = False

    def is_idle(self) -> bool:
        """Whether the last exchange is over, and left room for another."""
        return self._idle

    def _begin(self, request: httpcore.Request) -> bytes:
        self._idle = False
        target = request.url.target
        return self._say(h11.Request, method=request.method, target=target, headers=request.headers)

    def _say(self, event: type[h11.Event], **fields: object) -> bytes:
        try:
            return self._h11_state.send(event(**fields)) or b""
        except h11.LocalProtocolError as error:
            raise httpcore.LocalProtocolError(str(error)) from error

    def _hear(self) -> object:
        try:
            return self._h11_state.next_event()
        except h11.RemoteProtocolError as error:
            raise httpcore.RemoteProtocolError(str(error)) from error

    def _take(self, data: bytes) -> None:
        if not data and self._h11_state.their_state is h11.SEND_RESPONSE:
            raise httpcore.RemoteProtocolError("the server disconnected without an answer")
        self._h11_state.receive_data(data)

    def end(self) -> None:
        """Make the connection idle, if both sides have finished."""
        if self._h11_state.our_state is h11.DONE and self._h11_state.their_state is h11.DONE:
            self._h11_state.start_next_cycle()
            self._idle = True


class _Reply:
    """An answer whose headers are there."""

    def __init__(self, head: h11.Response, network_stream: object, stream: object) -> None:
        self.status: int = head.status_code
        self.headers: list[tuple[bytes, bytes]] = head.headers.raw_items()
        self.stream: Any = stream
        self.extensions: dict[str, Any] = {
            "http_version": b"HTTP/" + head.http_version,
            "reason_phrase": head.reason,
            "network_stream": network_stream,
        }


def _timeout(request: Any, name: str) -> float | None:  # noqa: ANN401 - half typed in httpcore
    limit: float | None = request.extensions.get("timeout", {}).get(name)
    return limit


class Connection(_Talk):
    """One connection, blocking; opened by its first request."""

    def __init__(
        self, origin: httpcore.Origin, context: ssl.SSLContext | None, backend: Backend
    ) -> None:
        super().__init__(origin, context)
        self._backend = backend
        self._stream: Stream | None = None

    def handle_request(self, request: httpcore.Request) -> Reply:
        """Send a request and return the answer when its headers are there."""
        stream = self._stream or self._open(_timeout(request, "connect"))
        limit = _timeout(request, "write")
        stream.write(self._begin(request), limit)
        for part in cast("Iterable[bytes]", request.stream):
            stream.write(self._say(h11.Data, data=part), limit)
        stream.write(self._say(h11.EndOfMessage), limit)
        limit = _timeout(request, "read")
        event = self._next(stream, limit)
        while not isinstance(event, h11.Response):
            event = self._next(stream, limit)
        return Reply(event, self, stream, self._body(stream, limit))

    def _open(self, limit: float | None) -> Stream:
        stream = self._backend.connect_tcp(self._host, self._port, limit)
        if self._context is not None:
            stream = stream.start_tls(self._context, self._host, limit)
        self._stream = stream
        return stream

    def has_expired(self) -> bool:
        """Whether it is of no more use: the server has closed it, or somebody is watching."""
        stream = self._stream
        return stream is None or bool(stream.get_extra_info("is_readable")) or is_watched()

    def _next(self, stream: Stream, limit: float | None) -> object:
        while (event := self._hear()) is h11.NEED_DATA:
            self._take(stream.read(_PART, limit))
        return event

    def _body(self, stream: Stream, limit: float | None) -> Iterator[bytes]:
        while isinstance(event := self._next(stream, limit), h11.Data):
            yield bytes(event.data)


class Reply(_Reply):
    """An answer, blocking."""

    def __init__(
        self,
        head: h11.Response,
        connection: Connection,
        network_stream: Stream,
        stream: Iterator[bytes],
    ) -> None:
        super().__init__(head, network_stream, stream)
        self._connection = connection

    def close(self) -> None:
        """Make the connection ready for another request, if the answer was read to its end."""
        self._connection.end()


class AsyncConnection(_Talk):
    """One connection, awaiting; opened by its first request."""

    def __init__(
        self, origin: httpcore.Origin, context: ssl.SSLContext | None, backend: AsyncBackend
    ) -> None:
        super().__init__(origin, context)
        self._backend = backend
        self._stream: AsyncStream | None = None

    async def handle_async_request(self, request: httpcore.Request) -> AsyncReply:
        """Send a request and return the answer when its headers are there."""
        stream = self._stream or await self._open(_timeout(request, "connect"))
        limit = _timeout(request, "write")
        await stream.write(self._begin(request), limit)
        async for part in cast("AsyncIterable[bytes]", request.stream):
            await stream.write(self._say(h11.Data, data=part), limit)
        await stream.write(self._say(h11.EndOfMessage), limit)
        limit = _timeout(request, "read")
        event = await self.next(limit)
        while not isinstance(event, h11.Response):
            event = await self.next(limit)
        return AsyncReply(event, self, stream, limit)

    async def _open(self, limit: float | None) -> AsyncStream:
        stream = await self._backend.connect_tcp(self._host, self._port, limit)
        if self._context is not None:
            stream = await stream.start_tls(self._context, self._host, limit)
        self._stream = stream
        return stream

    def has_expired(self) -> bool:
        """Whether it is of no more use: the server has closed it, or somebody is watching."""
        stream = self._stream
        return stream is None or bool(stream.get_extra_info("is_readable")) or is_watched()

    async def next(self, limit: float | None) -> object:
        """Return the next thing that the server says, once it is there as a whole."""
        stream = cast("AsyncStream", self._stream)
        while (event := self._hear()) is h11.NEED_DATA:
            self._take(await stream.read(_PART, limit))
        return event


class AsyncReply(_Reply):
    """An answer, awaiting; its body's own iterator, which nobody has to finish."""

    def __init__(
        self,
        head: h11.Response,
        connection: AsyncConnection,
        network_stream: AsyncStream,
        limit: float | None,
    ) -> None:
        super().__init__(head, network_stream, self)
        self._connection = connection
        self._limit = limit
        self._is_over = False

    def __aiter__(self) -> AsyncReply:
        return self

    async def __anext__(self) -> bytes:
        if not self._is_over:
            event = await self._connection.next(self._limit)
            if isinstance(event, h11.Data):
                return bytes(event.data)
            self._is_over = True
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Make the connection ready for another request, if the answer was read to its end."""
        self._is_over = True
        self._connection.end()
