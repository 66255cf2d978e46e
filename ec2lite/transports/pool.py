"""The bookkeeping of connections: who may have one, and which are idle. No I/O.

A transport lets a request in through a ``Gate`` (at most so many at once, first come first
served), and takes a connection from a ``Shelf`` (the one used last, for it is the least likely to
have been dropped, and the others may then expire). That is all a pool has to do for connections
that carry one request at a time, and each step costs the same however many there are.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import anyio
import httpcore

if TYPE_CHECKING:
    from collections.abc import Hashable

T = TypeVar("T")

_FULL: Final = "all {} connections are in use, and none became free in time"


class Shelf(Generic[T]):
    """Idle things, a stack for each key. Safe under threads: a deque's steps are atomic."""

    def __init__(self) -> None:
        self._stacks: dict[Hashable, deque[tuple[float, T]]] = {}

    def put(self, key: Hashable, thing: T, expires_at: float) -> None:
        """Lay a thing on its stack until that time."""
        self._stacks.setdefault(key, deque()).append((expires_at, thing))

    def take(self, key: Hashable) -> T | None:
        """Return the thing of that key that was put there last, or None."""
        try:
            return self._stacks[key].pop()[1]
        except (KeyError, IndexError):
            return None

    def expired(self, now: float) -> list[T]:
        """Take out the things whose time is over."""
        found: list[T] = []
        for stack in list(self._stacks.values()):
            while stack and _age(stack) <= now:
                found.extend(_pop_left(stack))
        return found

    def oldest(self) -> list[T]:
        """Take out the thing that will expire first: a list of one, or of none."""
        stacks = list(self._stacks.values())
        return _pop_left(min(stacks, key=_age)) if stacks else []

    def __len__(self) -> int:
        return sum(len(stack) for stack in list(self._stacks.values()))


def _age(stack: deque[tuple[float, T]]) -> float:
    # Asking first whether there is one would be no answer: another thread may take it.
    try:
        return stack[0][0]
    except IndexError:
        return float("inf")


def _pop_left(stack: deque[tuple[float, T]]) -> list[T]:
    try:
        return [stack.popleft()[1]]
    except IndexError:
        return []


class Gate:
    """Lets so many threads in at once, the others in the order in which they came."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.free: int = places
        self._lock = threading.Lock()
        self._queue: deque[threading.Lock] = deque()

    def enter(self, patience: float | None) -> None:
        """Wait for a place. Raises httpcore.PoolTimeout after that many seconds."""
        with self._lock:
            if self.free:
                # Somebody waits only while nothing is free, so nobody is overtaken here.
                self.free -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._queue.append(turn)
        try:
            if turn.acquire(timeout=-1 if patience is None else max(patience, 0)):
                return
        except BaseException:
            if not self._withdraw(turn):
                self.leave()
            raise
        if self._withdraw(turn):
            raise httpcore.PoolTimeout(_FULL.format(self.places))

    def leave(self) -> None:
        """Give the place to whoever has waited longest."""
        with self._lock:
            if self._queue:
                self._queue.popleft().release()
            else:
                self.free += 1

    def _withdraw(self, turn: threading.Lock) -> bool:
        """Leave the queue. False: too late, the place was given to us."""
        with self._lock:
            if turn in self._queue:
                self._queue.remove(turn)
                return True
            return False


class AsyncGate:
    """Lets so many tasks in at once, the others in the order in which they came."""

    def __init__(self, places: int) -> None:
        self.places = places
        self.free: int = places
        self._queue: deque[anyio.Event] = deque()

    async def enter(self, patience: float | None) -> None:
        """Wait for a place. Raises httpcore.PoolTimeout after that many seconds."""
        if self.free:
            self.free -= 1
            return
        turn = anyio.Event()
        self._queue.append(turn)
        try:
            with anyio.move_on_after(patience):
                await turn.wait()
        except BaseException:
            # Cancelled: a place that was given to us in this very moment goes on to the next.
            if turn.is_set():
                self.leave()
            else:
                self._queue.remove(turn)
            raise
        if not turn.is_set():
            self._queue.remove(turn)
            raise httpcore.PoolTimeout(_FULL.format(self.places))

    def leave(self) -> None:
        """Give the place to whoever has waited longest."""
        if self._queue:
            self._queue.popleft().set()
        else:
            self.free += 1
