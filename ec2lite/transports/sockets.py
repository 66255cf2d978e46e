"""Sockets that carry bytes, blocking and awaited, and connecting the blocking ones."""

from __future__ import annotations

import errno
import itertools
import os
import selectors
import socket
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ec2lite.transports.deadline import left, sooner
from ec2lite.transports.stream import PART

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

_Wait: TypeAlias = "Callable[[socket.socket, float | None], Awaitable[None]]"
Address: TypeAlias = "tuple[socket.AddressFamily, Any]"

# TCP_NODELAY: a request must not wait for the acknowledgement of the one before. SO_KEEPALIVE: a
# peer that is gone without a word shows in the end, even where no timeout was asked for.
OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)
# Seconds after which the next address is tried beside the ones before: RFC 8305, section 5.
STAGGER: Final = 0.25
_UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


class BlockingSocket:
    """A carrier of plain bytes, blocking."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock

    def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            self.socket.settimeout(left(end))
            rest = rest[self.socket.send(rest) :]

    def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        self.socket.settimeout(left(end))
        return self.socket.recv(most)

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        self.socket.setblocking(False)
        return received_now(self.socket)

    def close(self) -> None:
        """Close the socket. Twice is fine."""
        self.socket.close()

    abandon = close


class AwaitedSocket:
    """A carrier of plain bytes over a socket that does not block.

    ``readable`` and ``writable`` wait for it; they may return too early, and for nothing.
    """

    def __init__(self, sock: socket.socket, readable: _Wait, writable: _Wait) -> None:
        self.socket: socket.socket = sock
        self._readable = readable
        self._writable = writable

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.socket.send(rest) :]
            except (BlockingIOError, InterruptedError):
                await self._writable(self.socket, end)

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while self.socket.fileno() >= 0:
            await self._readable(self.socket, end)
            try:
                return self.socket.recv(most)
            except (BlockingIOError, InterruptedError):
                continue
        return b""

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        return received_now(self.socket)

    def close(self) -> None:
        """Close the socket. Never waits; twice is fine."""
        self.socket.close()

    # Nobody waits for a connection that is idle or lost, so no event loop need be told.
    abandon = close


def received_now(sock: socket.socket) -> bytes | None:
    """Return what a socket that does not block has, none at its end, and None for nothing."""
    try:
        return sock.recv(PART)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def connect(host: str, port: int, end: float | None) -> BlockingSocket:
    """Open a connection to the first address that answers. Raises OSError.

    Looking up a name cannot be interrupted: the resolver has limits of its own (resolv.conf).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host: {error}") from error
    return BlockingSocket(_race(addresses(found), end))


def addresses(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    """Return the addresses that were found, those of IPv6 and IPv4 by turns (RFC 8305)."""
    families: dict[Any, list[Address]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append((family, address))
    turns = itertools.zip_longest(*families.values())
    return list(dict.fromkeys(address for turn in turns for address in turn if address))


def new_socket(family: socket.AddressFamily) -> socket.socket:
    """Return a socket that does not block."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        for option in OPTIONS:
            sock.setsockopt(*option)
    except BaseException:
        sock.close()
        raise
    return sock


def _race(found: list[Address], end: float | None) -> socket.socket:
    """Return a socket connected to whichever address answers first."""
    failure = OSError("the host has no address")
    under_way: list[socket.socket] = []
    try:
        for number, (family, address) in enumerate(found, 1):
            sock = new_socket(family)
            under_way.append(sock)
            code = sock.connect_ex(address)
            if code not in _UNDER_WAY:
                under_way.remove(sock)
                sock.close()
                failure = OSError(code, os.strerror(code))
            patience = end if number == len(found) else sooner(end, STAGGER)
            while under_way and (ready := _wait(under_way, patience)):
                for sock in ready:
                    under_way.remove(sock)
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if not code:
                        return sock
                    sock.close()
                    failure = OSError(code, os.strerror(code))
        if under_way:
            raise TimeoutError
        raise failure
    finally:
        for sock in under_way:
            sock.close()


def _wait(under_way: list[socket.socket], end: float | None) -> list[socket.socket]:
    """Return those that are connected or have failed; none when the time is over."""
    with selectors.DefaultSelector() as selector:
        for sock in under_way:
            selector.register(sock, selectors.EVENT_WRITE, sock)
        try:
            return [key.data for key, _ in selector.select(left(end))]
        except TimeoutError:
            return []
