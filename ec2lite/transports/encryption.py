"""TLS between plain and encrypted bytes, without I/O: one implementation for every stream.

The encrypted bytes pass through two buffers of OpenSSL's, so that the stream below may be a socket,
an event loop's, or TLS itself (to a proxy that is spoken to over TLS). Whatever a peer sent before
the handshake ends up in it as encrypted bytes, and fails there: nothing that arrived in plain text
is ever read as if it had been decrypted.
"""

from __future__ import annotations

import ssl


class Encryption:
    """One end of a TLS connection, a client's. Raises ssl.SSLError when the peer breaks the rules.

    ``hostname`` is the name or address that the peer's certificate must have. Raises ValueError
    for one that cannot be.
    """

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object: ssl.SSLObject = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=hostname
        )

    def feed(self, data: bytes) -> None:
        """Take what the peer sent; no bytes are its end."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def shake_hands(self) -> bool:
        """Go on with the handshake as far as possible; whether it is done."""
        try:
            self.ssl_object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def to_send(self) -> bytes:
        """Return what the peer must get."""
        return self._outgoing.read()

    def encrypt(self, data: bytes) -> bytes:
        """Return what the peer must get to read that."""
        rest = memoryview(data)
        while rest:
            rest = rest[self.ssl_object.write(rest) :]
        return self._outgoing.read()

    def decrypt(self, most: int) -> bytes | None:
        """Return up to that many bytes, none at the end, and None when more must be fed first."""
        try:
            return self.ssl_object.read(most)
        except ssl.SSLWantReadError:
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            # Many servers close without a word. HTTP tells by itself whether an answer is whole.
            return b""
