"""Clocks for a fake EC2: one that tests move, and one that runs by itself.

Both are called for the date, as ``Client(clock=…)`` wants it, and time passes on both: a client
that is given one waits on it.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from datetime import UTC, datetime, timedelta

from ec2lite.checks import seconds as check_seconds
from ec2lite.checks import wrong
from ec2lite.engine.clock import Clock
from ec2lite.errors import ConfigError

# A task that was woken needs a turn of the event loop to say that it waits again.
_TURNS = 3


class DatedClock(Clock):
    """What both clocks are: a date that goes on as ``monotonic`` does."""

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ConfigError("start must be a datetime with a time zone, not one without")
        self._start: datetime = start or datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        """Return the date and time."""
        return self._start + timedelta(seconds=self.passed())

    def passed(self) -> float:
        """Return the seconds since the clock was made."""
        raise NotImplementedError


class VirtualClock(DatedClock):
    """A clock that stands still until ``advance``, or until somebody waits on it.

    Waiting on it takes no time: the clock moves to the end of the wait. Of several tasks that wait
    the one that is due first is woken first.

    - ``start``: the date at which it begins, with a time zone; now if not given.
    """

    is_virtual: bool = True

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        self._passed = 0.0
        # Near the machine's own, for who compares both: a cache of credentials, a real transport.
        self._base: float = math.floor(time.monotonic())
        self._lock = threading.Lock()
        self._waiting: list[tuple[float, int]] = []
        self._order = itertools.count()

    def passed(self) -> float:
        """Return the seconds by which the clock has moved."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Move the clock; a wrong number is a ``ConfigError``."""
        self._move_to(self._passed + check_seconds("seconds", seconds))

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self._base + self._passed

    def sleep(self, seconds: float) -> None:
        """Move the clock by that much."""
        self._move_to(self._passed + seconds)

    async def asleep(self, seconds: float) -> None:
        """Move the clock by that much, when no other task is due before."""
        from anyio.lowlevel import checkpoint

        mine = (self._passed + seconds, next(self._order))
        heapq.heappush(self._waiting, mine)
        try:
            for _ in range(_TURNS):
                await checkpoint()
            while self._waiting[0] != mine and self._passed < mine[0]:
                await checkpoint()
            self._move_to(mine[0])
        finally:
            self._waiting.remove(mine)
            heapq.heapify(self._waiting)

    def _move_to(self, passed: float) -> None:
        with self._lock:
            self._passed = max(self._passed, passed)


class RealClock(DatedClock):
    """A clock that runs by itself, ``speed`` times as fast as the machine's."""

    def __init__(self, *, speed: float = 1.0) -> None:
        super().__init__()
        if not 0 < speed < math.inf:
            raise wrong("speed", "a number above 0", repr(speed))
        self._speed = speed
        self._began = time.monotonic()

    def passed(self) -> float:
        """Return the seconds since the clock was made."""
        return (time.monotonic() - self._began) * self._speed

    def monotonic(self) -> float:
        """Return the seconds since some moment."""
        return self._began + self.passed()

    def sleep(self, seconds: float) -> None:
        """Sleep until that much of its time has passed."""
        super().sleep(seconds / self._speed)

    async def asleep(self, seconds: float) -> None:
        """Do the same, awaiting."""
        await super().asleep(seconds / self._speed)
