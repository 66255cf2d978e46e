"""The network stream on asyncio's own transports."""

from __future__ import annotations

import asyncio
import os
import socket
import time

import anyio
import httpcore
import pytest

from ec2lite.transports import aio
from servers import Peer, certificate, each, pause, reset, serve, stall


def test_is_running():
    """Only a task of asyncio's is one; trio's, and no task at all, are not."""

    async def ask() -> bool:
        return aio.is_running()

    assert anyio.run(ask)
    assert not anyio.run(ask, backend="trio")
    assert not aio.is_running()


def test_parts():
    """No more is returned than was asked for, and nothing is lost."""

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        await asyncio.sleep(0.1)
        assert stream.get_extra_info("is_readable")
        got = [await stream.read(4, 1) for _ in range(4)]
        assert [b"hell", b"o wo", b"rld", b""] == got
        assert stream.get_extra_info("is_readable")
        assert None is stream.get_extra_info("ssl_object")
        await stream.aclose()

    with serve([b"hello ", pause(0.01), b"world"]) as server:
        asyncio.run(main(server.port))


def test_flood():
    """A server that sends what nobody reads is slowed down, and goes on when it is read."""
    content = os.urandom(20_000_000)

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        await asyncio.sleep(0.2)
        assert stream._size < 1_000_000
        got = bytearray()
        while data := await stream.read(65536, 5):
            assert len(data) <= 65536
            got += data
        assert content == got
        await stream.aclose()

    with serve([content]) as server:
        asyncio.run(main(server.port))


def test_slow_reader():
    """A large write waits for a peer that reads slowly, as long as it may."""
    size = 20_000_000
    got = bytearray()

    def read_later(peer: Peer) -> None:
        peer.wait(0.1)
        while len(got) < size:
            got.extend(peer.receive())

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        await stream.write(b"x" * size, 10)
        await stream.aclose()

    with serve([read_later]) as server:
        asyncio.run(main(server.port))
    assert len(got) > size / 2

    async def late(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        start = time.monotonic()
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(b"x" * size, 0.1)
        assert time.monotonic() - start < 3
        await stream.aclose()

    with serve([pause(60)]) as server:
        asyncio.run(late(server.port))


def test_write_to_nobody():
    """A write to a peer that is gone does not hang."""

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        await asyncio.sleep(0.1)
        await stream.write(b"x" * 20_000_000, None)
        with pytest.raises(httpcore.ReadError, match=r"\w"):
            await stream.read(1)
        await stream.aclose()

    with serve([reset]) as server:
        asyncio.run(main(server.port))


def test_reader_goes_away():
    """A write that waits for a slow peer ends when the peer resets the connection."""

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        await asyncio.wait_for(stream.write(b"x" * 20_000_000, None), 5)
        with pytest.raises(httpcore.ReadError):
            await stream.read(1)
        await stream.aclose()

    with serve([pause(0.1), reset]) as server:
        asyncio.run(main(server.port))


def test_closed_at_once():
    """After closing, the socket is closed, though the loop should take no further turn."""

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        sock = stream.get_extra_info("socket")
        await stream.aclose()
        assert -1 == sock.fileno()

    with serve([stall]) as server:
        asyncio.run(main(server.port))


def test_read_timeout():
    """A read ends when its time is over, and what comes in that moment is not lost."""

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, 0.05)
        waiter = stream._loop.create_future()
        waiter.set_result(None)
        aio._expire(waiter, httpcore.ReadTimeout)
        stream._waiter = waiter
        stream.data_received(b"a")
        assert b"a" == await stream.read(1, 0.05)
        await stream.aclose()

    with serve([stall]) as server:
        asyncio.run(main(server.port))


def test_connect_timeout():
    """A connection that is not made in time is a ConnectTimeout."""

    async def main(port: int) -> None:
        with pytest.raises(httpcore.ConnectTimeout):
            await aio.connect("127.0.0.1", port, 0)

    with serve([stall]) as server:
        asyncio.run(main(server.port))


def test_bad_name(monkeypatch):
    """A name that DNS cannot have is a ConnectError."""

    def refuse(*_: object, **__: object) -> None:
        raise UnicodeError("label too long")

    async def main() -> None:
        with pytest.raises(httpcore.ConnectError, match="label too long"):
            await aio.connect("a" * 70, 1, 5)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    asyncio.run(main())


def test_tls(tmp_path):
    """Bytes pass encrypted, and the names of the certificate can be asked for."""
    import ssl

    bundle, context = certificate(tmp_path)

    async def main(port: int) -> None:
        stream = await aio.connect("127.0.0.1", port, 5)
        trust = ssl.create_default_context(cafile=bundle)
        stream = await stream.start_tls(trust, "127.0.0.1", 5)
        await stream.write(b"x" * 300_000, 5)
        got = b""
        while len(got) < 300_000:
            got += await stream.read(65536, 5)
        assert "TLSv1.3" == stream.get_extra_info("ssl_object").version()
        await stream.aclose()

    def echo(peer: Peer) -> None:
        peer.socket.sendall(peer.receive())

    with serve([each(echo)], tls=context) as server:
        asyncio.run(main(server.port))
