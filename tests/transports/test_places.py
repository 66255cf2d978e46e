"""The bookkeeping of connections, and what httpcore's classes are told of it."""

from __future__ import annotations

import asyncio
import os
import sys
from unittest import mock

import h11
import httpcore
import pytest
from attrs import define

from ec2lite.errors import ConfigError
from ec2lite.transports import connection
from ec2lite.transports.backend import AsyncLine, Line
from ec2lite.transports.homes import Home
from ec2lite.transports.loops import event_loop
from ec2lite.transports.pool import Places
from ec2lite.transports.routes import Key, Routes
from ec2lite.transports.stream import Stream
from ec2lite.transports.transport import AsyncPool

KEY = Key(b"http", b"127.0.0.1", 80, is_direct=False)


@define(eq=False, slots=False)
class Request:
    """What waits for a connection."""

    connection: object = None

    def assign_to_connection(self, connection):
        self.connection = connection


def places(most=1):
    """Return places whose connections are mocks."""
    return Places(lambda request: "key", lambda key: mock.Mock(is_clean=False), most)


def test_interrupted_assignment():
    """A request that got its connection, and is still in the queue, is told once more."""
    ours, request = places(), Request()
    ours.append(request)
    assert [request] == list(ours)
    request.connection = given = mock.Mock()
    ours._busy.add(given)
    ours.assign()
    assert (given, []) == (request.connection, list(ours))


def test_home_of_a_parent():
    """What belongs to another process is orphaned."""
    assert Home(mock.Mock(), os.getpid() - 1, None).is_orphaned()
    assert not Home(mock.Mock(), os.getpid(), None).is_orphaned()


def test_pool_closes():
    """Httpcore's async pool closes what ours hands to it."""
    closing = [mock.Mock(), mock.Mock()]
    asyncio.run(AsyncPool(places())._close_connections(closing))
    assert [1, 1] == [each.close.call_count for each in closing]


def test_errors_that_httpcore_lets_pass():
    """h11's own error, and a connection that is closed, have httpcore's names."""
    local = connection._translated(h11.LocalProtocolError("too much"))
    assert isinstance(local, httpcore.LocalProtocolError)
    assert isinstance(connection._translated(RuntimeError()), httpcore.ReadError)


def test_disowned_unconnected():
    """A connection that was never opened has nothing to disown."""
    unconnected = connection.Connection(KEY, Routes(None, {}))
    unconnected.disown()
    unconnected.abandon()


def test_write_after_the_peers_end():
    """What a server does not take any more is no error: its answer may be there to be read."""
    ours = Line(None, None)
    carrier = mock.Mock()
    ours.stream = Stream(carrier)
    carrier.send.side_effect = ConnectionResetError
    carrier.receive.return_value = b"HTTP/1.1 400 Bad Request"
    ours.write(b"x" * 1_000_000, 5.0)
    ours.write(b"x", 5.0)
    assert b"HTTP/1.1 400 Bad Request" == ours.read(1000, 5.0)


def test_async_write_after_the_peers_end():
    """So it is when it is awaited."""
    ours = AsyncLine(None, None)
    carrier = mock.AsyncMock()
    ours.stream = Stream(carrier)
    carrier.send.side_effect = ConnectionResetError
    carrier.receive.return_value = b"HTTP/1.1 400 Bad Request"

    async def main():
        await ours.write(b"x" * 1_000_000, 5.0)
        await ours.write(b"x", 5.0)
        return await ours.read(1000, 5.0)

    assert b"HTTP/1.1 400 Bad Request" == asyncio.run(main())


def test_no_event_loop(monkeypatch):
    """Where neither asyncio nor trio runs, the error says what is missing."""
    monkeypatch.setitem(sys.modules, "trio", None)
    with pytest.raises(ConfigError, match="event loop"):
        event_loop()
