"""httpcore's network backends over our streams, with one deadline for all that a request needs.

httpcore's public way to bring one's own network. Each connection has a backend of its own, which
knows until when the present request must be over, and how much of its answer has come. Proxies are
told here where to go, so that httpcore's connection is the same with and without one.

Written bytes are kept until something is to be read: head and body of a request then leave in one
packet and one system call, not in two.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpcore

from ec2lite.transports import async_stream, stream
from ec2lite.transports.deadline import LATE, end_of
from ec2lite.transports.handshakes import Handshake, handshake

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    from ec2lite.transports.async_stream import AsyncStream
    from ec2lite.transports.proxies import Proxy
    from ec2lite.transports.stream import Stream

# Bytes, as the fast transports have it, interim answers included.
_LONGEST_HEAD: Final = 100 * 1024
# More than this is not kept back, for then it is no longer about a packet.
_KEPT: Final = 64 * 1024


class _Line:
    """What is known of one connection, whichever colour it has.

    ``deadline`` is a moment or None; ``received`` counts the bytes of the answer, and is set to
    zero by whoever begins a request; ``is_in_head`` says that the answer's head is still to come.
    ``proxy`` is on the way to every origin, ``context`` is for TLS with a proxy.
    """

    def __init__(self, proxy: Proxy | None, context: ssl.SSLContext | None) -> None:
        self.deadline: float | None = None
        self.received: int = 0
        self.is_in_head: bool = False
        self._proxy = proxy
        self._context = context

    def _way(self, host: str, port: int) -> tuple[str, int, Handshake | None]:
        """Return whom to connect to, and what to say then."""
        if self._proxy is None:
            return host, port, None
        return self._proxy.host, self._proxy.port, handshake(self._proxy, host, port)

    def check_head(self) -> None:
        """Refuse interim answers without end: each takes little time, and h11 limits only one."""
        if self.is_in_head and self.received > _LONGEST_HEAD:
            raise httpcore.RemoteProtocolError(
                f"the head of the answer has more than {_LONGEST_HEAD} bytes"
            )

    def _who(self, host: str) -> str:
        return host if self._proxy is None else f"the proxy {self._proxy.url}"


class Backend(_Line, httpcore.NetworkBackend):
    """Opens the stream of one blocking connection."""

    stream: Stream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> CoreStream:
        """Connect, through the proxy if there is one."""
        peer, peer_port, steps = self._way(host, port)
        try:
            end = end_of(timeout, self.deadline)
            self.stream = stream.connect(peer, peer_port, end)
            if self._context is not None:
                self.stream = stream.start_tls(self.stream, self._context, peer, end)
            if steps is not None:
                _say(steps, self.stream, end)
        except (OSError, ValueError) as error:
            _not_connected(error, self._who(host))
        return CoreStream(self)

    def close(self) -> None:
        """Close the connection. Twice is fine."""
        if self.stream is not None:
            self.stream.close()


class AsyncBackend(_Line, httpcore.AsyncNetworkBackend):
    """Opens the stream of one awaited connection, on asyncio and on trio."""

    stream: AsyncStream | None = None

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncCoreStream:
        """Connect, through the proxy if there is one."""
        peer, peer_port, steps = self._way(host, port)
        try:
            end = end_of(timeout, self.deadline)
            self.stream = await async_stream.connect(peer, peer_port, end)
            if self._context is not None:
                self.stream = await async_stream.start_tls(self.stream, self._context, peer, end)
            if steps is not None:
                await _asay(steps, self.stream, end)
        except (OSError, ValueError) as error:
            _not_connected(error, self._who(host))
        return AsyncCoreStream(self)

    def close(self) -> None:
        """Close the connection, from within its event loop. Twice is fine."""
        if self.stream is not None:
            self.stream.close()


def _not_connected(error: Exception, who: str) -> NoReturn:
    if isinstance(error, TimeoutError) and not isinstance(error, httpcore.TimeoutException):
        reason = str(error) or "it did not answer in time"
        raise httpcore.ConnectTimeout(f"{who}: {reason}") from error
    raise httpcore.ConnectError(f"{who}: {error}") from error


def _say(steps: Handshake, peer: Stream, end: float | None) -> None:
    wanted = next(steps)
    with contextlib.suppress(StopIteration):
        while True:
            if isinstance(wanted, bytes):
                peer.send(wanted, end)
                wanted = next(steps)
            else:
                wanted = steps.send(_exactly(wanted, peer, end))


def _exactly(size: int, peer: Stream, end: float | None) -> bytes:
    data = b""
    while len(data) < size:
        more = peer.receive(size - len(data), end)
        if not more:
            raise httpcore.ProxyError("the proxy closed the connection")
        data += more
    return data


async def _asay(steps: Handshake, peer: AsyncStream, end: float | None) -> None:
    wanted = next(steps)
    with contextlib.suppress(StopIteration):
        while True:
            if isinstance(wanted, bytes):
                await peer.send(wanted, end)
                wanted = next(steps)
            else:
                wanted = steps.send(await _aexactly(wanted, peer, end))


async def _aexactly(size: int, peer: AsyncStream, end: float | None) -> bytes:
    data = b""
    while len(data) < size:
        more = await peer.receive(size - len(data), end)
        if not more:
            raise httpcore.ProxyError("the proxy closed the connection")
        data += more
    return data


def _late(line: _Line, timeout: float | None) -> str:
    """Return why a step took too long."""
    if timeout is None or (line.deadline is not None and time.monotonic() >= line.deadline):
        return LATE
    return f"the server was silent for {timeout:g} s"


class CoreStream(httpcore.NetworkStream):
    """What httpcore reads from and writes to."""

    def __init__(self, line: Backend) -> None:
        self._line = line
        self._kept = b""
        self._timeout: float | None = None

    @property
    def _stream(self) -> Stream:
        assert self._line.stream is not None  # noqa: S101 - for the type checkers: it is connected
        return self._line.stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        if self._kept:
            self._flush()
        line = self._line
        line.check_head()
        try:
            data = self._stream.receive(max_bytes, end_of(timeout, line.deadline))
        except TimeoutError as error:
            raise httpcore.ReadTimeout(_late(line, timeout)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        line.received += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        self._kept += buffer
        self._timeout = timeout
        if len(self._kept) > _KEPT:
            self._flush()

    def _flush(self) -> None:
        kept, self._kept = self._kept, b""
        try:
            self._stream.send(kept, end_of(self._timeout, self._line.deadline))
        except TimeoutError as error:
            raise httpcore.WriteTimeout(_late(self._line, self._timeout)) from error
        except OSError:
            # As httpcore does: a server may refuse early, and its answer is there to be read.
            return

    def close(self) -> None:
        """Close the socket."""
        self._line.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> CoreStream:
        """Encrypt from here on."""
        line, host = self._line, server_hostname or ""
        try:
            end = end_of(timeout, line.deadline)
            line.stream = stream.start_tls(self._stream, ssl_context, host, end)
        except (OSError, ValueError) as error:
            _not_connected(error, f"TLS with {host}")
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        return _told(self._stream, info)


class AsyncCoreStream(httpcore.AsyncNetworkStream):
    """What httpcore reads from and writes to, awaiting."""

    def __init__(self, line: AsyncBackend) -> None:
        self._line = line
        self._kept = b""
        self._timeout: float | None = None

    @property
    def _stream(self) -> AsyncStream:
        assert self._line.stream is not None  # noqa: S101 - for the type checkers: it is connected
        return self._line.stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        if self._kept:
            await self._flush()
        line = self._line
        line.check_head()
        try:
            data = await self._stream.receive(max_bytes, end_of(timeout, line.deadline))
        except TimeoutError as error:
            raise httpcore.ReadTimeout(_late(line, timeout)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        line.received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        self._kept += buffer
        self._timeout = timeout
        if len(self._kept) > _KEPT:
            await self._flush()

    async def _flush(self) -> None:
        kept, self._kept = self._kept, b""
        try:
            await self._stream.send(kept, end_of(self._timeout, self._line.deadline))
        except TimeoutError as error:
            raise httpcore.WriteTimeout(_late(self._line, self._timeout)) from error
        except OSError:
            return

    async def aclose(self) -> None:
        """Close the socket. Nothing is awaited, so that no cancellation can interrupt it."""
        self._line.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncCoreStream:
        """Encrypt from here on."""
        line, host = self._line, server_hostname or ""
        try:
            end = end_of(timeout, line.deadline)
            line.stream = await async_stream.start_tls(self._stream, ssl_context, host, end)
        except (OSError, ValueError) as error:
            _not_connected(error, f"TLS with {host}")
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        return _told(self._stream, info)


def _told(inner: Stream | AsyncStream, info: str) -> Any:
    if info == "is_readable":
        return inner.poll() is not None
    return {"socket": inner.socket, "ssl_object": inner.ssl_object}.get(info)
