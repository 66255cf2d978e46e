"""When a wait looks: soon at first, then more seldom, and once more before its time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST: Final = 1.0
"""Seconds until the first look, and up to as many more."""
GROWTH: Final = 1.5
"""Each pause is so many times the one before, up to the longest."""
LONGEST: Final = 15.0
JITTER: Final = 0.2
"""Up to this share of a pause is left out, so that waits that begin together drift apart."""
MOMENT: Final = 1e-6
"""Clocks count in floats: so many seconds are none."""


class Pace:
    """Decides about the pauses of one wait. ``took`` is how long its last look lasted."""

    def __init__(
        self, timeout: float, monotonic: Callable[[], float], dice: Callable[[], float]
    ) -> None:
        self.now: Callable[[], float] = monotonic
        self.began: float = monotonic()
        self.deadline: float = self.began + timeout
        self.took: float = 0.0
        self._pause = 0.0
        self._dice = dice

    @property
    def elapsed(self) -> float:
        """The seconds since the wait began."""
        return self.now() - self.began

    @property
    def remaining(self) -> float:
        """The seconds until the deadline, or 0."""
        return max(0.0, self.deadline - self.now())

    def is_last(self) -> bool:
        """Whether a look that begins now is the last one."""
        return self.now() >= self._last_look() - MOMENT

    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.now() > self.deadline + MOMENT

    def pause(self, before: float) -> float:
        """Return the seconds until the next look, which is not to be after ``before``."""
        moment = min(self.now() + self._next(), before, self._last_look())
        return max(0.0, moment - self.now())

    def _last_look(self) -> float:
        # There has to be time to look, and then to describe what is there or stuck. One look that
        # took very long says little about the next.
        return self.deadline - min(2 * self.took, LONGEST)

    def _next(self) -> float:
        if not self._pause:
            self._pause = FIRST + self._dice()
            # In a short wait nobody knows yet how long a look takes.
            return min(self._pause, (self.deadline - self.began) / 2)
        self._pause = min(self._pause * GROWTH, LONGEST)
        return self._pause * (1.0 - JITTER * self._dice())
