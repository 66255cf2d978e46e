"""Streams of bytes that are awaited: what they have in common, and TLS over them.

Which library waits is found out when a connection is opened: asyncio (uvloop too) or trio.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Protocol

from ec2lite.transports.encryption import Encryption
from ec2lite.transports.stream import PART, polled

if TYPE_CHECKING:
    import socket
    import ssl


class AsyncStream(Protocol):
    """What an awaited connection is to those who use it. For one task at a time."""

    @property
    def socket(self) -> socket.socket:
        """The socket below."""
        ...

    @property
    def ssl_object(self) -> ssl.SSLObject | None:
        """What tells of the outermost TLS."""
        ...

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        ...

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
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


class AsyncTLSStream:
    """Encrypted bytes over another stream."""

    def __init__(self, below: AsyncStream, encryption: Encryption) -> None:
        self._below = below
        self._encryption = encryption
        self.socket: socket.socket = below.socket
        self.ssl_object: ssl.SSLObject | None = encryption.ssl_object

    async def send(self, data: bytes, end: float | None) -> None:
        """Send all of it."""
        await self._below.send(self._encryption.encrypt(data), end)

    async def receive(self, most: int, end: float | None) -> bytes:
        """Wait for bytes and return up to so many; none at the end."""
        while (data := self._encryption.decrypt(most)) is None:
            self._encryption.feed(await self._below.receive(PART, end))
        return data

    def poll(self) -> bytes | None:
        """Return what has come, as ``TLSStream`` does."""
        return polled(self._below, self._encryption)

    def close(self) -> None:
        """Close the socket."""
        self._below.close()

    def abandon(self) -> None:
        """Close the socket, from wherever this is."""
        self._below.abandon()


async def start_tls(
    stream: AsyncStream, context: ssl.SSLContext, hostname: str, end: float | None
) -> AsyncTLSStream:
    """Return an encrypted stream over another one. Raises OSError, ValueError for the name."""
    encryption = Encryption(context, hostname)
    try:
        while not encryption.shake_hands():
            await stream.send(encryption.to_send(), end)
            encryption.feed(await stream.receive(PART, end))
    except OSError:
        with contextlib.suppress(OSError):
            await stream.send(encryption.to_send(), end)
        raise
    await stream.send(encryption.to_send(), end)
    return AsyncTLSStream(stream, encryption)


async def connect(host: str, port: int, end: float | None) -> AsyncStream:
    """Open a connection to the first address that answers. Raises OSError."""
    if on_asyncio():
        from ec2lite.transports import asyncio_stream

        return await asyncio_stream.connect(host, port, end)
    from ec2lite.transports import trio_stream

    return await trio_stream.connect(host, port, end)


def on_asyncio() -> bool:
    """Whether the caller is a task of asyncio's."""
    asyncio = sys.modules.get("asyncio")
    try:
        # Not get_running_loop: there is one around trio, too, when trio is a guest of it.
        return asyncio is not None and asyncio.current_task() is not None
    except RuntimeError:
        return False
