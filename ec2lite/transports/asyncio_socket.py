"""Streams on asyncio's event loops, uvloop among them.

On asyncio's usual loop the socket is our own, and the loop only tells when it is readable. Its
transports would keep it to themselves: a loop that ended with a connection open would warn of it
when it is collected, long after, and nobody could say whether something lies in the socket. Other
loops have no such readers (Windows's), or do not call them when a connection is reset (uvloop's);
there it goes through a transport. anyio, which httpcore would use, opens a cancel scope for each
read and write, and yields to the loop in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any, Final, cast

from ec2lite.transports.deadline import left
from ec2lite.transports.sockets import STAGGER, addresses, new_socket, received_now
from ec2lite.transports.stream import PART

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from ec2lite.transports.sockets import Address

# Bytes that may wait to be read before the peer is slowed down.
_ENOUGH: Final = 256 * 1024


class _Buffered:
    """What has come, until somebody asks for it. For one task at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._loop = asyncio.get_running_loop()
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_over = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def _pause(self) -> None:
        """Let the peer wait, for enough has come."""
        raise NotImplementedError

    def _resume(self) -> None:
        raise NotImplementedError

    def _take(self, data: bytes) -> None:
        """Keep what has come; no bytes are the end."""
        if data:
            self._chunks.append(data)
            self._size += len(data)
        else:
            self._is_over = True
        if self._is_over or self._size > _ENOUGH:
            self._pause()
        self._wake()

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while not self._chunks and not self._is_over:
            await self._wait(end)
        if self._chunks:
            return self._give(most)
        if self._error is not None:
            raise OSError(str(self._error)) from self._error
        return b""

    def _give(self, most: int) -> bytes:
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        given = data[:most]
        self._chunks = [data[most:]] if len(data) > most else []
        self._size -= len(given)
        if not self._is_over and self._size <= _ENOUGH:
            self._resume()
        return given

    async def _wait(self, end: float | None) -> None:
        """Wait until something happens, or time is over; whoever calls looks at what it is.

        A loop's timers may come a millisecond early.
        """
        seconds = left(end)
        self._waiter = self._loop.create_future()
        timer = None if seconds is None else self._loop.call_later(seconds, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Close the socket, from within its event loop. Never waits; twice is fine."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Close the socket, from wherever this is: its loop may run elsewhere, or be gone."""
        if self._loop is _running_loop():
            self.close()
            return
        try:
            self._loop.call_soon_threadsafe(self.close)
        except RuntimeError:
            # The loop is closed, and knows of no socket any more.
            self.socket.close()


class ReaderStream(_Buffered):
    """Plain bytes, over a socket of which the loop tells when it is readable."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._is_watching = False
        self._resume()

    def _resume(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self._loop.add_reader(self.socket, self._take_from_socket)

    def _pause(self) -> None:
        if self._is_watching:
            self._is_watching = False
            self._loop.remove_reader(self.socket)

    def _take_from_socket(self) -> None:
        try:
            data = self.socket.recv(PART)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._error = error
            data = b""
        self._take(data)

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        try:
            sent = self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            sent = 0
        if sent < len(data):
            async with asyncio.timeout(left(end)):
                await self._loop.sock_sendall(self.socket, memoryview(data)[sent:])

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        if self._chunks:
            return self._give(self._size)
        # The loop may not have had its turn since.
        return b"" if self._is_over else received_now(self.socket)

    def close(self) -> None:
        """Close the socket, from within its event loop. Never waits; twice is fine."""
        self._is_over = True
        if self.socket.fileno() >= 0:
            self._pause()
            self.socket.close()


class TransportStream(_Buffered, asyncio.Protocol):
    """Plain bytes, over a transport of the loop's."""

    _transport: asyncio.Transport
    _is_choked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come."""
        self._take(data)

    def eof_received(self) -> None:
        """Note the end; the transport closes itself."""
        self._take(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end, and what it was."""
        self._error = exc
        self._take(b"")

    def pause_writing(self) -> None:
        """Note that the peer reads too slowly."""
        self._is_choked = True

    def resume_writing(self) -> None:
        """Note that it has caught up."""
        self._is_choked = False
        self._wake()

    def _pause(self) -> None:
        if not self._is_over:
            self._transport.pause_reading()

    def _resume(self) -> None:
        # Both do nothing where they need not.
        self._transport.resume_reading()

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it; nothing once the peer has closed, whose last words may be read."""
        # asyncio's transports ignore what is written then; uvloop's raise a RuntimeError.
        if not self._transport.is_closing():
            self._transport.write(data)
        while self._is_choked and not self._is_over:
            await self._wait(end)

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        if self._chunks:
            return self._give(self._size)
        return b"" if self._is_over else None

    def close(self) -> None:
        """Close the socket, from within its event loop. Never waits; twice is fine."""
        self._is_over = True
        self._transport.abort()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def at_the_end(clean_up: Callable[[], None]) -> object:
    """Call a function when the present event loop ends, as long as what is returned is kept.

    ``asyncio.run`` has asynchronous generators closed that were left in the middle, so one is left
    there.
    """

    async def wait() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            clean_up()

    generator = wait()
    with contextlib.suppress(StopIteration):
        generator.__anext__().send(None)
    return generator


async def connect(host: str, port: int, end: float | None) -> ReaderStream | TransportStream:
    """Open a connection to the first address that answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(left(end)):
        found = addresses(await _look_up(host, port))
        sock = await (_dial(*found[0]) if len(found) == 1 else _race(found))
        if isinstance(loop, asyncio.SelectorEventLoop):
            return ReaderStream(sock)
        try:
            return (await loop.create_connection(lambda: TransportStream(sock), sock=sock))[1]
        except BaseException:
            sock.close()
            raise


async def _look_up(host: str, port: int) -> Iterable[tuple[object, ...]]:
    try:
        # An address needs no resolver, and so no other thread.
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        pass
    try:
        loop = asyncio.get_running_loop()
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host: {error}") from error


async def _dial(family: socket.AddressFamily, address: tuple[Any, ...]) -> socket.socket:
    sock = new_socket(family)
    try:
        await asyncio.get_running_loop().sock_connect(sock, address)
    except BaseException:
        sock.close()
        raise
    return sock


async def _race(found: list[Address]) -> socket.socket:
    """Return a socket connected to whichever address answers first."""
    failure = OSError("the host has no address")
    under_way: set[asyncio.Task[socket.socket]] = set()
    try:
        for number, address in enumerate(found, 1):
            under_way.add(asyncio.ensure_future(_dial(*address)))
            patience = None if number == len(found) else STAGGER
            while under_way:
                done, under_way = await asyncio.wait(
                    under_way, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    break
                under_way |= done
                task = done.pop()
                under_way.discard(task)
                error = task.exception()
                if error is None:
                    return task.result()
                if not isinstance(error, OSError):
                    raise error
                failure = error
        raise failure
    finally:
        for task in under_way:
            task.add_done_callback(_close_loser)
            task.cancel()


def _close_loser(task: asyncio.Task[socket.socket]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().close()
