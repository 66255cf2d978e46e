"""Whether to send a request again, and when."""

from __future__ import annotations

import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ec2lite.engine.retry import NoRetry, Quota, Retry, StandardRetrier, StandardRetry, backoff
from ec2lite.errors import ConfigError, EC2Error, ServiceError, TransportError

THROTTLED = ServiceError("slow", code="RequestLimitExceeded", status_code=503)
TRANSIENT = TransportError("broken")
REFUSED = ServiceError("no", code="UnauthorizedOperation", status_code=403)


def retrier(max_attempts=3, dice=1.0, quota=500):
    """Return a retrier whose dice fall one way."""
    return StandardRetrier(max_attempts, lambda: dice, Quota(quota))


@pytest.mark.parametrize(
    ("attempt", "delay"),
    [(1, 0.05), (2, 0.1), (3, 0.2), (9, 12.8), (10, 20.0), (11, 20.0), (100_000, 20.0)],
)
def test_transient_backoff(attempt, delay):
    """Trouble is waited for from 50 ms, twice as long each time, 20 s at most."""
    assert Retry(pytest.approx(delay), 14) == retrier(10**6).retry(TRANSIENT, attempt, None)


@pytest.mark.parametrize(("attempt", "delay"), [(1, 1.0), (2, 2.0), (5, 16.0), (6, 20.0)])
def test_throttling_backoff(attempt, delay):
    """Throttling is waited for from 1 s, twice as long each time, 20 s at most."""
    assert Retry(pytest.approx(delay), 5) == retrier(10).retry(THROTTLED, attempt, None)


def test_dice():
    """The delay is a random part of what it could be."""
    assert 0.25 == retrier(dice=0.25).retry(THROTTLED, 1, None).delay
    assert 0.0 == retrier(dice=0.0).retry(THROTTLED, 1, None).delay


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        (None, 1.0),
        ("0", 1.0),
        ("999", 1.0),
        ("1000", 1.0),
        ("1001", 1.001),
        ("5999", 5.999),
        ("6000", 6.0),
        ("6001", 6.0),
        ("9" * 300, 6.0),
        (" 3000 ", 3.0),
        # As botocore's int() has it.
        ("+3000", 3.0),
        ("3_000", 3.0),
        ("-1", 1.0),
        ("-0", 1.0),
        ("", 1.0),
        ("3.5", 1.0),
        ("3s", 1.0),
        ("soon", 1.0),
        # Too large for a float, and for int().
        ("9" * 400, 1.0),
        ("9" * 5000, 1.0),
    ],
)
def test_retry_after(header, delay):
    """What the service asks for is granted up to 5 s more; nonsense is ignored."""
    assert pytest.approx(delay) == backoff(1.0, 1, 1.0, header)


@given(
    st.sampled_from([0.05, 1.0]),
    st.integers(1, 10**9),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.text() | st.integers().map(str),
)
@example(1.0, 1, 0.5, "9" * 5000)
def test_bounds(base, attempt, dice, header):
    """No delay is negative, or longer than 25 s, whatever the attempt, dice and header."""
    assert 0 <= backoff(base, attempt, dice, header) <= 25


@pytest.mark.parametrize("error", [REFUSED, EC2Error("x"), ConfigError("x")])
def test_hopeless(error):
    """What a repetition cannot mend is given up, and costs nothing."""
    mine = retrier()

    assert mine.retry(error, 1, "1000") is None
    assert 500 == mine.quota.available


@pytest.mark.parametrize(("attempt", "granted"), [(1, True), (2, True), (3, False), (4, False)])
def test_attempts(attempt, granted):
    """After the last attempt nothing is granted, and nothing is taken."""
    mine = retrier(max_attempts=3)

    assert granted is (mine.retry(TRANSIENT, attempt, None) is not None)
    assert (500 - 14 * granted) == mine.quota.available


def test_quota():
    """A retry that the quota cannot pay is not granted, and takes nothing; a cheaper one may be."""
    mine = retrier(quota=14 + 13)

    assert mine.retry(TRANSIENT, 1, None) is not None
    assert mine.retry(TRANSIENT, 1, None) is None
    assert 13 == mine.quota.available
    assert mine.retry(THROTTLED, 1, None) is not None
    assert mine.retry(THROTTLED, 1, None) is not None
    assert mine.retry(THROTTLED, 1, None) is None
    assert 3 == mine.quota.available


def test_exact_quota():
    """The last tokens may be spent."""
    mine = retrier(quota=14)

    assert mine.retry(TRANSIENT, 1, None) is not None
    assert 0 == mine.quota.available


def test_refund():
    """A success gives back what its last retry took, or one token without a retry."""
    mine = retrier()
    first, second = mine.retry(TRANSIENT, 1, None), mine.retry(THROTTLED, 2, None)
    assert (14, 5) == (first.cost, second.cost)

    mine.succeeded(second)
    assert 500 - 14 == mine.quota.available
    mine.succeeded(None)
    assert 500 - 13 == mine.quota.available
    mine.succeeded(first)
    assert 500 == mine.quota.available


def test_full():
    """There are never more tokens than in the beginning."""
    quota = Quota(10)
    quota.release(1)
    assert 10 == quota.available

    quota.acquire(3)
    quota.release(100)
    assert 10 == quota.available


def test_threads():
    """No token is lost or doubled between threads."""
    quota = Quota(1000)
    taken = []

    def spend():
        taken.extend(quota.acquire(1) for _ in range(300))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert (1000, 200, 0) == (taken.count(True), taken.count(False), quota.available)


def test_standard():
    """Standard retries are three attempts with a quota of 500 for each client."""
    policy = StandardRetry(dice=lambda: 0.5)
    first, second = policy.start(), policy.start()

    assert (3, 500, 0.0) == (first.max_attempts, first.quota.available, first.reserve(9.0))
    assert 0.5 == first.retry(THROTTLED, 1, None).delay
    assert (495, 500) == (first.quota.available, second.quota.available)


def test_real_dice():
    """The dice of its own are random, from 0 to 1."""
    mine = StandardRetry().start()

    delays = {mine.retry(THROTTLED, 1, None).delay for _ in range(20)}

    assert len(delays) > 10
    assert all(0 <= delay < 1 for delay in delays)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (-1, "-1"),
        (True, "bool"),
        (1.5, "1.5"),
        ("3", "str"),
        (None, "None"),
        (10**9, "1000000000"),
        (10**4000, "such a large number"),
    ],
)
def test_bad_attempts(value, shown):
    """A number of attempts that is none is refused by name."""
    with pytest.raises(ConfigError) as caught:
        StandardRetry(max_attempts=value)

    assert f"max_attempts must be a whole number from 1 to 999999999, not {shown}" == str(
        caught.value
    )


def test_given_back():
    """A retry that was not made gives its tokens back; a turn costs nothing."""
    mine = StandardRetry(dice=lambda: 0.5).start()
    granted = mine.retry(TRANSIENT, 1, None)
    assert 500 - 14 == mine.quota.available
    mine.give_back(None)
    assert 500 - 14 == mine.quota.available
    mine.give_back(granted)

    assert 500 == mine.quota.available


def test_no_retry():
    """Without retries there is one attempt, whatever happens."""
    mine = NoRetry().start()

    assert 1 == mine.max_attempts
    assert mine.retry(TRANSIENT, 1, None) is None
    assert mine.retry(THROTTLED, 1, "5") is None
    assert StandardRetry(max_attempts=1).start().retry(TRANSIENT, 1, None) is None
