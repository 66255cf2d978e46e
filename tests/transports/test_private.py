"""The private names of httpx, httpcore and h11: where one is gone, no transport is made."""

from __future__ import annotations

import httpcore
import httpx
import pytest

from ec2lite.errors import ConfigError
from ec2lite.transports import private
from ec2lite.transports.transport import AsyncTransport, Transport

MADE = [Transport, AsyncTransport]


def renamed(function, name):
    """Return a function whose code uses another name, as one of a later version may."""
    code = function.__code__
    names = tuple("renamed" if each == name else each for each in code.co_names)
    return type(function)(code.replace(co_names=names), function.__globals__)


@pytest.mark.parametrize("made", MADE)
def test_all_are_there(made):
    """With the versions that are installed nothing is missing."""
    private.check()
    made(environ={})


@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("kind", [httpx.HTTPTransport, httpx.AsyncHTTPTransport])
def test_pool_of_httpx(monkeypatch, kind, made):
    """Httpx's transports must send by ``_pool``."""
    method = "handle_async_request" if "Async" in kind.__name__ else "handle_request"
    new = renamed(getattr(kind, method), "_pool")
    monkeypatch.setattr(kind, method, new)
    with pytest.raises(ConfigError, match=rf"lacks {kind.__name__}\._pool: install httpx"):
        made(environ={})


@pytest.mark.parametrize("name", private._POOL)
@pytest.mark.parametrize("kind", [httpcore.ConnectionPool, httpcore.AsyncConnectionPool])
def test_names_of_the_pools(monkeypatch, kind, name):
    """Httpcore's pools must assign connections by the methods that we replace."""
    method = "handle_async_request" if "Async" in kind.__name__ else "handle_request"
    monkeypatch.setattr(kind, method, renamed(getattr(kind, method), name))
    with pytest.raises(ConfigError, match=rf"{kind.__name__}\.{name}"):
        Transport(environ={})


@pytest.mark.parametrize("name", private._CLIENT)
@pytest.mark.parametrize("kind", [httpx.Client, httpx.AsyncClient])
def test_names_of_the_clients(monkeypatch, kind, name):
    """Httpx's clients must say which transport they would use."""
    monkeypatch.delattr(kind, name)
    with pytest.raises(ConfigError, match=rf"lacks {kind.__name__}\.{name}"):
        Transport(environ={})


def test_connection_below(monkeypatch):
    """Httpcore's connections must hold the one that speaks HTTP/1.1."""
    made = httpcore.HTTPConnection.__init__

    def without(self, *given, **more):
        made(self, *given, **more)
        del self._connection

    monkeypatch.setattr(httpcore.HTTPConnection, "__init__", without)
    with pytest.raises(ConfigError, match=r"lacks HTTPConnection\._connection"):
        Transport(environ={})


def test_unread_bytes(monkeypatch):
    """What h11 holds beyond an answer must be there to be looked at."""
    made = httpcore.HTTP11Connection.__init__

    def without(self, *given, **more):
        made(self, *given, **more)
        del self._h11_state

    monkeypatch.setattr(httpcore.HTTP11Connection, "__init__", without)
    with pytest.raises(ConfigError, match="trailing_data"):
        Transport(environ={})


def test_waiting_requests():
    """Httpcore's waiting requests must have the event that we replace."""
    with pytest.raises(ConfigError, match=r"PoolRequest\._connection_acquired"):
        private.wake_by(object(), None)
