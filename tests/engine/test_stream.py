"""Streams, flows that emit items, and the two iterators over them."""

from __future__ import annotations

import gc
import threading

import anyio
import pytest

from ec2lite.engine.flow import AsyncIteration, Emit, Iteration, Sleep

DRIVERS = ["sync", "asyncio", "trio"]


class World:
    """Answers an effect with what a table says, or raises it."""

    def __init__(self, table):
        self.table = table
        self.seen = []

    def perform(self, effect):
        self.seen.append(effect)
        outcome = self.table.get(effect)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


class AsyncWorld(World):
    async def perform(self, effect):
        return super().perform(effect)


def take(driver, stream, table, most=100):
    """Iterate in one of the colours, over so many items; return them and the effects asked for."""
    items = []
    world = World(table) if driver == "sync" else AsyncWorld(table)
    if driver == "sync":
        for item in Iteration(stream, world):
            items.append(item)
            if len(items) == most:
                break
        return items, world.seen

    async def main():
        async for item in AsyncIteration(stream, world):
            items.append(item)
            if len(items) == most:
                break

    anyio.run(main, backend=driver)
    return items, world.seen


@pytest.mark.parametrize("driver", DRIVERS)
def test_items(driver):
    """A consumer gets what is emitted, in order; effects are performed between the items."""

    def stream():
        first = yield Sleep(1)
        yield Emit(first)
        yield Emit("between")
        second = yield Sleep(2)
        yield Emit(second)

    items, seen = take(driver, stream(), {Sleep(1): "one", Sleep(2): "two"})

    assert ["one", "between", "two"] == items
    assert [Sleep(1), Sleep(2)] == seen


@pytest.mark.parametrize("driver", DRIVERS)
def test_lazy(driver):
    """Nothing is asked for before its item is wanted, and nothing more after a break."""

    def stream():
        for number in range(10):
            yield Sleep(number)
            yield Emit(number)

    items, seen = take(driver, stream(), {}, most=2)

    assert [0, 1] == items
    assert [Sleep(0), Sleep(1)] == seen


@pytest.mark.parametrize("driver", DRIVERS)
def test_emit_has_no_outcome(driver):
    """A stream is sent None for what it emits, also after an effect that had an outcome."""
    outcomes = []

    def stream():
        yield Sleep(1)
        outcomes.append((yield Emit("item")))

    take(driver, stream(), {Sleep(1): "one"})

    assert [None] == outcomes


@pytest.mark.parametrize("driver", DRIVERS)
def test_thrown(driver):
    """What an effect raises is raised in the stream, which may go on."""

    def stream():
        try:
            yield Sleep(1)
        except OSError as error:
            yield Emit(str(error))

    items, _ = take(driver, stream(), {Sleep(1): OSError("broken")})

    assert ["broken"] == items


@pytest.mark.parametrize("driver", DRIVERS)
def test_error_ends(driver):
    """An error that the stream does not catch reaches the consumer, and ends the iteration."""

    def stream():
        yield Emit(1)
        yield Sleep(1)

    items = []

    async def main():
        iteration = AsyncIteration(stream(), AsyncWorld({Sleep(1): OSError("broken")}))
        items.append(await anext(iteration))
        with pytest.raises(OSError, match="broken"):
            await anext(iteration)
        with pytest.raises(StopAsyncIteration):
            await anext(iteration)

    if driver == "sync":
        iteration = Iteration(stream(), World({Sleep(1): OSError("broken")}))
        items.append(next(iteration))
        with pytest.raises(OSError, match="broken"):
            next(iteration)
        with pytest.raises(StopIteration):
            next(iteration)
    else:
        anyio.run(main, backend=driver)

    assert [1] == items


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_interruption_closes(driver, interruption):
    """An interruption is not the stream's to handle: it is closed there and then."""
    closed = []

    def stream():
        try:
            yield Sleep(1)
        except Exception as error:
            closed.append(error)
        finally:
            closed.append("closed")

    kept = stream()  # or the end of its last reference would close it
    with pytest.raises(interruption):
        take(driver, kept, {Sleep(1): interruption()})

    assert ["closed"] == closed


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancellation_closes(backend):
    """A cancelled task unwinds the stream that it waits for, before it ends."""
    closed = []

    class Forever:
        async def perform(self, effect):
            await anyio.sleep_forever()

    def stream():
        try:
            yield Sleep(1)
        finally:
            closed.append("closed")

    async def main():
        iteration = AsyncIteration(stream(), Forever())
        with anyio.move_on_after(0.01):
            await anext(iteration)
        return list(closed)

    assert ["closed"] == anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_left_behind(backend):
    """An iteration that is left between two items needs no closing, and nothing warns."""
    closed = []

    def stream():
        try:
            while True:
                yield Sleep(1)
                yield Emit(1)
        finally:
            closed.append("closed")

    async def main():
        async for _ in AsyncIteration(stream(), AsyncWorld({})):
            break
        gc.collect()
        return list(closed)

    assert ["closed"] == anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_two_tasks(backend):
    """A second task that wants an item meanwhile is refused, and the first one gets its own."""

    def stream():
        yield Emit((yield Sleep(1)))

    class Gate(AsyncWorld):
        async def perform(self, effect):
            await opened.wait()
            return "mine"

    async def main():
        nonlocal opened
        opened = anyio.Event()
        iteration = AsyncIteration(stream(), Gate({}))
        items = []

        async def first():
            items.append(await anext(iteration))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(first)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(RuntimeError, match="another thread or task"):
                await anext(iteration)
            opened.set()
        return items

    opened = None
    assert ["mine"] == anyio.run(main, backend=backend)


def test_two_threads():
    """A second thread that wants an item meanwhile is refused, and the first one gets its own."""
    asked, opened = threading.Event(), threading.Event()

    class Gate:
        def perform(self, effect):
            asked.set()
            opened.wait(30)
            return "mine"

    def stream():
        yield Emit((yield Sleep(1)))

    iteration = Iteration(stream(), Gate())
    items = []
    first = threading.Thread(target=lambda: items.append(next(iteration)))
    first.start()
    assert asked.wait(30)
    with pytest.raises(RuntimeError, match="another thread or task"):
        next(iteration)
    opened.set()
    first.join()

    assert ["mine"] == items
    assert [] == list(iteration)
