"""The time that a client's calls take."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from unittest.mock import Mock

import anyio
import httpx
import pytest

import ec2lite
from ec2lite.engine.clock import MACHINE, Clock, clock_of
from ec2lite.engine.retry import Retry
from samples import KEYS

BUSY = (
    "<Response><Errors><Error><Code>Unavailable</Code><Message>Later.</Message></Error></Errors>"
    "<RequestID>1</RequestID></Response>"
)


class Jumping(Clock):
    """A clock that is at the end of a wait at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


class Patient:
    """Retries each call twice, an hour later."""

    max_attempts = 3

    def start(self):
        return self

    def reserve(self, patience):
        return 0.0

    def retry(self, error, attempt, retry_after):
        return None if attempt == self.max_attempts else Retry(3600.0, 0)

    def succeeded(self, last):
        pass

    def give_back(self, unused):
        pass


def test_pauses_are_of_the_given_clock(colour):
    """A client that is given a clock on which time passes pauses on it."""
    clock = Jumping()
    transport = httpx.MockTransport(lambda request: httpx.Response(503, text=BUSY))
    with (
        colour.client(
            "eu-west-1",
            credentials=KEYS,
            clock=clock,
            transport=transport,
            retry=Patient(),
            timeout=ec2lite.Timeout(total=None),
        ) as ec2,
        pytest.raises(ec2lite.ServiceError) as caught,
    ):
        ec2.stop_instances("i-1")

    assert [3600.0, 3600.0] == clock.waits
    assert 3 == caught.value.attempts


def test_limits_are_of_the_given_clock(colour):
    """The time limit of a call is of that clock: a pause beyond it is not begun."""
    clock = Jumping()
    transport = httpx.MockTransport(lambda request: httpx.Response(503, text=BUSY))
    with (
        colour.client(
            "eu-west-1",
            credentials=KEYS,
            clock=clock,
            transport=transport,
            retry=Patient(),
            timeout=4000,
        ) as ec2,
        pytest.raises(ec2lite.ServiceError) as caught,
    ):
        ec2.stop_instances("i-1")

    assert [3600.0] == clock.waits
    assert 2 == caught.value.attempts


def test_views_have_the_clock_too():
    """A view with credentials of its own pauses on its client's clock."""
    clock = Jumping()
    transport = httpx.MockTransport(lambda request: httpx.Response(503, text=BUSY))
    options = {"clock": clock, "transport": transport, "timeout": ec2lite.Timeout(total=None)}

    with ec2lite.Client("eu-west-1", retry=Patient(), **options) as ec2:
        view = ec2.with_options(credentials=KEYS)
        with pytest.raises(ec2lite.ServiceError):
            view.stop_instances("i-1")

    async def main():
        async with ec2lite.AsyncClient("eu-west-1", retry=Patient(), **options) as ec2:
            view = ec2.with_options(credentials=KEYS)
            with pytest.raises(ec2lite.ServiceError):
                await view.stop_instances("i-1")

    anyio.run(main)
    assert [3600.0] * 4 == clock.waits


@pytest.mark.parametrize("given", [None, Mock(), lambda: datetime.now(UTC)])
def test_other_clocks_only_tell_the_time(given):
    """A function that returns the time, or a mock of one, leaves waiting to the machine."""
    assert MACHINE is clock_of(given)


def test_the_machine_waits():
    """The machine's clock waits for as long as it is told, in both colours."""
    began = time.monotonic()
    MACHINE.sleep(0.01)
    anyio.run(MACHINE.asleep, 0.01)

    assert began + 0.02 <= MACHINE.monotonic()
