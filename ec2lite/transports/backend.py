"""httpcore's network backends over our streams, with one deadline for all that a request needs.

httpcore's public way to bring one's own network. Each connection has a backend of its own, which
knows until when the present request must be over, and how much of its answer has come; it is also
the stream that httpcore gets from it. Proxies are told here where to go, so that httpcore's
connection is the same with and without one.

Written bytes are kept until something is to be read: head and body of a request then leave in one
packet and one system call, not in two.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final, NoReturn

import httpcore

from ec2lite.transports import loops, sockets
from ec2lite.transports.deadline import LATE, end_of
from ec2lite.transports.handshakes import Handshake, handshake
from ec2lite.transports.steps import arun, run
from ec2lite.transports.stream import Stream, start_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from ec2lite.transports.proxies import Proxy
    from ec2lite.transports.steps import Steps

# Bytes, as the fast transports have it, interim answers included.
_LONGEST_HEAD: Final = 100 * 1024
# More than this is not kept back, for then it is no longer about a packet.
_KEPT: Final = 64 * 1024


class _Line:
    """What is known of one connection, and what is done with it, whichever colour it has.

    ``deadline`` is a moment or None; ``received`` counts the bytes of the answer, and is set to
    zero by whoever begins a request; ``is_in_head`` says that the answer's head is still to come.
    ``proxy`` is on the way to every origin, ``context`` is for TLS with a proxy.
    """

    _dial: Callable[..., Any]

    def __init__(self, proxy: Proxy | None, context: ssl.SSLContext | None) -> None:
        self.deadline: float | None = None
        self.received: int = 0
        self.is_in_head: bool = False
        self.stream: Stream | None = None
        self._proxy = proxy
        self._context = context
        self._kept = b""
        self._write_timeout: float | None = None

    def _connect(self, host: str, port: int, timeout: float | None) -> Steps[None]:
        """Connect, through the proxy if there is one."""
        proxy, context = self._proxy, self._context
        who = host if proxy is None else f"the proxy {proxy.url}"
        peer = (host, port) if proxy is None else (proxy.host, proxy.port)
        try:
            end = end_of(timeout, self.deadline)
            self.stream = Stream((yield self._dial, *peer, end))
            if context is not None:
                self.stream = yield from start_tls(self.stream, context, peer[0], end)
            if proxy is not None:
                yield from _say(handshake(proxy, host, port), self.stream, end)
        except (OSError, ValueError) as error:
            _not_connected(error, who)

    def _encrypt(
        self, context: ssl.SSLContext, host: str | None, timeout: float | None
    ) -> Steps[None]:
        try:
            end = end_of(timeout, self.deadline)
            self.stream = yield from start_tls(self._connected(), context, host or "", end)
        except (OSError, ValueError) as error:
            _not_connected(error, f"TLS with {host}")

    def _connected(self) -> Stream:
        assert self.stream is not None  # noqa: S101 - for the type checkers
        return self.stream

    def _read(self, max_bytes: int, timeout: float | None) -> Steps[bytes]:
        """Send what was kept back, then read."""
        if self._kept:
            yield from self._flush()
        # Interim answers without end: each takes little time, and h11 limits only one.
        if self.is_in_head and self.received > _LONGEST_HEAD:
            raise httpcore.RemoteProtocolError(
                f"the head of the answer has more than {_LONGEST_HEAD} bytes"
            )
        try:
            end = end_of(timeout, self.deadline)
            data = yield from self._connected().receive(max_bytes, end)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(self._late(timeout)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self.received += len(data)
        return data

    def _write(self, buffer: bytes, timeout: float | None) -> Steps[None]:
        """Keep it for the next read, unless it is much."""
        self._kept += buffer
        self._write_timeout = timeout
        if len(self._kept) > _KEPT:
            yield from self._flush()

    def _flush(self) -> Steps[None]:
        kept, self._kept = self._kept, b""
        timeout = self._write_timeout
        try:
            yield from self._connected().send(kept, end_of(timeout, self.deadline))
        except TimeoutError as error:
            raise httpcore.WriteTimeout(self._late(timeout)) from error
        except OSError:
            # As httpcore does: a server may refuse early, and its answer is there to be read.
            return

    def _late(self, timeout: float | None) -> str:
        """Return why a step took too long."""
        if timeout is None or (self.deadline is not None and time.monotonic() >= self.deadline):
            return LATE
        return f"the server was silent for {timeout:g} s"

    def close(self) -> None:
        """Close the connection, from within its event loop. Never waits; twice is fine."""
        self._connected().carrier.close()

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        stream = self._connected()
        if info == "is_readable":
            return stream.poll() is not None
        return {"socket": stream.carrier.socket, "ssl_object": stream.ssl_object}.get(info)


def _not_connected(error: Exception, who: str) -> NoReturn:
    if isinstance(error, TimeoutError) and not isinstance(error, httpcore.TimeoutException):
        reason = str(error) or "it did not answer in time"
        raise httpcore.ConnectTimeout(f"{who}: {reason}") from error
    raise httpcore.ConnectError(f"{who}: {error}") from error


def _say(words: Handshake, peer: Stream, end: float | None) -> Steps[None]:
    wanted = next(words)
    with contextlib.suppress(StopIteration):
        while True:
            if isinstance(wanted, bytes):
                yield from peer.send(wanted, end)
                wanted = next(words)
            else:
                wanted = words.send((yield from _exactly(wanted, peer, end)))


def _exactly(size: int, peer: Stream, end: float | None) -> Steps[bytes]:
    data = b""
    while len(data) < size:
        more = yield from peer.receive(size - len(data), end)
        if not more:
            raise httpcore.ProxyError("the proxy closed the connection")
        data += more
    return data


class Line(_Line, httpcore.NetworkBackend, httpcore.NetworkStream):
    """One blocking connection."""

    _dial = staticmethod(sockets.connect)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Line:
        """Connect, through the proxy if there is one."""
        run(self._connect(host, port, timeout))
        return self

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> Line:
        """Encrypt from here on."""
        run(self._encrypt(ssl_context, server_hostname, timeout))
        return self

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        return run(self._read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        run(self._write(buffer, timeout))


class AsyncLine(_Line, httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream):
    """One awaited connection, on asyncio or on trio."""

    _dial = staticmethod(loops.connect)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncLine:
        """Connect, through the proxy if there is one."""
        await arun(self._connect(host, port, timeout))
        return self

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncLine:
        """Encrypt from here on."""
        await arun(self._encrypt(ssl_context, server_hostname, timeout))
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Send what was kept back, then read."""
        return await arun(self._read(max_bytes, timeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Keep it for the next read, unless it is much."""
        await arun(self._write(buffer, timeout))

    async def aclose(self) -> None:
        """Close it. Nothing is awaited, so that no cancellation can interrupt it."""
        self.close()
