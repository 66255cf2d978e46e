"""Time limits, and what a client's calls have in common."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from ec2lite.engine.context import Context, Timeout, utc_now
from ec2lite.engine.retry import StandardRetry
from ec2lite.errors import ConfigError
from ec2lite.protocol.request import RequestBuilder
from samples import ENDPOINT, NamingSigner


def test_defaults():
    """By default a whole call takes 150 s at most, a connection 3.1 s, a silence 60 s."""
    assert Timeout(connect=3.1, read=60.0, total=150.0) == Timeout()


@pytest.mark.parametrize("limit", ["connect", "read", "total"])
@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        0.0,
        float("inf"),
        float("nan"),
        2_000_001,
        10**400,
        True,
        "5",
        [],
        timedelta(seconds=5),
    ],
)
def test_bad_limits(limit, value):
    """A limit that is no number of seconds above 0 is refused by name."""
    with pytest.raises(ConfigError) as caught:
        Timeout(**{limit: value})

    start = f"{limit} must be a number of seconds above 0 and up to 2000000, not "
    assert str(caught.value).startswith(start)


@pytest.mark.parametrize("value", [1, 0.001, None])
def test_limits(value):
    """A limit is any number above 0, or None."""
    assert value == Timeout(total=value).total


@pytest.mark.parametrize(
    ("timeout", "left", "connect", "read"),
    [
        (Timeout(3, 60, 150), 150.0, 3, 60),
        (Timeout(3, 60, 150), 10.0, 3, 10.0),
        (Timeout(3, 60, 150), 2.0, 2.0, 2.0),
        (Timeout(None, None, 150), 7.0, 7.0, 7.0),
        (Timeout(3, 60, None), None, 3, 60),
        (Timeout(None, None, None), None, None, None),
    ],
)
def test_extension(timeout, left, connect, read):
    """An attempt's limits are cut to the time that is left for the call."""
    expected = {"connect": connect, "read": read, "write": read, "pool": left}

    assert expected == timeout.extension(left)


def test_context_defaults():
    """A context brings a real clock, time limits, and room for 64 MiB of answer."""
    context = Context(RequestBuilder(ENDPOINT, NamingSigner()), StandardRetry().start())

    assert 64 * 1024 * 1024 == context.max_response_size
    assert Timeout() == context.timeout
    assert abs(context.clock() - datetime.now(UTC)) < timedelta(minutes=1)
    before = time.monotonic()
    assert before <= context.monotonic() <= time.monotonic()


def test_own_skew():
    """Each context has a clock correction of its own."""
    first, second = (
        Context(RequestBuilder(ENDPOINT, NamingSigner()), StandardRetry().start()) for _ in "12"
    )

    assert first.skew is not second.skew


def test_utc_now():
    """The clock knows its zone."""
    assert UTC == utc_now().tzinfo
