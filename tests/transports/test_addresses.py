"""Hosts with several addresses: the first one that answers is taken."""

from __future__ import annotations

import contextlib
import socket
import time

import httpx
import pytest

from patience import PATIENCE
from senders import post, sender
from servers import answer, closed_port, each, serve, take

KEEPS = [each(take, answer())]
HOST = "many.invalid"


@pytest.fixture
def resolve(monkeypatch):
    """Let a name have addresses on this machine, one for each port."""
    look_up = socket.getaddrinfo

    def having(*ports):
        def getaddrinfo(host, *given, **more):
            name = host.decode() if isinstance(host, bytes) else host
            if name != HOST:
                return look_up(host, *given, **more)
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, ("127.0.0.1", port)) for port in ports]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return having


@contextlib.contextmanager
def black_hole():
    """Yield a port whose connections are neither accepted nor refused: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]


def test_first_refuses(colour, resolve):
    """An address that refuses is passed over at once."""
    with serve(KEEPS) as server, sender(colour) as ours:
        resolve(closed_port(), server.port)
        assert b"hello" == ours.send(post(f"http://{HOST}/"))


def test_first_is_silent(colour, resolve):
    """An address that is a black hole does not use up the time limit for connecting."""
    with black_hole() as silent, serve(KEEPS) as server, sender(colour) as ours:
        resolve(silent, server.port)
        begun = time.monotonic()
        assert b"hello" == ours.send(post(f"http://{HOST}/"))
        assert time.monotonic() - begun < PATIENCE


def test_all_refuse(colour, resolve):
    """Where all addresses refuse, the error is one of connecting."""
    with sender(colour) as ours:
        resolve(closed_port(), closed_port())
        with pytest.raises(httpx.ConnectError):
            ours.send(post(f"http://{HOST}/"))


def test_all_are_silent(colour, resolve):
    """Where no address answers, the attempt ends at its time limit."""
    with black_hole() as silent, black_hole() as other, sender(colour) as ours:
        resolve(silent, other)
        begun = time.monotonic()
        with pytest.raises(httpx.ConnectTimeout):
            ours.send(post(f"http://{HOST}/", within=0.6))
        assert time.monotonic() - begun < PATIENCE


def test_one_is_silent(colour, resolve):
    """So it is with a single address."""
    with black_hole() as silent, sender(colour) as ours:
        resolve(silent)
        with pytest.raises(httpx.ConnectTimeout):
            ours.send(post(f"http://{HOST}/", within=0.3))


def test_loser_is_closed(colour, resolve):
    """A connection that loses the race is closed, and only the winner is used."""
    with black_hole() as silent, serve(KEEPS) as server, sender(colour) as ours:
        resolve(silent, server.port, server.port)
        for _ in range(2):
            assert b"hello" == ours.send(post(f"http://{HOST}/"))
        assert 1 == server.connections


def test_no_address(colour, resolve):
    """A name without an address is an error of connecting."""
    with sender(colour) as ours:
        resolve()
        with pytest.raises(httpx.ConnectError):
            ours.send(post(f"http://{HOST}/"))
