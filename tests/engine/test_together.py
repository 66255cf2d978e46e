"""Flows at once: their results, their order, and their common end."""

from __future__ import annotations

import _thread
import functools
import threading
import time
from contextvars import ContextVar
from types import SimpleNamespace

import anyio
import pytest

from ec2lite.engine.clock import MACHINE
from ec2lite.engine.flow import Blocking, Sleep, Together, arun, run
from ec2lite.engine.together import Stop, Stopped, _wait_for, together
from ec2lite.engine.world import AsyncWorld, SyncWorld
from ec2lite.testing import RealClock, VirtualClock

COLOURS = ["threads", "one thread", "asyncio", "trio"]
LONG = 600.0


def drive(colour, flow):
    """Run a flow in one of the colours; no request is sent."""
    source = SimpleNamespace(provider=None)
    if colour in {"asyncio", "trio"}:
        return anyio.run(arun, flow, AsyncWorld(None, source), backend=colour)
    clock = VirtualClock() if colour == "one thread" else MACHINE
    return run(flow, SyncWorld(None, source, clock=clock))


class Watched:
    """Flows that note how many of them run, and how each ended."""

    def __init__(self):
        self.running = set()
        self.most = 0
        self.ends = {}

    def flow(self, name, *effects, error=None):
        """Yield effects, then raise an error or return the name."""
        self.running.add(name)
        self.most = max(self.most, len(self.running))
        try:
            yield from (each for each in effects)
            if error is not None:
                yield Blocking(functools.partial(_raise, error))
        except BaseException as error:
            self.ends[name] = type(error).__name__
            raise
        else:
            return name
        finally:
            self.running.discard(name)


def _raise(error):
    raise error


def at_once(flows, at_most):
    """Return a flow that runs others at once."""
    return (yield Together(flows, at_most))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("at_most", [1, 3, 9])
def test_results_in_order(colour, at_most):
    """The results are in the order of the flows, and no more than allowed run at once."""
    watched = Watched()
    flows = [watched.flow(each, Sleep(0.01 * (5 - each)), Sleep(0)) for each in range(5)]

    assert list(range(5)) == drive(colour, at_once(flows, at_most))
    assert watched.most <= at_most
    assert set() == watched.running


@pytest.mark.parametrize("colour", COLOURS)
def test_none(colour):
    """Without flows there are no results."""
    assert [] == drive(colour, at_once([], 3))


@pytest.mark.parametrize("colour", COLOURS)
def test_an_error_ends_all(colour):
    """The error of one is raised when no other runs any more; what had not begun never does."""
    watched = Watched()
    flows = [
        watched.flow("long", Sleep(LONG)),
        watched.flow("bad", Sleep(0.05), error=ZeroDivisionError("bad")),
        watched.flow("never", Sleep(LONG)),
    ]
    began = time.monotonic()

    with pytest.raises(ZeroDivisionError, match="bad"):
        drive(colour, at_once(flows, 2))

    assert {"long": "GeneratorExit", "bad": "ZeroDivisionError"} == watched.ends
    assert time.monotonic() - began < LONG / 2
    with pytest.raises(StopIteration):
        next(flows[2])


@pytest.mark.parametrize("colour", COLOURS)
def test_an_error_that_the_caller_expects(colour):
    """The error is thrown into the flow that asked, which goes on if it likes."""

    def outer():
        try:
            yield Together([Watched().flow("bad", error=LookupError("x"))], 1)
        except LookupError as error:
            yield Sleep(0)
            return str(error)

    assert "x" == drive(colour, outer())


@pytest.mark.parametrize("colour", COLOURS)
def test_effects_that_fail(colour):
    """What goes wrong with an effect is thrown into the flow that asked for it alone."""

    def fail():
        raise LookupError

    def careful():
        try:
            yield Blocking(fail)
        except LookupError:
            return "careful"

    flows = [careful(), Watched().flow("other", Sleep(0.01), Blocking(lambda: None))]
    assert ["careful", "other"] == drive(colour, at_once(flows, 2))


@pytest.mark.parametrize("colour", COLOURS)
def test_within_one_another(colour):
    """Those that one of them runs at once end with it."""
    watched, begun = Watched(), threading.Event()
    inner = [watched.flow("inner", Blocking(begun.set), Sleep(LONG))]
    wait = () if colour == "one thread" else (Blocking(functools.partial(begun.wait, LONG)),)
    bad = watched.flow("bad", *wait, error=ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        drive(colour, at_once([bad, at_once(inner, 1)], 2))

    assert set() == watched.running
    nested = [at_once([watched.flow("a"), watched.flow("b")], 2), watched.flow("c")]
    assert [["a", "b"], "c"] == drive(colour, at_once(nested, 2))


@pytest.mark.parametrize("colour", COLOURS)
def test_an_interruption_ends_all(colour):
    """A KeyboardInterrupt ends all flows before it goes on, as itself."""
    watched = Watched()

    def interrupt():
        raise KeyboardInterrupt

    flows = [watched.flow("long", Sleep(LONG)), watched.flow("cut", Sleep(0), Blocking(interrupt))]
    with pytest.raises(KeyboardInterrupt):
        drive(colour, at_once(flows, 2))

    assert set() == watched.running


def test_ctrl_c():
    """Ctrl-C reaches the main thread, which ends the sleeping workers and waits for them."""
    watched = Watched()
    flows = [
        watched.flow("long", Sleep(LONG)),
        watched.flow("key", Blocking(_thread.interrupt_main), Sleep(LONG)),
    ]

    with pytest.raises(KeyboardInterrupt):
        drive("threads", at_once(flows, 2))

    assert {"long": "GeneratorExit", "key": "GeneratorExit"} == watched.ends


def test_a_cancelled_task():
    """A cancelled task leaves no flow running."""
    watched = Watched()

    async def cancel():
        with anyio.move_on_after(0.05):
            flow = at_once([watched.flow(each, Sleep(LONG)) for each in range(3)], 2)
            await arun(flow, AsyncWorld(None, SimpleNamespace(provider=None)))

    anyio.run(cancel)

    assert {0: "GeneratorExit", 1: "GeneratorExit"} == watched.ends


def test_virtual_time():
    """On a virtual clock flows wait side by side: together they take as long as the longest."""
    clock, seen = VirtualClock(), []
    world = SyncWorld(None, SimpleNamespace(provider=None), clock=clock)

    def flow(name, *pauses):
        for each in pauses:
            yield Sleep(each)
            seen.append((name, round(clock.passed(), 3)))

    together([(flow("a", 2, 2), world), (flow("b", 3, 3), world)], 2, clock)

    assert [("a", 2), ("b", 3), ("a", 4), ("b", 6)] == seen


def test_another_clock():
    """On a clock of another speed a sleep takes its time, and ends early if it has to."""
    clock, world = RealClock(speed=1000.0), SyncWorld(None, SimpleNamespace(provider=None))
    watched = Watched()

    assert ["a"] == together([(watched.flow("a", Sleep(0.25)), world)], 1, clock)
    assert clock.passed() >= 0.25
    slow = RealClock(speed=0.5)
    runs = [
        (watched.flow("long", Sleep(LONG)), world),
        (watched.flow("bad", error=ZeroDivisionError()), world),
    ]
    with pytest.raises(ZeroDivisionError):
        together(runs, 2, slow)
    assert set() == watched.running


def test_variables_of_the_context():
    """Threads see the context variables of their caller."""
    variable = ContextVar("variable", default="unset")
    variable.set("set")

    def flow():
        return (yield Blocking(variable.get))

    assert ["set"] == drive("threads", at_once([flow()], 1))


def test_a_stop_that_comes_early():
    """Those that begin after the end end at once."""
    above = Stop()
    above.set()

    with pytest.raises(Stopped):
        above.below().sleep(LONG, MACHINE)


def test_waiting_for_threads():
    """The main thread wakes from time to time, or Ctrl-C would not get through everywhere."""
    answers = iter([False, True])
    thread = threading.Thread(target=lambda: None)

    _wait_for([thread], SimpleNamespace(acquire=lambda timeout: next(answers)), Stop())

    assert [] == list(answers)
    assert not thread.is_alive()


def test_no_room_for_a_thread():
    """Where no thread can be started, those that run end, and the error is raised."""
    stop = Stop()
    first = threading.Thread(target=stop._event.wait)

    def fail():
        raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError):
        _wait_for([first, SimpleNamespace(start=fail, is_alive=bool)], threading.Semaphore(0), stop)

    assert not first.is_alive()
