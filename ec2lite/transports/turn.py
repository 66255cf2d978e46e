"""Waiting for one's turn to get a connection, a turn for each request.

httpcore's own events know nothing of a deadline and say nothing when time is over; the blocking one
can be left locked by a KeyboardInterrupt, and the awaited one costs some 10 us even if there is
nothing to wait for.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from ec2lite.transports.deadline import end_of, left

if TYPE_CHECKING:
    from collections.abc import Mapping

    import anyio


class _Limits:
    """Until when to wait; ``late`` is raised then."""

    def __init__(self, places: int, extensions: Mapping[str, Any], late: type[Exception]) -> None:
        self._places = places
        self._late_error = late
        self._deadline: float | None = extensions.get("deadline")

    def _seconds(self, timeout: float | None) -> float | None:
        """Return how long to wait. Raises TimeoutError for no time at all."""
        return left(end_of(timeout, self._deadline))

    def _late(self) -> Exception:
        return self._late_error(
            f"all {self._places} connections are in use, and none became free in time"
        )


class Turn(_Limits):
    """A thread's turn."""

    def __init__(self, places: int, extensions: Mapping[str, Any], late: type[Exception]) -> None:
        super().__init__(places, extensions, late)
        # A lock is all that it takes, and taking it is one step, which nothing interrupts.
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Let the thread go on. Twice is fine."""
        with contextlib.suppress(RuntimeError):
            self._lock.release()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for ``set``. Raises ``late`` after so many seconds."""
        try:
            seconds = self._seconds(timeout)
        except TimeoutError:
            raise self._late() from None
        if not self._lock.acquire(timeout=-1 if seconds is None else seconds):
            raise self._late()


class AsyncTurn(_Limits):
    """A task's turn."""

    _is_set = False
    _event: anyio.Event | None = None

    def set(self) -> None:
        """Let the task go on."""
        self._is_set = True
        if self._event is not None:
            self._event.set()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for ``set``. Raises ``late`` after so many seconds."""
        import anyio

        self._event = anyio.Event()
        with contextlib.suppress(TimeoutError), anyio.move_on_after(self._seconds(timeout)):
            await self._event.wait()
        if not self._is_set:
            raise self._late()
