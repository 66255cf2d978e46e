"""A network stream on asyncio's own transports.

httpcore reaches asyncio through anyio, which for each read and write opens a cancel scope, pauses
and resumes the transport, and yields to the event loop. Without that an AsyncClient makes 30 % more
calls a second; on trio it goes through anyio.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore

if TYPE_CHECKING:
    import ssl

# Bytes that may wait to be read before the peer is slowed down.
_ENOUGH: Final = 256 * 1024


def is_running() -> bool:
    """Whether the caller is a task of asyncio's."""
    try:
        # Not get_running_loop: there is one around trio, too, when trio is a guest of it.
        return asyncio.current_task() is not None
    except RuntimeError:
        return False


def timeout(seconds: float) -> asyncio.Timeout:
    """Return asyncio's time limit, a context that raises TimeoutError when it has passed."""
    return asyncio.timeout(seconds)


async def connect(host: str, port: int, limit: float | None) -> AioStream:
    """Open a connection within ``limit`` seconds, to the first address that answers."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit):
            # 250 ms: RFC 8305, section 5.
            _, stream = await loop.create_connection(
                AioStream, host, port, happy_eyeballs_delay=0.25
            )
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: a label that is empty or longer than DNS allows.
        raise httpcore.ConnectError(f"{host}: {error}") from error
    return stream


class AioStream(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """What httpcore reads from and writes to, and what asyncio tells of it. For one task."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_paused = False
        self._is_choked = False
        self._is_over = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep the bytes; enough of them make the transport pause."""
        self._chunks.append(data)
        self._size += len(data)
        if self._size > _ENOUGH and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note the end; the transport closes itself."""
        self._is_over = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and what it was."""
        self._error = exc
        self.eof_received()

    def pause_writing(self) -> None:
        """Note that the peer reads too slowly."""
        self._is_choked = True

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        self._is_choked = False
        self._wake()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what there is, and at the end nothing."""
        end = None if timeout is None else self._loop.time() + timeout
        while not self._chunks and not self._is_over:
            await self._wait(end, httpcore.ReadTimeout)
        if self._chunks:
            return self._take(max_bytes)
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    def _take(self, most: int) -> bytes:
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks = [data[most:]] if len(data) > most else []
        self._size = len(data) - len(data[:most])
        if self._is_paused and self._size <= _ENOUGH:
            self._is_paused = False
            self._transport.resume_reading()
        return data[:most]

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes, and wait if the peer reads too slowly."""
        end = None if timeout is None else self._loop.time() + timeout
        self._transport.write(buffer)
        while self._is_choked and not self._is_over:
            await self._wait(end, httpcore.WriteTimeout)

    async def _wait(self, end: float | None, late: type[Exception]) -> None:
        waiter = self._waiter = self._loop.create_future()
        timer = None if end is None else self._loop.call_at(end, _expire, waiter, late)
        try:
            await waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def aclose(self) -> None:
        """Close the socket."""
        self._is_over = True
        self._transport.abort()
        # asyncio closes it in the next turn of its loop, which may be the last one.
        await asyncio.sleep(0)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AioStream:
        """Encrypt from here on."""
        try:
            async with asyncio.timeout(timeout):
                transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            # ssl.SSLError is one, too.
            raise httpcore.ConnectError(str(error)) from error
        self._transport = cast("asyncio.Transport", transport)
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for: ``socket``, ``ssl_object``, ``is_readable``."""
        if info == "is_readable":
            return self._is_over or bool(self._chunks)
        return self._transport.get_extra_info(info)


def _expire(waiter: asyncio.Future[None], late: type[Exception]) -> None:
    if not waiter.done():
        waiter.set_exception(late(""))
