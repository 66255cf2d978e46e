"""Streams of bytes to a peer, plain or encrypted, whichever colour carries them.

Below is a *carrier*: a socket as a thread, asyncio or trio uses it. Each step that may wait takes
the moment at which it must be over, and raises TimeoutError then, and OSError when the connection
breaks (ssl.SSLError is one). Nothing of an HTTP library is needed here.

TLS works between two buffers of OpenSSL's, so the stream below may itself be encrypted (to a proxy
that is spoken to over TLS). Whatever a peer sent before the handshake ends up in it as encrypted
bytes, and fails there: nothing that arrived in plain text is ever read as if it had been decrypted.
"""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from ec2lite.transports.steps import Steps

PART: Final = 64 * 1024


class Carrier(Protocol):
    """What carries plain bytes. For one thread or task at a time."""

    socket: socket.socket

    @property
    def send(self) -> Callable[..., Any]:
        """Send all of ``(data, end)``; awaited or not."""
        ...

    @property
    def receive(self) -> Callable[..., Any]:
        """Wait for bytes and return up to ``(most, end)``, none at the end; awaited or not."""
        ...

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        ...

    def close(self) -> None:
        """Close the socket, from within its event loop. Never waits; twice is fine."""
        ...

    def abandon(self) -> None:
        """Close the socket, from wherever this is: its loop may run elsewhere, or be gone."""
        ...


class Stream:
    """Plain bytes."""

    ssl_object: ssl.SSLObject | None = None
    """What tells of the outermost TLS."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier: Carrier = carrier

    def send(self, data: bytes, end: float | None) -> Steps[None]:
        """Send all of it."""
        yield self.carrier.send, data, end

    def receive(self, most: int, end: float | None) -> Steps[bytes]:
        """Wait for bytes and return up to so many; none at the end."""
        data: bytes = yield self.carrier.receive, most, end
        return data

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits."""
        return self.carrier.poll()


class TLSStream(Stream):
    """Encrypted bytes over another stream: one end of a TLS connection, a client's.

    ``hostname`` is the name or address that the peer's certificate must have. Raises ValueError
    for one that cannot be.
    """

    def __init__(self, below: Stream, context: ssl.SSLContext, hostname: str) -> None:
        super().__init__(below.carrier)
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)
        self.ssl_object: ssl.SSLObject | None = self._tls

    def shake_hands(self, end: float | None) -> Steps[None]:
        """Find out that the peer is who it should be. Raises OSError."""
        try:
            while not self._is_done():
                yield from self._below.send(self._outgoing.read(), end)
                self._feed((yield from self._below.receive(PART, end)))
        except OSError:
            # What is to be told the peer then says why: that its certificate is unknown, for one.
            with contextlib.suppress(OSError):
                yield from self._below.send(self._outgoing.read(), end)
            raise
        yield from self._below.send(self._outgoing.read(), end)

    def _is_done(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def send(self, data: bytes, end: float | None) -> Steps[None]:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._tls.write(rest) :]
        yield from self._below.send(self._outgoing.read(), end)

    def receive(self, most: int, end: float | None) -> Steps[bytes]:
        """Wait for bytes and return up to so many; none at the end."""
        while (data := self._decrypted(most)) is None:
            self._feed((yield from self._below.receive(PART, end)))
        return data

    def poll(self) -> bytes | None:
        """Return what has come, none at the end, and None when nothing has. Never waits.

        TLS is asked, not the socket: a record may lie in a buffer already, and what lies in the
        socket may be no more than a ticket for the next session.
        """
        try:
            while (data := self._decrypted(PART)) is None:
                encrypted = self._below.poll()
                if encrypted is None:
                    return None
                self._feed(encrypted)
        except OSError:
            return b""
        return data

    def _feed(self, data: bytes) -> None:
        """Take what the peer sent; no bytes are its end."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _decrypted(self, most: int) -> bytes | None:
        """Return up to that many bytes, none at the end, and None when more must be fed first."""
        try:
            return self._tls.read(most)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            # Many servers close without a word. HTTP tells by itself whether an answer is whole.
            return b""


def start_tls(
    below: Stream, context: ssl.SSLContext, hostname: str, end: float | None
) -> Steps[TLSStream]:
    """Return an encrypted stream over another one. Raises OSError, ValueError for the name."""
    stream = TLSStream(below, context, hostname)
    yield from stream.shake_hands(end)
    return stream
