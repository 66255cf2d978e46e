"""Streams, one step at a time: what a socket, an event loop or TLS does to them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time

import pytest
import trio
import uvloop

from ec2lite.transports import asyncio_socket, sockets, trio_socket
from ec2lite.transports.asyncio_socket import TransportSocket
from ec2lite.transports.sockets import AwaitedSocket, BlockingSocket, received_now
from ec2lite.transports.stream import Stream, TLSStream
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
    """A carrier that gives what it is told to."""

    def __init__(self, *heard):
        self.heard = list(heard)

    def poll(self):
        return self.heard.pop(0)


class Peer:
    """A TLS server without I/O, and a client's end that has shaken hands with it."""

    def __init__(self, directory, *heard):
        bundle, context = certificate(directory)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.below = Below(*heard)
        trusting = ssl.create_default_context(cafile=bundle)
        self.client = TLSStream(Stream(self.below), trusting, "127.0.0.1")
        steps = self.client.shake_hands(None)
        self.below.send, self.below.receive = "send", "receive"
        step, given = next(steps), None
        with contextlib.suppress(StopIteration):
            while True:
                if step[0] == "send":
                    self.incoming.write(step[1])
                    with contextlib.suppress(ssl.SSLWantReadError):
                        self.end.do_handshake()
                    given = None
                else:
                    given = self.outgoing.read()
                step = steps.send(given)

    def say(self, data):
        """Return what the client must be fed with to hear that."""
        self.end.write(data)
        return self.outgoing.read()


def test_polled(tmp_path):
    """Two records that arrive together are both seen, although the socket has nothing any more."""
    peer = Peer(tmp_path)
    ours = peer.client
    peer.below.heard = [peer.say(b"one") + peer.say(b"two"), None]
    assert [b"one", b"two", None] == [ours.poll(), ours.poll(), ours.poll()]


def test_polled_end(tmp_path):
    """An end without a word, a proper end and a broken record are an end when polled."""
    assert b"" == Peer(tmp_path, b"").client.poll()
    peer = Peer(tmp_path)
    with pytest.raises(ssl.SSLWantReadError):
        peer.end.unwrap()
    peer.below.heard = [peer.outgoing.read()]
    assert b"" == peer.client.poll()
    assert b"" == Peer(tmp_path, b"HTTP/1.1 200 OK\r\n" * 3).client.poll()


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
        sockets.connect("name", 80, None)
    with pytest.raises(OSError, match="is no name of a host"):
        asyncio.run(asyncio_socket.connect("name", 80, None))
    with pytest.raises(OSError, match="is no name of a host"):
        trio.run(trio_socket.connect, "name", 80, None)


def test_option_that_is_refused(monkeypatch):
    """A socket whose options cannot be set is closed."""
    monkeypatch.setattr(sockets, "OPTIONS", ((99, 99, 99),))
    with pytest.raises(OSError, match=r"."):
        sockets.new_socket(socket.AF_INET)


def test_refused_at_once(monkeypatch):
    """An address that is refused without waiting is an error, or the next one is tried."""
    with serve([take]) as server:
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        with pytest.raises(OSError, match=r"."):
            sockets._race([(socket.AF_UNIX, "/nowhere/at/all")], time.monotonic() + 5)
        monkeypatch.setattr(sockets, "OPTIONS", ())
        found = [(socket.AF_UNIX, "/nowhere/at/all"), good]
        BlockingSocket(sockets._race(found, time.monotonic() + 5)).close()


def test_no_time_for_an_address():
    """Where time is over before a socket could be waited for, none is ready."""
    with socket.socket() as sock:
        assert [] == sockets._wait([sock], time.monotonic() - 1)


def test_nothing_to_read(pair):
    """Asyncio may wake for nothing; then it is waited for on, up to the limit."""
    ours, theirs = pair

    async def main():
        made = AwaitedSocket(ours, asyncio_socket.readable, asyncio_socket.writable)
        with pytest.raises(TimeoutError):
            await made.receive(10, time.monotonic() + 0.05)
        assert made.poll() is None
        asyncio.get_running_loop().call_later(0.05, theirs.send, b"hello")
        assert b"hello" == await made.receive(10, None)
        made.close()

    asyncio.run(main())


def test_nowhere_to_write(pair):
    """A peer that reads nothing is waited for, up to the limit."""

    async def main():
        made = AwaitedSocket(pair[0], asyncio_socket.readable, asyncio_socket.writable)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await made.send(b"x" * 10_000_000, time.monotonic() + 0.1)
        made.close()

    asyncio.run(main())


def test_transport(pair):
    """On uvloop, too: what has come is polled, a slow peer is waited for, the end is the end."""
    ours, theirs = pair

    async def main():
        loop = asyncio.get_running_loop()
        made = (await loop.create_connection(lambda: TransportSocket(ours), sock=ours))[1]
        assert made.poll() is None
        theirs.send(b"hello")
        await asyncio.sleep(0.05)
        assert b"hello" == made.poll()
        # More than may wait: the peer waits until some of it was taken.
        made.data_received(b"y" * 300_000)
        assert b"y" * 300_000 == b"".join(iter(made.poll, None))
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
        await asyncio_socket.connect("127.0.0.1", port, time.monotonic() + 5)

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
        await asyncio_socket._race([(socket.AF_INET, ("127.0.0.1", 1))] * 2)

    monkeypatch.setattr(asyncio_socket, "_dial", dial)
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
            asyncio_socket._close_loser(task)
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
        made = AwaitedSocket(ours, trio_socket.readable, trio_socket.writable)
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
        trio.run(trio_socket.connect, "127.0.0.1", 9, None)


def test_turn_without_time():
    """A turn whose time is over is not waited for; one that came in time is taken."""
    turn = Turn(1, {"deadline": time.monotonic() - 1}, LookupError)
    with pytest.raises(LookupError, match="all 1 connections"):
        turn.wait()
    turn = Turn(1, {}, LookupError)
    turn.set()
    turn.set()
    turn.wait()
