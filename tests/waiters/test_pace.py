"""When a wait looks."""

from __future__ import annotations

import math

import pytest

from ec2lite.waiting.pace import Pace
from samples import Clock


def moments(dice, timeout=1800.0, number=10):
    """Return when the first looks are."""
    clock = Clock()
    pace = Pace(timeout, clock.monotonic, lambda: dice)
    found = []
    while len(found) < number and not pace.is_last():
        clock.move(pace.pause(math.inf))
        found.append(round(clock.seconds - 1000.0, 3))
    return found


def test_pauses():
    """The first look is after 1 to 2 s; each pause is half as long again, up to 15 s."""
    assert [1.0, 2.5, 4.75, 8.125, 13.188, 20.781, 32.172, 47.172, 62.172] == moments(0.0, number=9)


def test_jitter():
    """Up to a fifth of each later pause is left out, and the growth is that of whole pauses."""
    assert [2.0, 4.4, 8.0, 13.4, 21.5, 33.5, 45.5] == moments(1.0, number=7)


def test_last_look():
    """The last look is at the deadline."""
    assert [1.5, 3.525, 5.0] == moments(0.5, timeout=5.0)
    assert [0.125, 0.25] == moments(0.5, timeout=0.25)
    assert [1.5, 3.0] == moments(0.5, timeout=3.0)
    assert [1.25, 2.5] == moments(0.5, timeout=2.5)


@pytest.mark.parametrize(("took", "expected"), [(2.0, 96.0), (7.5, 85.0), (70.0, 85.0)])
def test_look_that_takes_time(took, expected):
    """The last look begins so early that it and a description end in time."""
    clock = Clock()
    pace = Pace(100.0, clock.monotonic, lambda: 0.5)
    pace.took = took
    while not pace.is_last():
        clock.move(pace.pause(math.inf))

    assert expected == pytest.approx(clock.seconds - 1000.0)
    assert not pace.is_over()
    assert 0.0 == pace.pause(math.inf)


def test_before():
    """A pause ends before something else that is to be done."""
    clock = Clock()
    pace = Pace(100.0, clock.monotonic, lambda: 0.5)

    assert 0.75 == pace.pause(1000.75)
    assert 0.0 == pace.pause(999.0)


def test_time():
    """It tells how long the wait has gone on, how long it may, and when it is over."""
    clock = Clock()
    pace = Pace(10.0, clock.monotonic, lambda: 0.5)
    clock.move(4)
    assert (4.0, 6.0, False) == (pace.elapsed, pace.remaining, pace.is_over())
    clock.move(6)
    assert (10.0, 0.0, False) == (pace.elapsed, pace.remaining, pace.is_over())
    clock.move(1)
    assert (11.0, 0.0, True) == (pace.elapsed, pace.remaining, pace.is_over())


def test_floats():
    """A clock that falls short of the last look by the error of a float does not look once more."""
    clock = Clock()
    pace = Pace(10.0, clock.monotonic, lambda: 0.5)
    clock.move(10.0 - 1e-7)
    assert pace.is_last()
    clock = Clock()
    pace = Pace(10.0, clock.monotonic, lambda: 0.5)
    clock.move(9.999)
    assert not pace.is_last()
