"""Whose a transport's connections are: a pool for each process and each event loop.

After ``fork()`` a child has copies of its parent's sockets, and an event loop that has ended leaves
sockets that only it could have closed. Neither may be used, and nothing may be said on them.
"""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar

from attrs import define

from ec2lite import checks
from ec2lite.errors import ConfigError
from ec2lite.transports.loops import at_the_end
from ec2lite.transports.pool import KEEPALIVE, MAX_CONNECTIONS, Places
from ec2lite.transports.routes import CLOSED, Routes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Pooled(Protocol):
    """What holds the connections of one home."""

    places: Places[Any]


P = TypeVar("P", bound=Pooled)


@define(eq=False, repr=False)
class Home(Generic[P]):
    """A pool, and whose it is: a process's, and an event loop's (None for threads)."""

    pool: P
    pid: int
    loop: weakref.ref[Any] | None
    # What calls ``end`` when the loop ends.
    guard: object = None
    is_over: bool = False

    def is_orphaned(self) -> bool:
        """Whether its process is our parent, or its event loop is gone."""
        if self.pid != os.getpid():
            return True
        if self.loop is None:
            return False
        loop = self.loop()
        # trio's have no such method.
        return self.is_over or loop is None or getattr(loop, "is_closed", bool)()

    def end(self) -> None:
        """Close everything, for the event loop ends; called in it."""
        self.is_over = True
        for connection in self.pool.places.all():
            connection.close()

    def disown(self) -> None:
        """Close our copies of the sockets, without a word on them and to no event loop."""
        for connection in self.pool.places.all():
            connection.disown()


class Homes(Generic[P]):
    """A transport, as far as it depends neither on the colour nor on who speaks HTTP."""

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        keepalive_expiry: float = KEEPALIVE,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        # Not httpx's constructor, which would make a pool of its own, and an SSL context.
        self._check()
        self._max_connections = checks.whole("max_connections", max_connections)
        self._keepalive = checks.seconds("keepalive_expiry", keepalive_expiry)
        if environ is not None:
            checks.having("get")("environ", environ)
        self._routes = Routes(ca_bundle, environ)
        self._homes: dict[tuple[int, int], Home[P]] = {}

    def __repr__(self) -> str:
        connections = sum(len(home.pool.places.all()) for home in list(self._homes.values()))
        return f"<{type(self).__name__}: {connections} connections>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds connections and cannot be pickled or copied")

    def _check(self) -> None:
        """Raise ConfigError if what the transport needs is not there."""
        raise NotImplementedError

    def _new_pool(self) -> P:
        raise NotImplementedError

    def _home(self, loop: object | None) -> P:
        """Return the pool of this process and event loop."""
        if self._routes.is_closed:
            raise ConfigError(CLOSED)
        home = self._homes.get((os.getpid(), id(loop)))
        if home is None or home.is_orphaned():
            home = self._settle(loop)
        return home.pool

    def _settle(self, loop: object | None) -> Home[P]:
        """Move to another process or event loop. Two threads that do it agree on one pool."""
        self._forget_orphans()
        home = Home(self._new_pool(), os.getpid(), None if loop is None else weakref.ref(loop))
        home = self._homes.setdefault((os.getpid(), id(loop)), home)
        if loop is not None:
            home.guard = at_the_end(home.end)
        return home

    def _forget_orphans(self) -> None:
        for key, home in list(self._homes.items()):
            if home.is_orphaned():
                self._homes.pop(key, None)
                home.disown()
