"""Streams of bytes over a socket, blocking; and what all streams have in common.

A stream has ``send``, ``receive``, ``poll``, ``close`` and ``abandon``. Each step that may wait
takes the moment at which it must be over, and raises TimeoutError then, and OSError when the
connection breaks (ssl.SSLError is one). Nothing of an HTTP library is needed here.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import selectors
import socket
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from ec2lite.transports.deadline import left, sooner
from ec2lite.transports.encryption import Encryption

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

Address: TypeAlias = "tuple[socket.AddressFamily, Any]"

# TCP_NODELAY: a request must not wait for the acknowledgement of the one before. SO_KEEPALIVE: a
# peer that is gone without a word shows in the end, even where no timeout was asked for.
OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
)
# Seconds after which the next address is tried beside the ones before: RFC 8305, section 5.
STAGGER: Final = 0.25
PART: Final = 64 * 1024
_UNDER_WAY: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


class Stream(Protocol):
    """What a blocking connection is to those who use it."""

    @property
    def socket(self) -> socket.socket:
        """The socket below."""
        ...

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """What tells of the outermost TLS."""
        ...

    def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        ...

    def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        ...

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        ...

    def close(self) -> None:
        """Close the socket. Twice is fine."""
        ...

    def abandon(self) -> None:
        """Close the socket, from whichever thread this is."""
        ...


class SocketStream:
    """Plain bytes over a socket. For one thread at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.ssl_object: ssl.SSLObject | None = None

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


class TLSStream:
    """Encrypted bytes over another stream."""

    def __init__(self, below: Stream, encryption: Encryption) -> None:
        self._below = below
        self._encryption = encryption
        self.socket: socket.socket = below.socket
        self.ssl_object: ssl.SSLObject | None = encryption.ssl_object

    def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        self._below.send(self._encryption.encrypt(data), end)

    def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while (data := self._encryption.decrypt(most)) is None:
            self._encryption.feed(self._below.receive(PART, end))
        return data

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits.

        TLS is asked, not the socket: a record may lie in a buffer already, and what lies in the
        socket may be no more than a ticket for the next session.
        """
        return polled(self._below, self._encryption)

    def close(self) -> None:
        """Close the socket. Twice is fine."""
        self._below.close()

    def abandon(self) -> None:
        """Close the socket, from whichever thread this is."""
        self._below.abandon()


class Pollable(Protocol):
    """What never waits."""

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has."""
        ...


def polled(below: Pollable, encryption: Encryption) -> bytes | None:
    """Do what ``poll`` does, over an encrypted stream of either colour."""
    try:
        while (data := encryption.decrypt(PART)) is None:
            encrypted = below.poll()
            if encrypted is None:
                return None
            encryption.feed(encrypted)
    except OSError:
        return b""
    return data


def received_now(sock: socket.socket) -> bytes | None:
    """Return what a socket that does not block has, none at its end, and None for nothing."""
    try:
        return sock.recv(PART)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def start_tls(
    stream: Stream, context: ssl.SSLContext, hostname: str, end: float | None
) -> TLSStream:
    """Return an encrypted stream over another one. Raises OSError, ValueError for the name."""
    encryption = Encryption(context, hostname)
    try:
        while not encryption.shake_hands():
            stream.send(encryption.to_send(), end)
            encryption.feed(stream.receive(PART, end))
    except OSError:
        # What is to be told the peer then says why: that its certificate is unknown, for one.
        with contextlib.suppress(OSError):
            stream.send(encryption.to_send(), end)
        raise
    stream.send(encryption.to_send(), end)
    return TLSStream(stream, encryption)


def connect(host: str, port: int, end: float | None) -> SocketStream:
    """Open a connection to the first address that answers. Raises OSError.

    Looking up a name cannot be interrupted: the resolver has limits of its own (resolv.conf).
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no name of a host: {error}") from error
    return SocketStream(_race(addresses(found), end))


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
