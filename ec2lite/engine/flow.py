"""Sync and async from one text.

What needs I/O is written once, as a generator: a *flow*. It yields what it wants done, an *effect*,
and is sent the outcome; what went wrong is thrown into it, so that the traceback names the flow's
own line. A flow yields

- an ``httpx.Request``, and is sent an ``Answer``;
- ``Sleep(seconds)``, and is sent None;
- ``GetCredentials()``, and is sent ``Credentials``;
- ``Blocking(function)``, and is sent what the function returns.

``run`` and ``arun`` drive a flow to its end, each in a *world* that can do these four things. They
close the flow in ``finally``: a cancelled task or a KeyboardInterrupt unwinds it there and then.
The clock, the dice and the configuration are arguments of the flow, so a test drives it with
``next``, ``send`` and ``throw`` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from ec2lite.models import Credentials

if TYPE_CHECKING:
    import httpx


R = TypeVar("R")


@frozen
class Answer:
    """An HTTP response, read to its end. Header names are in lower case."""

    status_code: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


@frozen
class Sleep:
    """Wait for that many seconds."""

    seconds: float


@frozen
class GetCredentials:
    """Get the caller's credentials; others than ``rejected``, if the service refused those."""

    rejected: Credentials | None = None


@frozen
class Blocking:
    """Call a function that may block: in place when sync, in a worker thread when async."""

    function: Callable[[], object]


GET_CREDENTIALS = GetCredentials()

Effect: TypeAlias = "httpx.Request | Sleep | GetCredentials | Blocking"
Flow: TypeAlias = Generator[Effect, Any, R]


class World(Protocol):
    """Does effects, blocking."""

    def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        ...


class AsyncWorld(Protocol):
    """Does effects, awaiting."""

    async def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        ...


def run(flow: Flow[R], world: World) -> R:
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


async def arun(flow: Flow[R], world: AsyncWorld) -> R:
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
