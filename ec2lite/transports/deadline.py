"""Time limits as moments: an ``end`` is a ``time.monotonic()`` value, or None for no limit.

A limit that is told in seconds begins anew with every step, so a server that sends a byte a second
never reaches it. A moment stays where it is, however many steps lead there.
"""

from __future__ import annotations

import time
from typing import Final

LATE: Final = "the time limit of the whole call is over"


def end_of(timeout: float | None, deadline: float | None) -> float | None:
    """Return when a step must be over that may take ``timeout`` seconds, and not pass a deadline.

    Raises TimeoutError when the deadline has passed already.
    """
    if deadline is None:
        return None if timeout is None else time.monotonic() + timeout
    now = time.monotonic()
    if now >= deadline:
        raise TimeoutError(LATE)
    return deadline if timeout is None else min(deadline, now + timeout)


def left(end: float | None) -> float | None:
    """Return the seconds that are left. Raises TimeoutError when there are none."""
    if end is None:
        return None
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def sooner(end: float | None, seconds: float) -> float:
    """Return the sooner of a moment and so many seconds from now."""
    moment = time.monotonic() + seconds
    return moment if end is None else min(end, moment)
