"""Flows and the two drivers."""

from __future__ import annotations

import anyio
import pytest

from ec2lite.engine.flow import (
    GET_CREDENTIALS,
    Answer,
    Blocking,
    GetCredentials,
    Sleep,
    arun,
    run,
)
from samples import KEYS

DRIVERS = ["sync", "asyncio", "trio"]


class World:
    """Answers an effect with what a table says, or raises it."""

    def __init__(self, table):
        self.table = table
        self.seen = []

    def perform(self, effect):
        self.seen.append(effect)
        outcome = self.table[effect]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class AsyncWorld(World):
    async def perform(self, effect):
        return super().perform(effect)


def drive(driver, flow, table):
    """Run a flow in one of the colours; return its result and the effects it asked for."""
    if driver == "sync":
        world = World(table)
        return run(flow, world), world.seen
    world = AsyncWorld(table)
    return anyio.run(arun, flow, world, backend=driver), world.seen


@pytest.mark.parametrize("driver", DRIVERS)
def test_outcomes(driver):
    """A flow is sent the outcome of each effect, and its return value is the driver's."""

    def flow():
        first = yield Sleep(1)
        second = yield Sleep(2)
        return [first, second]

    result = drive(driver, flow(), {Sleep(1): "one", Sleep(2): "two"})

    assert (["one", "two"], [Sleep(1), Sleep(2)]) == result


@pytest.mark.parametrize("driver", DRIVERS)
def test_no_effects(driver):
    """A flow that wants nothing returns at once."""

    def flow():
        return "done"
        yield  # what makes it a generator

    assert ("done", []) == drive(driver, flow(), {})


@pytest.mark.parametrize("driver", DRIVERS)
def test_thrown(driver):
    """What an effect raises is raised in the flow where it asked, and may be caught there."""

    def flow():
        try:
            yield Sleep(1)
        except OSError as error:
            caught = error
        after = yield Sleep(2)
        return caught, after

    broken = OSError("broken")
    result, _ = drive(driver, flow(), {Sleep(1): broken, Sleep(2): "two"})

    assert (broken, "two") == result


@pytest.mark.parametrize("driver", DRIVERS)
def test_traceback_names_the_flow(driver):
    """What a flow does not catch leaves the driver, with the flow's own line in its traceback."""

    def asks_for_too_much():
        yield Sleep(1)

    with pytest.raises(OSError, match="broken") as caught:
        drive(driver, asks_for_too_much(), {Sleep(1): OSError("broken")})

    assert "asks_for_too_much" in [entry.name for entry in caught.traceback]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_interruption_closes(driver, interruption):
    """An interruption is not the flow's to handle: it is closed there and then."""
    closed = []

    def flow():
        try:
            yield Sleep(1)
        except Exception as error:
            closed.append(error)
        finally:
            closed.append("closed")

    with pytest.raises(interruption):
        drive(driver, flow(), {Sleep(1): interruption()})

    assert ["closed"] == closed


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancellation_closes(backend):
    """A cancelled task unwinds its flow before it ends."""
    closed = []

    class Forever:
        async def perform(self, effect):
            await anyio.sleep_forever()

    def flow():
        try:
            yield Sleep(1)
        finally:
            closed.append("closed")

    async def main():
        with anyio.move_on_after(0.01):
            await arun(flow(), Forever())
        return list(closed)

    assert ["closed"] == anyio.run(main, backend=backend)


@pytest.mark.parametrize("driver", DRIVERS)
def test_closed_after_success(driver):
    """A flow that another generator would have kept open is closed when it has returned."""
    flow = (yield_ for yield_ in [Sleep(1)])
    drive(driver, flow, {Sleep(1): None})

    assert flow.gi_frame is None


def test_by_hand():
    """A flow needs no driver: next, send and throw are enough."""

    def flow():
        keys = yield GET_CREDENTIALS
        try:
            yield Blocking(str)
        except ValueError:
            return keys

    steps = flow()

    assert GetCredentials(rejected=None) == next(steps)
    assert Blocking(str) == steps.send(KEYS)
    with pytest.raises(StopIteration) as end:
        steps.throw(ValueError())
    assert KEYS == end.value.value


def test_answer_hides_its_body():
    """The repr of an answer does not show the body, which may hold secrets."""
    assert "Answer(status_code=200, headers={})" == repr(Answer(200, {}, b"secret"))
