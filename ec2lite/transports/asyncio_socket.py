"""Carriers on asyncio's event loops, uvloop among them.

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
from ec2lite.transports.sockets import STAGGER, AwaitedSocket, addresses, new_socket
from ec2lite.transports.stream import PART

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from ec2lite.transports.sockets import Address

# Bytes that may wait to be read before the peer is slowed down.
_ENOUGH: Final = 256 * 1024


async def readable(sock: socket.socket, end: float | None) -> None:
    """Wait until a socket may be read, or time is over; whoever calls looks at what it is."""
    loop, fd = asyncio.get_running_loop(), sock.fileno()
    waiter = loop.create_future()
    seconds = left(end)
    loop.add_reader(fd, _wake, waiter)
    try:
        await _happened(waiter, seconds)
    finally:
        loop.remove_reader(fd)


async def writable(sock: socket.socket, end: float | None) -> None:
    """Wait until a socket may be written to, or time is over, as ``readable`` does."""
    loop, fd = asyncio.get_running_loop(), sock.fileno()
    waiter = loop.create_future()
    seconds = left(end)
    loop.add_writer(fd, _wake, waiter)
    try:
        await _happened(waiter, seconds)
    finally:
        loop.remove_writer(fd)


async def _happened(waiter: asyncio.Future[None], seconds: float | None) -> None:
    """Wait for a future, but not longer. A loop's timers may come a millisecond early."""
    timer = None if seconds is None else waiter.get_loop().call_later(seconds, _wake, waiter)
    try:
        await waiter
    finally:
        if timer is not None:
            timer.cancel()


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


class TransportSocket(asyncio.Protocol):
    """A carrier of plain bytes over a transport of the loop's."""

    _transport: asyncio.Transport
    _is_choked = False
    _is_over = False
    _error: Exception | None = None
    _waiter: asyncio.Future[None] | None = None

    def __init__(self, sock: socket.socket) -> None:
        self.socket: socket.socket = sock
        self._loop = asyncio.get_running_loop()
        self._come = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep what has come; let the peer wait when it is enough."""
        self._come += data
        if len(self._come) > _ENOUGH and not self._is_over:
            self._transport.pause_reading()
        _wake(self._waiter)

    def eof_received(self) -> None:
        """Note the end; the transport closes itself."""
        self._is_over = True
        _wake(self._waiter)

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
        _wake(self._waiter)

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it; nothing once the peer has closed, whose last words may be read."""
        # asyncio's transports ignore what is written then; uvloop's raise a RuntimeError.
        if not self._transport.is_closing():
            self._transport.write(data)
        while self._is_choked and not self._is_over:
            await self._wait(end)

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while not self._come and not self._is_over:
            await self._wait(end)
        if self._error is not None and not self._come:
            raise OSError(str(self._error)) from self._error
        return self._take(most)

    def _take(self, most: int) -> bytes:
        data = bytes(self._come[:most])
        del self._come[:most]
        if not self._is_over and len(self._come) <= _ENOUGH:
            # Does nothing where it need not.
            self._transport.resume_reading()
        return data

    async def _wait(self, end: float | None) -> None:
        """Wait until something happens, or time is over; whoever calls looks at what it is."""
        seconds = left(end)
        self._waiter = self._loop.create_future()
        try:
            await _happened(self._waiter, seconds)
        finally:
            self._waiter = None

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        return self._take(PART) if self._come or self._is_over else None

    def close(self) -> None:
        """Close the socket, from within its event loop. Never waits; twice is fine."""
        self._is_over = True
        self._transport.abort()

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


async def connect(host: str, port: int, end: float | None) -> AwaitedSocket | TransportSocket:
    """Open a connection to the first address that answers. Raises OSError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(left(end)):
        found = addresses(await _look_up(host, port))
        sock = await (_dial(*found[0]) if len(found) == 1 else _race(found))
        if isinstance(loop, asyncio.SelectorEventLoop):
            return AwaitedSocket(sock, readable, writable)
        try:
            return (await loop.create_connection(lambda: TransportSocket(sock), sock=sock))[1]
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
