"""The bytes of one connection."""

from __future__ import annotations

import socket
import time

import anyio
import httpcore
import httpx
import pytest

from ec2lite.transports.wire import AsyncStream, Stream, Wire
from senders import COLOURS, post, sender
from servers import answer, closed_port, each, serve, take

KEEPS = [each(take, answer())]


def test_limit():
    """A step may last as long as its own timeout and the deadline both allow."""
    wire = Wire()
    assert None is wire.limit(None, httpcore.ReadTimeout)
    assert 3 == wire.limit(3, httpcore.ReadTimeout)
    wire.deadline = time.monotonic() + 2
    for timeout in (None, 3):
        limit = wire.limit(timeout, httpcore.ReadTimeout)
        assert limit is not None
        assert 1.9 < limit <= 2
    assert 1 == wire.limit(1, httpcore.ReadTimeout)


@pytest.mark.parametrize("late", [httpcore.ReadTimeout, httpcore.WriteTimeout])
def test_limit_over(late):
    """No time left is the timeout of that step."""
    wire = Wire()
    with pytest.raises(late):
        wire.limit(0, late)
    wire.deadline = time.monotonic() - 1
    with pytest.raises(late):
        wire.limit(None, late)


class Broken(httpcore.NetworkStream, httpcore.AsyncNetworkStream):
    """A stream that fails to write, and has something to read."""

    def __init__(self, error: Exception | None) -> None:
        self.written: list[bytes] = []
        self._error = error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.written.append(buffer)
        if self._error is not None:
            raise self._error

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return b"refused"


class AsyncBroken(Broken):
    """The same, awaited."""

    async def write(self, buffer: bytes, *_: object) -> None:
        Broken.write(self, buffer)

    async def read(self, max_bytes: int, *_: object) -> bytes:
        return b"refused"


def test_write_error():
    """A request that cannot be written does not keep its answer from being read."""
    stream = Stream(Broken(httpcore.WriteError()), Wire())
    stream.write(b"a" * 100)
    assert b"refused" == stream.read(100)

    async def main() -> None:
        stream = AsyncStream(AsyncBroken(httpcore.WriteError()), Wire())
        await stream.write(b"a" * 100)
        assert b"refused" == await stream.read(100)

    anyio.run(main)


def test_kept_back():
    """Little is kept back until something is read; much is sent at once."""
    inner = Broken(None)
    stream = Stream(inner, Wire())
    stream.write(b"a" * 100)
    assert [] == inner.written
    stream.write(b"a" * 100_000)
    assert b"a" * 100_100 == b"".join(inner.written)
    assert max(map(len, inner.written)) <= 16384

    async def main() -> None:
        inner = AsyncBroken(None)
        stream = AsyncStream(inner, Wire())
        await stream.write(b"a" * 100)
        assert [] == inner.written
        await stream.write(b"a" * 100_000)
        assert [b"a" * 100_100] == inner.written

    anyio.run(main)


def test_unused():
    """A wire that never was connected can be closed and disowned."""
    wire = Wire()
    wire.close()
    wire.disown()


@pytest.mark.parametrize("colour", COLOURS)
def test_disowned_closed(colour):
    """A wire that is closed can still be disowned, and touches no other descriptor."""
    with serve(KEEPS) as server, sender(colour) as ours:
        ours.send(post(server.url))
        (pool,) = ours.transport._pools.values()
        (line,) = pool.lines
        ours.close()
        line.wire.disown()


def test_next_address(monkeypatch):
    """An address on which nobody answers is passed over."""
    look_up = socket.getaddrinfo

    def two(host: str, port: int, *args: object, **kwargs: object) -> list[object]:
        if host != "localhost":
            return look_up(host, port, *args, **kwargs)
        return [(2, 1, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    with serve(KEEPS) as server, sender("sync") as ours:
        assert b"hello" == ours.send(post(f"http://localhost:{server.port}/"))
        with pytest.raises(httpx.ConnectError, match="refused"):
            ours.send(post(f"http://localhost:{closed_port()}/"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    with sender("sync") as ours, pytest.raises(httpx.ConnectError, match="no address"):
        ours.send(post("http://localhost:1/"))
