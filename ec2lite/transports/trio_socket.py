"""Connecting on trio: a socket of our own, for which trio waits."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import trio

from ec2lite.transports.deadline import left
from ec2lite.transports.sockets import OPTIONS, AwaitedSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def readable(sock: socket.socket, end: float | None) -> None:
    """Wait until a socket may be read. Raises TimeoutError."""
    await _wait(trio.lowlevel.wait_readable, sock, end)


async def writable(sock: socket.socket, end: float | None) -> None:
    """Wait until a socket may be written to. Raises TimeoutError."""
    await _wait(trio.lowlevel.wait_writable, sock, end)


async def _wait(
    ready: Callable[[socket.socket], Awaitable[None]], sock: socket.socket, end: float | None
) -> None:
    seconds = left(end)
    with trio.move_on_after(float("inf") if seconds is None else seconds) as scope:
        await ready(sock)
    if scope.cancelled_caught:
        raise TimeoutError


# A Ctrl-C in the middle could leave a task of trio's that never starts, or a descriptor that nobody
# closes. It is delivered where trio waits.
@trio.lowlevel.enable_ki_protection
async def connect(host: str, port: int, end: float | None) -> AwaitedSocket:
    """Open a connection to the first address that answers. Raises OSError."""
    seconds = left(end)
    try:
        with trio.move_on_after(float("inf") if seconds is None else seconds):
            stream = await trio.open_tcp_stream(host, port)
            return AwaitedSocket(_own(stream), readable, writable)
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
