"""The bytes of one connection: httpcore's network streams, with a deadline and a count.

httpcore's timeouts are for each read, write and connect, so a server that sends a byte a second
holds a request for ever. Here a ``Wire`` knows when the request must be over, and every step gets
the lesser of its own timeout and the time that is left.

Written bytes are kept until something is to be read: head and body of a request then leave in one
packet and one system call, not in two.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

# TCP_NODELAY: a request must not wait for the acknowledgement of the one before. SO_KEEPALIVE: a
# peer that is gone without a word shows in the end, even where no timeout was asked for.
OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)
_TOO_LATE: Final = "the time limit of the whole request is over"
# A write that is taken in parts may last its timeout for each part, so the parts are made small:
# a TLS record, which the kernel takes whole.
_PART: Final = 16 * 1024
# More than this is not kept back, for then it is no longer about a packet.
_KEPT: Final = 64 * 1024

_SYNC: Final = httpcore.SyncBackend()
# httpcore has a stand-in of the same name for where anyio is missing, which confuses pyright.
_ASYNC: Final = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())


class Wire:
    """What is known of one connection's bytes, whichever streams they pass.

    ``deadline`` is a ``time.monotonic()`` value or None; ``received`` counts bytes, and is set to
    zero by whoever begins a request; ``stream`` is the outermost stream that was opened.
    """

    __slots__ = ("deadline", "received", "stream")

    def __init__(self) -> None:
        self.deadline: float | None = None
        self.received: int = 0
        self.stream: Stream | AsyncStream | None = None

    def limit(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """Return the seconds that the next step may last; raise ``late`` if there are none."""
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if timeout is None or left < timeout:
                timeout = left
        if timeout is not None and timeout <= 0:
            raise late(_TOO_LATE)
        return timeout

    def close(self) -> None:
        """Close the socket, whatever httpcore knows of it: a handshake may have been cut off."""
        if isinstance(self.stream, Stream):
            self.stream.close()

    async def aclose(self) -> None:
        """Close the socket, as ``close`` does."""
        if isinstance(self.stream, AsyncStream):
            await self.stream.aclose()

    def disown(self) -> None:
        """Drop a connection that another process or event loop holds, without a word on it.

        Its descriptor is made to lead nowhere rather than closed: the objects that hold its number
        belong to an event loop that is gone, and will close that number once more.
        """
        if self.stream is None:
            return
        number = self.stream.get_extra_info("socket").fileno()
        if number >= 0:
            nowhere = os.open(os.devnull, os.O_RDWR)
            try:
                os.dup2(nowhere, number, inheritable=False)
            finally:
                os.close(nowhere)


class Stream(httpcore.NetworkStream):
    """A stream of httpcore's with the wire's limits."""

    def __init__(self, inner: httpcore.NetworkStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire
        self._kept = b""
        self._timeout: float | None = None
        wire.stream = self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        wire = self._wire
        if self._kept:
            self._flush()
        data = self._inner.read(max_bytes, wire.limit(timeout, httpcore.ReadTimeout))
        wire.received += len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        self._kept += buffer
        self._timeout = timeout
        if len(self._kept) > _KEPT:
            self._flush()

    def _flush(self) -> None:
        kept, self._kept = self._kept, b""
        # As httpcore does: a server may refuse early, and its answer is there to be read.
        with contextlib.suppress(httpcore.WriteError):
            for start in range(0, len(kept), _PART):
                limit = self._wire.limit(self._timeout, httpcore.WriteTimeout)
                self._inner.write(kept[start : start + _PART], limit)

    def close(self) -> None:
        """Close the socket."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Stream:
        """Return a stream that is encrypted."""
        limit = self._wire.limit(timeout, httpcore.ConnectTimeout)
        return Stream(self._inner.start_tls(ssl_context, server_hostname, limit), self._wire)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Opens the streams of one wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Stream:
        """Connect to the first address that answers. ``timeout`` is for each of them."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            limit = self._wire.limit(timeout, httpcore.ConnectTimeout)
            try:
                inner = _SYNC.connect_tcp(address, port, limit, local_address, OPTIONS)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return Stream(inner, self._wire)
        raise failure


def _addresses(host: str, port: int) -> list[str]:
    # Resolved here, for create_connection would give each address the whole time limit. The
    # resolver has limits of its own (resolv.conf), and cannot be interrupted.
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # UnicodeError: a label that is empty or longer than DNS allows.
        raise httpcore.ConnectError(f"{host}: {error}") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class AsyncStream(httpcore.AsyncNetworkStream):
    """A stream of httpcore's with the wire's limits, as ``Stream``."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, wire: Wire) -> None:
        self._inner = inner
        self._wire = wire
        self._kept = b""
        self._timeout: float | None = None
        wire.stream = self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        wire = self._wire
        if self._kept:
            await self._flush()
        data = await self._inner.read(max_bytes, wire.limit(timeout, httpcore.ReadTimeout))
        wire.received += len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        self._kept += buffer
        self._timeout = timeout
        if len(self._kept) > _KEPT:
            await self._flush()

    async def _flush(self) -> None:
        # In one part: here the limit is a cancel scope around the whole.
        kept, self._kept = self._kept, b""
        limit = self._wire.limit(self._timeout, httpcore.WriteTimeout)
        with contextlib.suppress(httpcore.WriteError):
            await self._inner.write(kept, limit)

    async def aclose(self) -> None:
        """Close the socket."""
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncStream:
        """Return a stream that is encrypted."""
        limit = self._wire.limit(timeout, httpcore.ConnectTimeout)
        inner = await self._inner.start_tls(ssl_context, server_hostname, limit)
        return AsyncStream(inner, self._wire)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        return self._inner.get_extra_info(info)


class AsyncBackend(httpcore.AsyncNetworkBackend):
    """Opens the streams of one wire, on asyncio and on trio."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncStream:
        """Connect to the first address that answers; ``timeout`` is for all of them."""
        limit = self._wire.limit(timeout, httpcore.ConnectTimeout)
        # asyncio is on the way only for those who use it: its import takes 20 ms.
        from ec2lite.transports import aio

        if aio.is_running():
            inner: httpcore.AsyncNetworkStream = await aio.connect(host, port, limit)
        else:
            inner = await _ASYNC.connect_tcp(host, port, limit, local_address)
        stream = AsyncStream(inner, self._wire)
        for option in OPTIONS:
            stream.get_extra_info("socket").setsockopt(*option)
        return stream
