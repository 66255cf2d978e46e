"""Gates and shelves."""

from __future__ import annotations

import threading
import time
from collections import deque

import anyio
import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2lite.transports import pool
from ec2lite.transports.pool import AsyncGate, Gate, Shelf
from servers import until

backends = pytest.mark.parametrize("backend", ["asyncio", "trio"])


def test_shelf_last_first():
    """What was put on a stack last is taken first, and each key has a stack of its own."""
    shelf: Shelf[str] = Shelf()
    for thing in ("a1", "a2", "b1"):
        shelf.put(thing[0], thing, 1.0)
    assert 3 == len(shelf)
    assert ["a2", "a1", None] == [shelf.take("a") for _ in range(3)]
    assert None is shelf.take("nothing")
    assert "b1" == shelf.take("b")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9))), st.integers(0, 9))
def test_shelf_expiry(puts, now):
    """Exactly the things whose time has come expire, however they are spread."""
    shelf: Shelf[tuple[str, int]] = Shelf()
    for key, time_up in sorted(puts, key=lambda put: put[1]):
        shelf.put(key, (key, time_up), time_up)
    assert sorted(put for put in puts if put[1] <= now) == sorted(shelf.expired(now))
    assert sum(put[1] > now for put in puts) == len(shelf)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9))))
def test_shelf_oldest(puts):
    """The oldest of all stacks goes first."""
    shelf: Shelf[int] = Shelf()
    for key, time_up in sorted(puts, key=lambda put: put[1]):
        shelf.put(key, time_up, time_up)
    assert sorted(put[1] for put in puts) == [n for _ in puts for n in shelf.oldest()]
    assert [] == shelf.oldest()


def test_shelf_beaten():
    """A stack that another thread has emptied in between is no error."""
    assert float("inf") == pool._age(deque())
    assert [] == pool._pop_left(deque())


def test_gate_order():
    """Threads are let in in the order in which they came."""
    gate = Gate(1)
    gate.enter(None)
    order: list[int] = []

    def enter(number: int) -> None:
        gate.enter(None)
        order.append(number)
        gate.leave()

    threads = []
    for number in range(10):
        threads.append(threading.Thread(target=enter, args=(number,)))
        threads[-1].start()
        assert until(lambda: len(gate._queue) == len(threads))
    gate.leave()
    for thread in threads:
        thread.join()
    assert list(range(10)) == order
    assert 1 == gate.free


def test_gate_timeout():
    """Whoever waited too long is out of the queue, and the place goes to nobody."""
    gate = Gate(1)
    gate.enter(0)
    for patience in (0.05, 0, -1):
        with pytest.raises(httpcore.PoolTimeout, match="1 connections"):
            gate.enter(patience)
    gate.leave()
    assert 1 == gate.free
    gate.enter(-1)


class Turn:
    """A lock that is given to us in the very moment in which we stop waiting."""

    def __init__(self, gate: Gate, error: BaseException | None = None) -> None:
        self._gate = gate
        self._error = error
        self._is_ours = False

    def acquire(self, timeout: float = -1) -> bool:
        if not self._is_ours:
            self._is_ours = True
            return True
        self._gate.leave()
        if self._error is not None:
            raise self._error
        return False

    def release(self) -> None:
        pass


def test_gate_late(monkeypatch):
    """A place given in the moment of the time limit is taken."""
    gate = Gate(1)
    gate.enter(None)
    monkeypatch.setattr(pool.threading, "Lock", lambda: Turn(gate))
    gate.enter(1)
    assert 0 == gate.free


def test_gate_interrupted(monkeypatch):
    """A place given in the moment of a KeyboardInterrupt goes on to the next."""
    gate = Gate(1)
    gate.enter(None)
    monkeypatch.setattr(pool.threading, "Lock", lambda: Turn(gate, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        gate.enter(1)
    assert 1 == gate.free


def test_gate_interrupted_waiting(monkeypatch):
    """A KeyboardInterrupt while waiting leaves the queue."""
    gate = Gate(1)
    gate.enter(None)
    turn = Turn(gate, KeyboardInterrupt())
    monkeypatch.setattr(turn, "_gate", Gate(1))
    monkeypatch.setattr(pool.threading, "Lock", lambda: turn)
    with pytest.raises(KeyboardInterrupt):
        gate.enter(1)
    assert not gate._queue
    assert 0 == gate.free


@backends
def test_async_gate_order(backend):
    """Tasks are let in in the order in which they came."""
    order: list[int] = []

    async def main() -> None:
        gate = AsyncGate(1)
        await gate.enter(None)
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(enter, gate, number)
                await anyio.wait_all_tasks_blocked()
            gate.leave()
        assert 1 == gate.free

    async def enter(gate: AsyncGate, number: int) -> None:
        await gate.enter(None)
        order.append(number)
        gate.leave()

    anyio.run(main, backend=backend)
    assert list(range(10)) == order


@backends
def test_async_gate_timeout(backend):
    """Whoever waited too long is out of the queue, and the place goes to nobody."""

    async def main() -> None:
        gate = AsyncGate(1)
        await gate.enter(None)
        for patience in (0.05, 0, -1):
            start = time.monotonic()
            with pytest.raises(httpcore.PoolTimeout, match="1 connections"):
                await gate.enter(patience)
            assert time.monotonic() - start < 3
        gate.leave()
        assert 1 == gate.free

    anyio.run(main, backend=backend)


@backends
@pytest.mark.parametrize("leaves", [False, True])
def test_async_gate_cancelled(backend, leaves):
    """A cancelled task leaves the queue; a place given to it in that moment goes on."""

    async def main() -> None:
        gate = AsyncGate(1)
        await gate.enter(None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(gate.enter, None)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
            if leaves:
                gate.leave()
        assert not gate._queue
        assert int(leaves) == gate.free

    anyio.run(main, backend=backend)
