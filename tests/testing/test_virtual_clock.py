"""The clocks of a fake EC2."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import anyio
import pytest

import ec2lite
from ec2lite.testing import RealClock, VirtualClock

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_stands_still():
    """A virtual clock shows its start until it is moved, and then so much later."""
    clock = VirtualClock(START)
    assert START == clock()

    clock.advance(30)
    assert START + timedelta(seconds=30) == clock()


def test_it_begins_now():
    """Without a start it begins at the machine's time."""
    assert abs(VirtualClock()() - datetime.now(UTC)) < timedelta(minutes=1)


def test_waiting_moves_it():
    """Whoever waits on it has waited at once, and its two times agree."""
    clock = VirtualClock(START)
    began = clock.monotonic()
    clock.sleep(600)

    assert 600 == clock.monotonic() - began == clock.passed()
    assert START + timedelta(minutes=10) == clock()


@pytest.mark.parametrize("seconds", [0, -1, "1", float("nan")])
def test_it_is_moved_forward(seconds):
    """It is moved by a number of seconds above 0."""
    with pytest.raises(ec2lite.ConfigError, match=r"^seconds must be a number of seconds above 0"):
        VirtualClock().advance(seconds)


def test_a_start_has_a_zone():
    """A start without a time zone is refused."""
    with pytest.raises(ec2lite.ConfigError, match=r"^start must be a datetime with a time zone"):
        VirtualClock(START.replace(tzinfo=None))


def test_tasks_are_woken_in_order(loop):
    """Of several tasks that wait, the one that is due first goes on first."""
    clock = VirtualClock(START)
    woken = []

    async def wait(*pauses):
        for pause in pauses:
            await clock.asleep(pause)
            woken.append(clock.passed())

    async def main():
        async with anyio.create_task_group() as group:
            group.start_soon(wait, 100)
            group.start_soon(wait, 10, 20, 40)
            group.start_soon(wait, 25, 25)

    loop.run(main)
    assert [10, 25, 30, 50, 70, 100] == woken


def test_a_task_that_is_cancelled_waits_no_more(loop):
    """A wait that was cancelled leaves the clock where it is, and nobody waits for it."""
    clock = VirtualClock(START)

    async def main():
        with anyio.CancelScope() as scope:
            scope.cancel()
            await clock.asleep(10)
        assert 0 == clock.passed()
        await clock.asleep(20)

    loop.run(main)
    assert 20 == clock.passed()


def test_threads_wait_side_by_side():
    """Threads that begin to wait at the same time are due at the same time."""
    clock = VirtualClock(START)
    threads = [threading.Thread(target=clock._move_to, args=(seconds,)) for seconds in (30, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 30 == clock.passed()


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_real_clock_goes_forward(speed):
    """A real clock runs at some speed, forward."""
    with pytest.raises(ec2lite.ConfigError, match=r"^speed must be a number above 0, not "):
        RealClock(speed=speed)


def test_a_real_clock_runs():
    """A real clock waits as long as the machine does, or so many times less."""
    clock = RealClock(speed=1000)
    began, real = clock(), time.monotonic()
    clock.sleep(10)
    anyio.run(clock.asleep, 10)
    passed = time.monotonic() - real

    assert passed >= 0.02
    assert clock() - began >= timedelta(seconds=20)
    assert clock.monotonic() > clock._began
