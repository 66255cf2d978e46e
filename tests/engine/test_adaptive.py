"""Adaptive retries, beside botocore's."""

from __future__ import annotations

from itertools import pairwise

import pytest
from botocore.retries.adaptive import ClientRateLimiter, RateClocker
from botocore.retries.bucket import TokenBucket
from botocore.retries.throttling import CubicCalculator
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.engine.adaptive import AdaptiveRetry, RateLimiter
from ec2lite.errors import RequestLimitExceeded, ServiceError

THROTTLED = RequestLimitExceeded("slow down", code="RequestLimitExceeded", status_code=503)
REFUSED = ServiceError("no", code="UnauthorizedOperation", status_code=403)


class Clock:
    """A clock that botocore's classes and ours read alike."""

    def __init__(self) -> None:
        self.now = 1000.25

    def __call__(self) -> float:
        return self.now

    current_time = __call__


class Oracle:
    """botocore's limiter, with its blocking wait written as one that tells the seconds."""

    def __init__(self, clock: Clock) -> None:
        self.bucket = TokenBucket(max_rate=1, clock=clock)
        self.limiter = ClientRateLimiter(
            rate_adjustor=CubicCalculator(starting_max_rate=0, start_time=clock.now),
            rate_clocker=RateClocker(clock),
            token_bucket=self.bucket,
            throttling_detector=self,
            clock=clock,
        )
        self.clock = clock

    def is_throttling_error(self, *, throttled: bool) -> bool:
        return throttled

    def wait(self) -> float:
        if not self.limiter._enabled:
            return 0.0
        self.bucket._refill()
        wait = max(0.0, self.bucket._sleep_amount(1))
        self.clock.now += wait
        self.bucket._refill()
        self.bucket._current_capacity -= 1
        return wait


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_rate_is_botocores(steps: list[tuple[float, bool]]) -> None:
    """The waits and rates are botocore's, whatever is answered when."""
    ours, theirs = Clock(), Clock()
    limiter, oracle = RateLimiter(ours.now), Oracle(theirs)
    for pause, throttled in steps:
        ours.now += pause
        theirs.now += pause
        wait = limiter.reserve(ours.now)
        ours.now += wait
        assert wait == pytest.approx(oracle.wait(), abs=1e-6)
        limiter.answered(ours.now, throttled=throttled)
        oracle.limiter.on_receiving_response(throttled=throttled)
        assert limiter.rate == pytest.approx(oracle.bucket.max_rate, abs=1e-6)


def test_turns_come_in_order() -> None:
    """Once throttled, who asks later waits longer, at the allowed rate."""
    clock = Clock()
    retrier = AdaptiveRetry(clock=clock, dice=lambda: 0.5).start()
    assert retrier.reserve() == 0.0
    clock.now += 1
    assert retrier.retry(THROTTLED, 1, None) is not None
    waits = [retrier.reserve() for _ in range(4)]
    assert all(later > earlier for earlier, later in pairwise(waits))


def throttled_limiter(now: float = 0.0) -> RateLimiter:
    """Return a limiter that has been throttled: it allows two requests in three seconds."""
    limiter = RateLimiter(now)
    limiter.answered(now, throttled=True)
    limiter.reserve(now)
    return limiter


def test_no_debt_without_patience() -> None:
    """A turn that nobody waits for is not taken, however often somebody asks."""
    limiter = throttled_limiter()
    first = limiter.reserve(0.0, 1.0)
    for _ in range(30_000):
        assert first == limiter.reserve(0.0, 1.0)

    assert limiter.reserve(60.0, 1.0) == 0.0


def test_debt_is_bounded() -> None:
    """Nobody is put off further than he waits, so the debt is bounded by that."""
    limiter = throttled_limiter()
    waits = [limiter.reserve(0.0) for _ in range(1000)]

    assert max(waits) < 20 + 1 / limiter.rate
    assert limiter.reserve(60.0) == 0.0


@pytest.mark.parametrize(("patience", "is_taken"), [(4.0, False), (4.001, True)])
def test_patience(*, patience: float, is_taken: bool) -> None:
    """A turn is taken if it comes sooner than that."""
    limiter = throttled_limiter()
    assert limiter.reserve(0.0, patience) == 4.0
    assert limiter.reserve(0.0, 9.0) == (6.0 if is_taken else 4.0)


def test_turn_given_back() -> None:
    """A turn that was not used is the next one's; there are never more than the rate allows."""
    clock = Clock()
    retrier = AdaptiveRetry(clock=clock, dice=lambda: 0.5).start()
    retrier.retry(THROTTLED, 1, None)
    retrier.reserve()
    wait = retrier.reserve()
    retrier.give_back(None)
    assert wait == retrier.reserve()

    for _ in range(5):
        retrier.give_back(None)
    assert retrier.reserve() == 0.0
    assert retrier.reserve() > 0.0


def test_retry_given_back() -> None:
    """A retry that was not made is refunded, and is no turn."""
    retrier = AdaptiveRetry(clock=Clock(), dice=lambda: 0.5).start()
    granted = retrier.retry(THROTTLED, 1, None)
    retrier.reserve()
    wait = retrier.reserve(0.1)
    retrier.give_back(granted)

    assert retrier._standard.quota.available == 500
    assert wait == retrier.reserve(0.1)


def test_unthrottled_client_never_waits() -> None:
    """Errors that are no throttling, and successes, slow nothing down."""
    retrier = AdaptiveRetry().start()
    for _ in range(20):
        assert retrier.retry(REFUSED, 1, None) is None
        retrier.succeeded(None)
        assert retrier.reserve() == 0.0


def test_success_lets_the_rate_grow_back() -> None:
    """After a throttled answer, successes raise the rate beyond what it was cut to."""
    limiter = RateLimiter(0.0)
    for tick in range(1, 41):
        limiter.answered(tick / 10, throttled=False)
    limiter.answered(4.1, throttled=True)
    cut = limiter.rate
    for tick in range(42, 120):
        limiter.answered(tick / 10, throttled=False)
    assert limiter.rate > cut
