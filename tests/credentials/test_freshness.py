"""When credentials are renewed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.credentials.freshness import Renewal, is_over, kept, plan, renewed
from ec2lite.credentials.provider import Found
from ec2lite.models import Credentials

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def minutes(number):
    """Return that many minutes."""
    return timedelta(minutes=number)


def found(life=None, key="AKID"):
    """Return credentials that end in ``life`` minutes."""
    end = None if life is None else NOW + minutes(life)
    return Found("test", Credentials(key, "secret", expiration=end))


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (60, Renewal.KEEP),
        (15.1, Renewal.KEEP),
        (15, Renewal.TRY),
        (10.1, Renewal.TRY),
        (10, Renewal.MUST),
        (-1, Renewal.MUST),
    ],
)
def test_windows(left, expected):
    """Keys of an hour are renewed 15 minutes before their end, and must be 10 minutes before."""
    held = renewed(found(60), NOW)

    assert expected is plan(held, NOW + minutes(60 - left))


@pytest.mark.parametrize(
    ("age", "expected"),
    [(7.4, Renewal.KEEP), (7.5, Renewal.TRY), (11.2, Renewal.TRY), (11.25, Renewal.MUST)],
)
def test_short_lived(age, expected):
    """Keys of 15 minutes are renewed in the last half of their life."""
    assert expected is plan(renewed(found(15), NOW), NOW + minutes(age))


def test_endless():
    """Keys without an end are never renewed for their age."""
    assert Renewal.KEEP is plan(renewed(found(), NOW), NOW + minutes(10**6))


@pytest.mark.parametrize(
    ("life", "age", "expected"), [(60, 59, False), (60, 60, True), (None, 10**6, False)]
)
def test_over(life, age, expected):
    """Credentials are over at their end, if they have one."""
    assert expected is is_over(renewed(found(life), NOW), NOW + minutes(age))


def test_nothing_held():
    """The first credentials have to be waited for."""
    assert Renewal.MUST is plan(None, NOW)


def test_rejected():
    """Credentials that the service rejected are renewed, once, and others are not."""
    first = found(60)
    held = renewed(first, NOW)

    assert Renewal.MUST is plan(held, NOW, first.credentials)
    assert Renewal.KEEP is plan(held, NOW, found(60, "OTHER").credentials)

    held = renewed(first, NOW, held)
    assert Renewal.KEEP is plan(held, NOW, first.credentials)
    assert Renewal.MUST is plan(held, NOW + minutes(1), first.credentials)


def test_rejected_endless():
    """Keys without an end are spared in the same way."""
    first = found()
    held = renewed(first, NOW, renewed(first, NOW))

    assert Renewal.KEEP is plan(held, NOW, first.credentials)
    assert held == kept(held, NOW)


def test_failed_try_is_let_be():
    """A renewal that failed without need is not tried again for a minute."""
    held = kept(renewed(found(60), NOW), NOW + minutes(46))

    assert Renewal.KEEP is plan(held, NOW + minutes(46.9))
    assert Renewal.TRY is plan(held, NOW + minutes(47))
    assert Renewal.MUST is plan(kept(held, NOW + minutes(49.5)), NOW + minutes(50))


@given(life=st.floats(0.1, 10**5), age=st.floats(0, 1))
def test_order_of_plans(life, age):
    """Keys are kept, then tried, then a must, in this order, and a must before their end."""
    held = renewed(found(life), NOW)
    order = [Renewal.KEEP, Renewal.TRY, Renewal.MUST]
    now = NOW + minutes(life * age)
    later = NOW + minutes(life)

    assert Renewal.KEEP is plan(held, NOW)
    assert Renewal.MUST is plan(held, later)
    assert order.index(plan(held, now)) <= order.index(plan(held, now + (later - now) / 2))
