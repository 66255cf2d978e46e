"""A carrier on trio: a socket of our own, for which trio waits."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import trio

from ec2lite.transports.deadline import left
from ec2lite.transports.sockets import OPTIONS, received_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class TrioSocket:
    """A carrier of plain bytes."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except (BlockingIOError, InterruptedError):
                await self._wait(trio.lowlevel.wait_writable, end)

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while self.socket.fileno() >= 0:
            await self._wait(trio.lowlevel.wait_readable, end)
            try:
                return self.socket.recv(most)
            except (BlockingIOError, InterruptedError):
                continue
        return b""

    async def _wait(
        self, ready: Callable[[socket.socket], Awaitable[None]], end: float | None
    ) -> None:
        seconds = left(end)
        with trio.move_on_after(float("inf") if seconds is None else seconds) as scope:
            await ready(self.socket)
        if scope.cancelled_caught:
            raise TimeoutError

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        return received_now(self.socket)

    def close(self) -> None:
        """Close the socket. Never waits; twice is fine."""
        self.socket.close()

    # Nobody waits for a connection that is idle or lost, so trio need not be told.
    abandon = close


# A Ctrl-C in the middle could leave a task of trio's that never starts, or a descriptor that nobody
# closes. It is delivered where trio waits.
@trio.lowlevel.enable_ki_protection
async def connect(host: str, port: int, end: float | None) -> TrioSocket:
    """Open a connection to the first address that answers. Raises OSError."""
    seconds = left(end)
    try:
        with trio.move_on_after(float("inf") if seconds is None else seconds):
            stream = await trio.open_tcp_stream(host, port)
            return TrioSocket(_own(stream))
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host: {error}") from error
    except BaseExceptionGroup as group:
        # trio connects in a nursery, which puts a Ctrl-C into a group.
        if group.subgroup(KeyboardInterrupt) is None:
            raise
        raise KeyboardInterrupt from group
    raise TimeoutError


def _own(stream: trio.SocketStream) -> socket.socket:
    """Take the socket out of trio's stream, which would not let us look into it."""
    sock = socket.socket(fileno=stream.socket.detach())
    sock.setblocking(False)
    for option in OPTIONS:
        sock.setsockopt(*option)
    return sock


def at_the_end(clean_up: Callable[[], None]) -> None:
    """Call a function when the present event loop ends; trio's tell nobody that they have."""

    async def wait() -> None:
        try:
            await trio.sleep_forever()
        finally:
            clean_up()

    trio.lowlevel.spawn_system_task(wait)
