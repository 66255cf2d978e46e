"""Streams, one step at a time: what a socket, an event loop or TLS does to them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

import pytest
import trio
import uvloop

from ec2lite.transports import asyncio_stream, stream, trio_stream
from ec2lite.transports.async_stream import AsyncTLSStream
from ec2lite.transports.asyncio_stream import ReaderStream, TransportStream
from ec2lite.transports.encryption import Encryption
from ec2lite.transports.stream import SocketStream, TLSStream, received_now
from ec2lite.transports.trio_stream import TrioStream
from ec2lite.transports.turn import Turn
from servers import certificate, serve, take


@pytest.fixture
def pair():
    """Return two sockets that are connected, the first of which does not block."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


class Below:
    """A stream that gives what it is told to, and can be closed."""

    socket = None

    def __init__(self, *heard):
        self.heard = list(heard)
        self.calls = []

    def poll(self):
        return self.heard.pop(0)

    def abandon(self):
        self.calls.append("abandon")

    def close(self):
        self.calls.append("close")


class Peer:
    """A TLS server without I/O, and a client's end that has shaken hands with it."""

    def __init__(self, directory):
        bundle, context = certificate(directory)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.client = Encryption(ssl.create_default_context(cafile=bundle), "127.0.0.1")
        is_done = False
        while not is_done:
            is_done = self.client.shake_hands()
            self.incoming.write(self.client.to_send())
            try:
                self.end.do_handshake()
            except ssl.SSLWantReadError:
                is_done = False
            if not is_done:
                self.client.feed(self.outgoing.read())

    def say(self, data):
        """Return what the client must be fed with to hear that."""
        self.end.write(data)
        return self.outgoing.read()


def test_polled(tmp_path):
    """Two records that arrive together are both seen, although the socket has nothing any more."""
    peer = Peer(tmp_path)
    heard = peer.say(b"one") + peer.say(b"two")
    ours = TLSStream(Below(heard, None), peer.client)
    assert [b"one", b"two", None] == [ours.poll(), ours.poll(), ours.poll()]


def test_polled_end(tmp_path):
    """An end without a word, a proper end and a broken record are an end when polled."""
    assert b"" == TLSStream(Below(b""), Peer(tmp_path).client).poll()
    peer = Peer(tmp_path)
    with pytest.raises(ssl.SSLWantReadError):
        peer.end.unwrap()
    assert b"" == TLSStream(Below(peer.outgoing.read()), peer.client).poll()
    assert b"" == TLSStream(Below(b"HTTP/1.1 200 OK\r\n" * 3), Peer(tmp_path).client).poll()


def test_abandoned(tmp_path):
    """TLS is closed and abandoned with the stream below it."""
    below = Below()
    for kind in (AsyncTLSStream, TLSStream):
        ours = kind(below, Peer(tmp_path).client)
        ours.close()
        ours.abandon()
    assert ["close", "abandon"] * 2 == below.calls


def test_received_now(pair):
    """A socket has nothing, something, its end, or is broken, which is an end."""
    ours, theirs = pair
    assert received_now(ours) is None
    theirs.send(b"x")
    assert b"x" == received_now(ours)
    theirs.close()
    assert b"" == received_now(ours)
    ours.close()
    assert b"" == received_now(ours)


def test_name_that_cannot_be(monkeypatch):
    """A name that no resolver takes is an OSError."""

    def refuse(*_, **__):
        raise UnicodeError("label too long")

    async def arefuse(*_, **__):
        refuse()

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(trio, "open_tcp_stream", arefuse)
    with pytest.raises(OSError, match="is no name of a host"):
        stream.connect("name", 80, None)
    with pytest.raises(OSError, match="is no name of a host"):
        asyncio.run(asyncio_stream.connect("name", 80, None))
    with pytest.raises(OSError, match="is no name of a host"):
        trio.run(trio_stream.connect, "name", 80, None)


def test_option_that_is_refused(monkeypatch):
    """A socket whose options cannot be set is closed."""
    monkeypatch.setattr(stream, "OPTIONS", ((99, 99, 99),))
    with pytest.raises(OSError, match=r"."):
        stream.new_socket(socket.AF_INET)


def test_refused_at_once(monkeypatch):
    """An address that is refused without waiting is an error, or the next one is tried."""
    with serve([take]) as server:
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        with pytest.raises(OSError, match=r"."):
            stream._race([(socket.AF_UNIX, "/nowhere/at/all")], time.monotonic() + 5)
        monkeypatch.setattr(stream, "OPTIONS", ())
        found = [(socket.AF_UNIX, "/nowhere/at/all"), good]
        SocketStream(stream._race(found, time.monotonic() + 5)).close()


def test_no_time_for_an_address():
    """Where time is over before a socket could be waited for, none is ready."""
    with socket.socket() as sock:
        assert [] == stream._wait([sock], time.monotonic() - 1)


def test_nothing_to_read(pair):
    """Asyncio may say that a socket is readable when it is not any more."""

    async def main():
        ours = ReaderStream(pair[0])
        ours._take_from_socket()
        assert ours.poll() is None
        pair[1].send(b"hello")
        await asyncio.sleep(0.05)
        assert b"hello" == ours.poll()
        ours.close()

    asyncio.run(main())


def test_nowhere_to_write(pair):
    """A peer that reads nothing is waited for, up to the limit."""

    async def main():
        ours = ReaderStream(pair[0])
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await ours.send(b"x" * 10_000_000, time.monotonic() + 0.1)
        ours.close()

    asyncio.run(main())


def test_transport(pair):
    """On uvloop, too: what has come is polled, a slow peer is waited for, the end is the end."""
    ours, theirs = pair

    async def main():
        loop = asyncio.get_running_loop()
        made = (await loop.create_connection(lambda: TransportStream(ours), sock=ours))[1]
        assert made.poll() is None
        theirs.send(b"hello")
        await asyncio.sleep(0.05)
        assert b"hello" == made.poll()
        sending = asyncio.create_task(made.send(b"x" * 4_000_000, time.monotonic() + 20))
        theirs.settimeout(20)
        left = 4_000_000
        while left:
            left -= len(await loop.run_in_executor(None, theirs.recv, 1 << 20))
        await sending
        theirs.close()
        assert b"" == await made.receive(10, time.monotonic() + 20)
        await asyncio.sleep(0.05)
        await made.send(b"nobody reads this", time.monotonic() + 20)
        assert b"" == made.poll()
        made.close()
        await asyncio.sleep(0)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_transport_that_is_refused():
    """A socket that an event loop will not take is closed."""
    seen = []

    class Loop(uvloop.Loop):
        async def create_connection(self, *given, sock, **more):
            seen.append(sock)
            raise OSError("no")

    async def main(port):
        await asyncio_stream.connect("127.0.0.1", port, time.monotonic() + 5)

    with (
        serve([take]) as server,
        asyncio.Runner(loop_factory=Loop) as runner,
        pytest.raises(OSError, match="no"),
    ):
        runner.run(main(server.port))
    assert [-1] == [each.fileno() for each in seen]


def test_race_that_breaks(monkeypatch):
    """What is no error of a network ends the race at once."""

    async def dial(*_):
        raise ZeroDivisionError

    async def main():
        await asyncio_stream._race([(socket.AF_INET, ("127.0.0.1", 1))] * 2)

    monkeypatch.setattr(asyncio_stream, "_dial", dial)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())


def test_loser():
    """A socket that was connected too late is closed; what failed or was given up has none."""

    async def win(sock):
        return sock

    async def lose():
        raise OSError

    async def main():
        sock = socket.socket()
        tasks = [asyncio.ensure_future(each) for each in (win(sock), lose(), asyncio.sleep(9))]
        await asyncio.sleep(0)
        tasks[2].cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            asyncio_stream._close_loser(task)
        assert -1 == sock.fileno()

    asyncio.run(main())


def test_trio_wakes_for_nothing(pair, monkeypatch):
    """Trio may say that a socket is readable when it is not any more; a closed one is an end."""
    ours, theirs = pair
    woken = []

    async def at_once(_):
        woken.append(1)
        if len(woken) > 1:
            theirs.send(b"hello")
        await trio.lowlevel.checkpoint()

    async def main():
        made = TrioStream(ours)
        with monkeypatch.context() as patch:
            patch.setattr(trio.lowlevel, "wait_readable", at_once)
            assert b"hello" == await made.receive(10, None)
        assert 2 == len(woken)
        made.close()
        assert b"" == await made.receive(10, None)

    trio.run(main)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_ctrl_c_while_trio_connects(error, monkeypatch):
    """Trio connects in a nursery: a Ctrl-C comes out of its group, another error stays in it."""

    async def fail(*_):
        assert trio.lowlevel.currently_ki_protected()
        async with trio.open_nursery():
            raise error

    monkeypatch.setattr(trio, "open_tcp_stream", fail)
    expected = KeyboardInterrupt if error is KeyboardInterrupt else BaseExceptionGroup
    with pytest.raises(expected):
        trio.run(trio_stream.connect, "127.0.0.1", 9, None)


def test_turn_without_time():
    """A turn whose time is over is not waited for; one that came in time is taken."""
    turn = Turn(1, {"deadline": time.monotonic() - 1}, LookupError)
    with pytest.raises(LookupError, match="all 1 connections"):
        turn.wait()
    turn = Turn(1, {}, LookupError)
    turn.set()
    turn.set()
    turn.wait()
