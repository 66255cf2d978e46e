"""Which request gets which connection: at most so many at once, who came first goes first.

An idle connection is taken from the top of its stack, for the one used last is the least likely to
have been dropped, and the others may then expire. A connection carries one request at a time, and
each step costs the same however many there are; httpcore's own way looks at all connections for
every request that comes or goes.

No I/O. The lock is the caller's: everything here is called with it in hand. A KeyboardInterrupt may
strike between any two instructions all the same, so nothing is counted that has to be given back: a
request is known by a weak reference, a connection in use is in a set of weak ones, and what was
lost on the way leaves its place when it is collected.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

# httpx's default. Fifty thousand instances in batches of 1000 need no more.
MAX_CONNECTIONS: Final = 100
# Seconds. Load balancers drop idle connections after 60 by default (ALB, nginx: 75); whoever drops
# first should be us, because then no request can be on its way.
KEEPALIVE: Final = 50.0


class Poolable(Protocol):
    """What a pool needs to know of a connection."""

    key: Hashable
    """Equal for all that one connection can serve."""
    is_clean: bool
    """Whether it may carry another request."""
    expires_at: float
    """The moment at which it is closed if it is idle."""

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=Poolable)


class Waiter(Protocol):
    """What a pool needs to know of a request: httpcore's PoolRequest, or the like."""

    connection: Any

    def assign_to_connection(self, connection: Any) -> None:  # noqa: ANN401 - httpcore's signature
        """Take a connection, and wake up whoever waits for one."""
        ...


def _expiry(stack: deque[C]) -> float:
    return stack[0].expires_at


# What a request that has left the queue has in the place of a connection.
_GONE: Final = object()


class Places(Generic[C]):
    """The connections of one process, and of one event loop.

    ``key`` tells where a request goes, ``open`` makes a connection there, which connects when it
    is first used.
    """

    def __init__(
        self,
        key: Callable[[Any], Hashable],
        open: Callable[[Hashable], C],  # noqa: A002 - the field's word
        most: int = MAX_CONNECTIONS,
        keepalive: float = KEEPALIVE,
    ) -> None:
        self._key = key
        self._open = open
        self.most = most
        self._keepalive = keepalive
        self._waiting: deque[weakref.ref[Waiter]] = deque()
        self._idle: dict[Hashable, deque[C]] = {}
        self._busy: weakref.WeakSet[C] = weakref.WeakSet()
        self.is_closed: bool = False

    def append(self, request: Waiter) -> None:
        """Let a request wait for its turn."""
        self._waiting.append(weakref.ref(request))

    def remove(self, request: Waiter) -> None:
        """Take the place of a request back, whether it has its answer or has given up."""
        connection: C | None = request.connection
        request.connection = _GONE
        if connection is None or connection is _GONE:
            return
        self._busy.discard(connection)
        if not connection.is_clean or self.is_closed:
            connection.close()
            return
        connection.expires_at = time.monotonic() + self._keepalive
        self._idle.setdefault(connection.key, deque()).append(connection)

    def assign(self) -> list[C]:
        """Give connections to those who wait; return what is to be closed.

        A request leaves the queue after it got its connection: if that was interrupted in the
        middle, the next one to come here does it again.
        """
        closing = self._expired(time.monotonic())
        while self._waiting:
            request = self._waiting[0]()
            if request is None or request.connection is _GONE:
                self._waiting.popleft()
                continue
            connection = request.connection
            if connection is None:
                if len(self._busy) >= self.most:
                    break
                connection = self._take(self._key(request), closing)
                self._busy.add(connection)
            request.assign_to_connection(connection)
            self._waiting.popleft()
        return closing

    def _take(self, key: Hashable, closing: list[C]) -> C:
        stack = self._idle.get(key)
        if stack:
            return stack.pop()
        if len(self._busy) + sum(map(len, self._idle.values())) >= self.most:
            # The one that would expire first makes room.
            oldest = min((stack for stack in self._idle.values() if stack), key=_expiry)
            closing.append(oldest.popleft())
        return self._open(key)

    def _expired(self, now: float) -> list[C]:
        found: list[C] = []
        for stack in self._idle.values():
            while stack and stack[0].expires_at <= now:
                found.append(stack.popleft())
        return found

    def close(self) -> list[C]:
        """Keep no connection from now on; return the idle ones, which are to be closed."""
        self.is_closed = True
        found = [connection for stack in list(self._idle.values()) for connection in stack]
        self._idle.clear()
        return found

    def all(self) -> list[C]:
        """Return every connection there is."""
        return [*self._busy, *(one for stack in list(self._idle.values()) for one in stack)]

    def __iter__(self) -> Iterator[Waiter]:
        return (request for ref in list(self._waiting) if (request := ref()) is not None)

    def __len__(self) -> int:
        return len(self._waiting)
