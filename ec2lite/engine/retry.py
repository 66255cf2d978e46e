"""Whether to send a request again, and when: decided here, without waiting and without I/O.

The numbers are those of the AWS SDKs since 2026, as in botocore 1.44's ``retries/standard.py``:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from attrs import define, field, frozen

from ec2lite import checks
from ec2lite.engine.locks import ForkSafeLock

if TYPE_CHECKING:
    from ec2lite.errors import EC2Error

MAX_ATTEMPTS: Final = 3
QUOTA: Final = 500
TRANSIENT_COST: Final = 14
THROTTLING_COST: Final = 5
REFUND_WITHOUT_RETRY: Final = 1
TRANSIENT_BASE: Final = 0.05  # seconds
THROTTLING_BASE: Final = 1.0  # seconds
MAX_BACKOFF: Final = 20.0  # seconds
RETRY_AFTER_MORE: Final = 5.0  # seconds, on top of the delay that would have been


class Retrier(Protocol):
    """What one client knows about its retries, shared by its threads and tasks."""

    max_attempts: int

    def reserve(self, patience: float) -> float:
        """Take the next turn to send; return the seconds until it comes.

        A turn that does not come in less than ``patience`` seconds is not taken.
        """
        ...

    def retry(self, error: EC2Error, attempt: int, retry_after: str | None) -> Retry | None:
        """Decide about a failed attempt, counted from 1; None is to give up.

        ``retry_after`` is the answer's ``x-amz-retry-after`` header, in milliseconds.
        """
        ...

    def succeeded(self, last: Retry | None) -> None:
        """Learn that a call succeeded, after that last retry if there was one."""
        ...

    def give_back(self, unused: Retry | None) -> None:
        """Take back a retry, or a turn where it is None, that no request made use of."""
        ...


class RetryPolicy(Protocol):
    """What ``Client(retry=...)`` takes: each client starts a ``Retrier`` of its own from it."""

    def start(self) -> Retrier:
        """Return the state for one client."""
        ...


@frozen
class Retry:
    """A retry that was granted: the seconds to wait, and what it took from the quota."""

    delay: float
    cost: int


@frozen
class StandardRetry:
    """Up to ``max_attempts`` attempts, with growing random delays and a quota; the default.

    The delay before attempt n + 1 is random(0, 1) * min(base * 2^(n - 1), 20 s); the base is 50 ms,
    or 1 s when throttled. Every retry takes from a quota of 500 that calls without trouble refill,
    so that an outage is not made worse.
    """

    max_attempts: int = field(default=MAX_ATTEMPTS, validator=checks.validator(checks.whole))
    dice: Callable[[], float] = field(
        default=random.random, validator=checks.validator(checks.function), repr=False
    )

    def start(self) -> StandardRetrier:
        """Return the state for one client."""
        return StandardRetrier(self.max_attempts, self.dice)


@frozen
class NoRetry:
    """One attempt, whatever happens."""

    def start(self) -> StandardRetrier:
        """Return the state for one client."""
        return StandardRetrier(max_attempts=1, dice=random.random)


class Quota:
    """Tokens that pay for retries."""

    def __init__(self, capacity: int = QUOTA) -> None:
        self._capacity = capacity
        self.available: int = capacity
        self._lock = ForkSafeLock()

    def acquire(self, cost: int) -> bool:
        """Take that many tokens, or none and return False."""
        with self._lock.current:
            if cost > self.available:
                return False
            self.available -= cost
            return True

    def release(self, amount: int) -> None:
        """Give tokens back; there are never more than at the start."""
        if self.available == self._capacity:  # the usual case takes no lock
            return
        with self._lock.current:
            self.available = min(self._capacity, self.available + amount)


@define(eq=False, repr=False)
class StandardRetrier:
    """The state of ``StandardRetry`` for one client."""

    max_attempts: int
    dice: Callable[[], float] = field(repr=False)
    quota: Quota = field(factory=Quota)

    def reserve(self, patience: float = math.inf) -> float:
        """Never wait before sending."""
        del patience
        return 0.0

    def retry(self, error: EC2Error, attempt: int, retry_after: str | None) -> Retry | None:
        """Grant a retry if the error may pass, attempts are left, and the quota pays for it."""
        if attempt >= self.max_attempts or not error.is_retryable:
            return None
        cost = THROTTLING_COST if error.is_throttling else TRANSIENT_COST
        if not self.quota.acquire(cost):
            return None
        base = THROTTLING_BASE if error.is_throttling else TRANSIENT_BASE
        return Retry(backoff(base, attempt, self.dice(), retry_after), cost)

    def succeeded(self, last: Retry | None) -> None:
        """Refund the last retry, or a token for a call that needed none."""
        self.quota.release(REFUND_WITHOUT_RETRY if last is None else last.cost)

    def give_back(self, unused: Retry | None) -> None:
        """Refund a retry that was not made; turns are free."""
        if unused is not None:
            self.quota.release(unused.cost)


def backoff(base: float, attempt: int, dice: float, retry_after: str | None) -> float:
    """Return the seconds to wait after that attempt, counted from 1.

    The service may ask for more in ``retry_after``, a number of milliseconds; it gets up to five
    seconds more than the delay would have been. Anything but a number is ignored.
    """
    # The exponent is bounded so that no attempt is too late for a float: 20 s are long reached.
    delay = dice * min(base * 2.0 ** min(attempt - 1, 60), MAX_BACKOFF)
    asked = _seconds(retry_after)
    return delay if asked is None else max(delay, min(asked, delay + RETRY_AFTER_MORE))


def _seconds(header: str | None) -> float | None:
    """Read milliseconds as botocore does: with int(), and without those that overflow.

    botocore ignores negative ones too; being less than the delay, they change nothing here.
    """
    if header is None:
        return None
    try:
        return int(header) / 1000
    except (ValueError, OverflowError):
        return None
