"""Whose connections they are: a process's, an event loop's, and for how long.

After ``fork()`` a child has copies of its parent's sockets, and an event loop that has ended leaves
sockets that only it could close. Neither may be used, and nothing may be said on them.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final, Generic, NoReturn, TypeVar

from ec2lite.errors import ConfigError
from ec2lite.transports.pool import AsyncGate, Gate, Shelf
from ec2lite.transports.route import Line, Router

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Hashable, Mapping

G = TypeVar("G", Gate, AsyncGate)

# httpx's default. Fifty thousand instances in batches of 1000 need no more.
MAX_CONNECTIONS: Final = 100
# Seconds. Load balancers drop idle connections after 60 by default (ALB, nginx: 75); whoever drops
# first should be us, because then no request can be on its way.
KEEPALIVE: Final = 50.0


class Pool(Generic[G]):
    """The connections of one process, and of one event loop (None for threads and trio)."""

    def __init__(self, gate: G, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.gate: G = gate
        self.shelf: Shelf[Line] = Shelf()
        self.lines: set[Line] = set()
        self.pid: int = os.getpid()
        self.loop = loop

    def is_orphan(self) -> bool:
        """Whether its process is our parent, or its event loop is gone."""
        return self.pid != os.getpid() or (self.loop is not None and self.loop.is_closed())

    def disown(self) -> None:
        """Drop everything, without a word to the servers."""
        for line in list(self.lines):
            line.wire.disown()

    def surplus(self) -> list[Line]:
        """Take out what must be closed before one more connection is opened."""
        busy = self.gate.places - self.gate.free
        return self.shelf.oldest() if busy + len(self.shelf) > self.gate.places else []


class Base(Generic[G]):
    """A transport, as far as it does not depend on the colour."""

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        keepalive_expiry: float = KEEPALIVE,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._max_connections = max_connections
        self._keepalive = keepalive_expiry
        self._router = Router(ca_bundle, environ)
        self._pools: dict[Hashable, Pool[G]] = {}
        self._is_closed = False

    def __repr__(self) -> str:
        lines = sum(len(pool.lines) for pool in list(self._pools.values()))
        return f"<{type(self).__name__}: {lines} connections>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds connections and cannot be pickled or copied")

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConfigError(f"the {type(self).__name__} is closed")

    def _settle(self, key: Hashable, pool: Pool[G]) -> Pool[G]:
        """Move to another process or event loop. Two threads that do it agree on one pool."""
        pool = self._pools.setdefault(key, pool)
        self._forget_orphans()
        return pool

    def _forget_orphans(self) -> None:
        for key, pool in list(self._pools.items()):
            if pool.is_orphan():
                self._pools.pop(key, None)
                pool.disown()

    def _keep(self, pool: Pool[G], line: Line, *, whole: bool) -> bool:
        """Lay a line on the shelf, if it may carry another request."""
        if self._is_closed or not whole or not line.is_clean():
            return False
        line.is_used = True
        pool.shelf.put(line.key, line, time.monotonic() + self._keepalive)
        return True
