"""Sync and async from one text.

What needs I/O is written once, as a generator: a *flow*. It yields what it wants done, an *effect*,
and is sent the outcome; what went wrong is thrown into it, so that the traceback names the flow's
own line. A flow yields

- an ``httpx.Request``, and is sent an ``Answer``;
- ``Sleep(seconds)``, and is sent None;
- ``GetCredentials()``, and is sent ``Credentials``;
- ``Blocking(function)``, and is sent what the function returns;
- ``Together(flows, at_most)``, and is sent the list of their results.

``run`` and ``arun`` drive a flow to its end, each in a *world* that can do these five things. They
close the flow in ``finally``: a cancelled task or a KeyboardInterrupt unwinds it there and then.

A flow that also yields ``Emit(item)`` is a *stream*: ``Iteration`` and ``AsyncIteration`` drive it
from one item to the next, and whoever iterates gets the items.

The clock, the dice and the configuration are arguments of the flow, so a test drives it with
``next``, ``send`` and ``throw`` alone.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from ec2lite.models import Credentials

if TYPE_CHECKING:
    import httpx


R = TypeVar("R")
T = TypeVar("T")


def _nothing() -> None:
    """Do nothing."""


@frozen
class Answer:
    """An HTTP response, read to its end. Header names are in lower case.

    ``discard()`` lets nobody use the connection again that it came by. It never waits.
    """

    status_code: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    discard: Callable[[], object] = field(default=_nothing, repr=False, eq=False)


@frozen
class Sleep:
    """Wait for that many seconds."""

    seconds: float


@frozen
class GetCredentials:
    """Get the caller's credentials; others than ``rejected``, if the service refused those.

    ``deadline`` is the ``time.monotonic()`` value at which the caller stops waiting for them.
    """

    rejected: Credentials | None = None
    deadline: float | None = field(default=None, eq=False)


@frozen
class Blocking:
    """Call a function that may block: in place when sync, in a worker thread when async."""

    function: Callable[[], object]


@frozen(eq=False, repr=False)
class Together:
    """Run flows at once, at most so many; the outcome is the list of their results, in order.

    The error of one ends the others, and is thrown. When it comes, no other is running any more.
    """

    flows: Sequence[Flow[Any]] = field(repr=False)
    at_most: int


@frozen(eq=False, repr=False)
class Emit(Generic[T]):
    """Give an item to whoever iterates the stream; the outcome is None.

    The consumer decides how long that takes, so no time limit may be running meanwhile.
    """

    item: T


GET_CREDENTIALS = GetCredentials()

Effect: TypeAlias = "httpx.Request | Sleep | GetCredentials | Blocking | Together"
Flow: TypeAlias = Generator[Effect, Any, R]
Stream: TypeAlias = Generator["Effect | Emit[T]", Any, None]


class Performer(Protocol):
    """Does effects, blocking."""

    def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        ...


class AsyncPerformer(Protocol):
    """Does effects, awaiting."""

    async def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        ...


def run(flow: Flow[R], world: Performer) -> R:
    """Drive a flow to its end and return its result."""
    step: Callable[[Any], Effect] = flow.send
    outcome: Any = None
    try:
        while True:
            effect = step(outcome)
            try:
                step, outcome = flow.send, world.perform(effect)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which decides
                step, outcome = flow.throw, error
    except StopIteration as end:
        result: R = end.value
        return result
    finally:
        flow.close()


async def arun(flow: Flow[R], world: AsyncPerformer) -> R:
    """Drive a flow to its end and return its result, as ``run`` does."""
    step: Callable[[Any], Effect] = flow.send
    outcome: Any = None
    try:
        while True:
            effect = step(outcome)
            try:
                step, outcome = flow.send, await world.perform(effect)
            except Exception as error:  # noqa: BLE001 - handed to the flow, which decides
                step, outcome = flow.throw, error
    except StopIteration as end:
        result: R = end.value
        return result
    finally:
        flow.close()


class _Turns:
    """Lets one consumer at a time wait for the next item of a stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        # A second consumer would send its own outcome to the effect that the first one waits for.
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("another thread or task is waiting for the next item")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Iteration(Iterator[T]):
    """Iterates over a stream, blocking. It ends with the stream, or with the first error.

    A consumer that stops early has nothing to close: between two items no effect is under way.
    """

    def __init__(self, stream: Stream[T], world: Performer) -> None:
        self._stream = stream
        self._world = world
        self._turns = _Turns()

    def __next__(self) -> T:
        with self._turns:
            step: Callable[[Any], Effect | Emit[T]] = self._stream.send
            outcome: Any = None
            try:
                while True:
                    effect = step(outcome)
                    if isinstance(effect, Emit):
                        return effect.item
                    try:
                        step, outcome = self._stream.send, self._world.perform(effect)
                    except Exception as error:  # noqa: BLE001 - handed to the stream, which decides
                        step, outcome = self._stream.throw, error
            except BaseException:
                self._stream.close()
                raise


class AsyncIteration(AsyncIterator[T]):
    """Iterates over a stream, awaiting, as ``Iteration`` does.

    A class rather than an async generator: the event loop would finalize one that a ``break`` left
    behind at some later time, and trio warns about that.
    """

    def __init__(self, stream: Stream[T], world: AsyncPerformer) -> None:
        self._stream = stream
        self._world = world
        self._turns = _Turns()

    async def __anext__(self) -> T:
        with self._turns:
            step: Callable[[Any], Effect | Emit[T]] = self._stream.send
            outcome: Any = None
            try:
                while True:
                    effect = step(outcome)
                    if isinstance(effect, Emit):
                        return effect.item
                    try:
                        step, outcome = self._stream.send, await self._world.perform(effect)
                    except Exception as error:  # noqa: BLE001 - handed to the stream, which decides
                        step, outcome = self._stream.throw, error
            except StopIteration:
                raise StopAsyncIteration from None
            except BaseException:
                self._stream.close()
                raise
