"""Flows that run at once: on threads in one colour, in a task group in the other.

One that fails, or an interruption, ends all: nothing goes on behind the caller's back. A flow that
is ended so is closed, as it is when its task is cancelled.
"""

from __future__ import annotations

import heapq
import threading
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from ec2lite.engine.clock import MACHINE
from ec2lite.engine.flow import Flow, Sleep, Together, arun, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ec2lite.engine.clock import Clock
    from ec2lite.engine.flow import AsyncPerformer, Effect, Performer

Run: TypeAlias = "tuple[Flow[Any], Performer]"
AsyncRun: TypeAlias = "tuple[Flow[Any], AsyncPerformer]"

# A clock that is not the machine's cannot be woken: it is asked so often, in its own seconds.
_SLICE: Final = 0.1
# With a time limit, Ctrl-C gets through on Windows, too.
_PATIENCE: Final = 1.0


class Stopped(BaseException):
    """Raised instead of an effect when another flow has failed. It goes no further than a run."""


class Stop:
    """Tells flows that run at once to end, and those that they run at once themselves."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._below: list[Stop] = []

    def below(self) -> Stop:
        """Return one that ends with this one."""
        made = Stop()
        self._below.append(made)
        # Set before that, it has not told the new one.
        if self.is_set():
            made.set()
        return made

    def is_set(self) -> bool:
        """Return whether they are to end."""
        return self._event.is_set()

    def set(self) -> None:
        """End them."""
        self._event.set()
        for each in list(self._below):
            each.set()

    def check(self) -> None:
        """Raise ``Stopped`` if they are to end."""
        if self._event.is_set():
            raise Stopped

    def sleep(self, seconds: float, clock: Clock) -> None:
        """Sleep, unless they are to end."""
        if clock is MACHINE:
            self._event.wait(seconds)
        else:
            while seconds > 0 and not self._event.is_set():
                clock.sleep(min(seconds, _SLICE))
                seconds -= _SLICE
        self.check()


class _World:
    """The world of one of several flows: what it does there ends when the others have to."""

    def __init__(self, world: Performer, clock: Clock, stop: Stop) -> None:
        self._world = world
        self._clock = clock
        self._stop = stop

    def perform(self, effect: Effect) -> object:
        self._stop.check()
        if isinstance(effect, Sleep):
            self._stop.sleep(effect.seconds, self._clock)
            return None
        if isinstance(effect, Together):
            runs = [(each, self._world) for each in effect.flows]
            return _on_threads(runs, effect.at_most, self._clock, self._stop.below())
        return self._world.perform(effect)


def together(runs: Sequence[Run], at_most: int, clock: Clock) -> list[Any]:
    """Run flows at once, each in its world; return their results in order.

    If one fails, the others end, and the error of the first in order is raised. A request that is
    under way is waited for. On a clock that stands still between two sleeps one thread takes turns.
    """
    if clock.is_virtual:
        return _OneThread(runs, at_most, clock).take()
    return _on_threads(runs, at_most, clock, Stop())


async def atogether(runs: Sequence[AsyncRun], at_most: int) -> list[Any]:
    """Run flows at once, as ``together`` does, in a task group."""
    import anyio

    results: list[Any] = [None] * len(runs)
    failed: dict[int, BaseException] = {}
    left = enumerate(runs)

    async def work() -> None:
        for index, (flow, world) in left:
            try:
                results[index] = await arun(flow, world)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised below
                failed[index] = error
                tasks.cancel_scope.cancel()
                return

    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(min(at_most, len(runs))):
                tasks.start_soon(work)
    finally:
        _close(left)
    if failed:
        _raise(failed)
    return results


def _on_threads(runs: Sequence[Run], at_most: int, clock: Clock, stop: Stop) -> list[Any]:
    results: list[Any] = [None] * len(runs)
    failed: dict[int, BaseException] = {}
    left, lock, ended = enumerate(runs), threading.Lock(), threading.Semaphore(0)

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    following = next(left, None)
                if following is None:
                    return
                index, (flow, world) = following
                try:
                    results[index] = run(flow, _World(world, clock, stop))
                except Stopped:
                    return
                except BaseException as error:  # noqa: BLE001 - raised below
                    failed[index] = error
                    stop.set()
        finally:
            ended.release()

    threads = [
        threading.Thread(target=copy_context().run, args=(work,), name="ec2lite", daemon=True)
        for _ in range(min(at_most, len(runs)))
    ]
    _wait_for(threads, ended, stop)
    _close(left)
    if failed:
        _raise(failed)
    # Stopped from above: none of these has failed.
    stop.check()
    return results


def _wait_for(threads: list[threading.Thread], ended: threading.Semaphore, stop: Stop) -> None:
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            while not ended.acquire(timeout=_PATIENCE):
                pass
    except BaseException:
        # Ctrl-C, which the main thread alone gets; or there is no room for another thread.
        stop.set()
        raise
    finally:
        # Ctrl-C may have come before start() returned. What is not alive yet finds that it has to
        # end, and takes no flow.
        for thread in threads:
            if thread.is_alive():
                thread.join()


class _OneThread:
    """Flows that take turns on one thread: whose time comes first is next."""

    def __init__(self, runs: Sequence[Run], at_most: int, clock: Clock) -> None:
        self._left = enumerate(runs)
        self._results: list[Any] = [None] * len(runs)
        self._clock = clock
        self._at_most = at_most
        self._order = 0
        self._due: list[tuple[float, int, int, Run, Callable[[Any], Effect], Any]] = []

    def take(self) -> list[Any]:
        """Take turns until all have ended."""
        try:
            self._begin(self._at_most)
            while self._due:
                self._turn()
        finally:
            for *_, (flow, _), _, _ in self._due:
                flow.close()
            _close(self._left)
        return self._results

    def _begin(self, count: int) -> None:
        for _, (index, one) in zip(range(count), self._left, strict=False):
            self._add(self._clock.monotonic(), index, one, one[0].send, None)

    def _turn(self) -> None:
        due, _, index, one, step, outcome = heapq.heappop(self._due)
        self._clock.sleep(max(due - self._clock.monotonic(), 0))
        flow, world = one
        try:
            effect = step(outcome)
            pause = 0.0
            try:
                if isinstance(effect, Sleep):
                    step, outcome, pause = flow.send, None, effect.seconds
                else:
                    step, outcome = flow.send, world.perform(effect)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which decides
                step, outcome = flow.throw, error
            self._add(self._clock.monotonic() + pause, index, one, step, outcome)
        except StopIteration as end:
            self._results[index] = end.value
            self._begin(1)
        except BaseException:
            flow.close()
            raise

    def _add(
        self, due: float, index: int, one: Run, step: Callable[[Any], Effect], outcome: object
    ) -> None:
        self._order += 1
        heapq.heappush(self._due, (due, self._order, index, one, step, outcome))


def _close(left: Iterator[tuple[int, tuple[Flow[Any], Any]]]) -> None:
    for _, (flow, _) in left:
        flow.close()


def _raise(failed: dict[int, BaseException]) -> NoReturn:
    raise failed[min(failed)]
