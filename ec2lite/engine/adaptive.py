"""Adaptive retries: the standard ones, and a sending rate that falls when AWS throttles.

The rate grows back along a cubic curve, as TCP CUBIC's window does (RFC 9438); the numbers are
those of the AWS SDKs, and the reference is botocore's ``retries/adaptive.py``.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from ec2lite import checks
from ec2lite.engine.locks import ForkSafeLock
from ec2lite.engine.retry import MAX_ATTEMPTS, MAX_BACKOFF, Retry, StandardRetrier

if TYPE_CHECKING:
    from ec2lite.errors import EC2Error

BETA: Final = 0.7  # what a throttled client keeps of its rate
SCALE: Final = 0.4  # how steeply it grows back
SMOOTHING: Final = 0.8  # the newest half second's weight in the measured rate
WINDOW: Final = 0.5  # seconds
MIN_RATE: Final = 0.5  # requests a second
MEASURED_SCALE: Final = 2.0  # never allow more than twice what is being sent


@frozen
class AdaptiveRetry:
    """``StandardRetry``, and requests wait for their turn once AWS has throttled the client.

    Use it for a client that sends one kind of request to one account: a throttled answer slows down
    everything that the client sends.
    """

    max_attempts: int = field(default=MAX_ATTEMPTS, validator=checks.validator(checks.whole))
    dice: Callable[[], float] = field(
        default=random.random, validator=checks.validator(checks.function), repr=False
    )
    clock: Callable[[], float] = field(
        default=time.monotonic, validator=checks.validator(checks.function), repr=False
    )

    def start(self) -> AdaptiveRetrier:
        """Return the state for one client."""
        return AdaptiveRetrier(
            StandardRetrier(self.max_attempts, self.dice), RateLimiter(self.clock()), self.clock
        )


class AdaptiveRetrier:
    """The state of ``AdaptiveRetry`` for one client."""

    def __init__(
        self, standard: StandardRetrier, limiter: RateLimiter, clock: Callable[[], float]
    ) -> None:
        self.max_attempts: int = standard.max_attempts
        self._standard = standard
        self._limiter = limiter
        self._clock = clock
        self._lock = ForkSafeLock()

    def reserve(self, patience: float = MAX_BACKOFF) -> float:
        """Take the next turn if it comes in time; return the seconds until it comes."""
        with self._lock.current:
            return self._limiter.reserve(self._clock(), patience)

    def retry(self, error: EC2Error, attempt: int, retry_after: str | None) -> Retry | None:
        """Learn from the failure, then decide as ``StandardRetry`` does."""
        with self._lock.current:
            self._limiter.answered(self._clock(), throttled=error.is_throttling)
        return self._standard.retry(error, attempt, retry_after)

    def succeeded(self, last: Retry | None) -> None:
        """Learn from the success."""
        with self._lock.current:
            self._limiter.answered(self._clock(), throttled=False)
        self._standard.succeeded(last)

    def give_back(self, unused: Retry | None) -> None:
        """Take back a turn or a retry that no request made use of."""
        if unused is None:
            with self._lock.current:
                self._limiter.give_back()
        self._standard.give_back(unused)


class RateLimiter:
    """A token bucket whose rate follows the answers; idle until the first throttled one."""

    def __init__(self, now: float) -> None:
        self.enabled: bool = False
        self.rate: float = 1.0
        self._tokens = 0.0
        self._filled_at = now
        self._measured = _MeasuredRate(now)
        self._cubic = _Cubic(now)

    def reserve(self, now: float, patience: float = MAX_BACKOFF) -> float:
        """Take a token if it is there in less than ``patience`` seconds; return how long it takes.

        Tokens may be owed: whoever comes later waits longer, so turns are in the order of coming.
        Whoever does not wait owes none, or the debt would keep growing.
        """
        if not self.enabled:
            return 0.0
        self._fill(now)
        wait = max(0.0, (1 - self._tokens) / self.rate)
        if wait < patience:
            self._tokens -= 1
        return wait

    def give_back(self) -> None:
        """Take back a token that was not used."""
        self._tokens = min(max(self.rate, 1.0), self._tokens + 1)

    def answered(self, now: float, *, throttled: bool) -> None:
        """Adjust the rate to an answer."""
        measured = self._measured.record(now)
        if throttled:
            rate = self._cubic.throttled(
                min(measured, self.rate) if self.enabled else measured, now
            )
            self.enabled = True
        else:
            rate = self._cubic.grown(now)
        self._fill(now)
        allowed = min(rate, MEASURED_SCALE * measured)
        self.rate = max(allowed, MIN_RATE)
        self._tokens = min(self._tokens, max(allowed, 1.0))

    def _fill(self, now: float) -> None:
        self._tokens = min(max(self.rate, 1.0), self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now


class _MeasuredRate:
    """Requests a second, measured over half a second and smoothed."""

    def __init__(self, now: float) -> None:
        self._rate = 0.0
        self._count = 0
        self._window = float(math.floor(now))

    def record(self, now: float) -> float:
        self._count += 1
        window = math.floor(now / WINDOW) * WINDOW
        if window > self._window:
            current = self._count / (window - self._window)
            self._rate = current * SMOOTHING + self._rate * (1 - SMOOTHING)
            self._count = 0
            self._window = window
        return self._rate


class _Cubic:
    """The curve along which a rate grows back after it was cut."""

    def __init__(self, now: float) -> None:
        self._cut_rate = 0.0
        self._cut_at = now

    def throttled(self, rate: float, now: float) -> float:
        self._cut_rate, self._cut_at = rate, now
        return rate * BETA

    def grown(self, now: float) -> float:
        # The time after which the curve is back at the rate before the cut.
        flat = math.cbrt(self._cut_rate * (1 - BETA) / SCALE)
        return SCALE * (now - self._cut_at - flat) ** 3 + self._cut_rate
