"""One text for both colours: what may wait is yielded, and a driver does it.

A step is a function and its arguments. ``run`` calls it, ``arun`` awaits it; its outcome is sent
into the generator, its error thrown. The engine's flows are the same idea with effects instead of
functions. They are generators, not coroutines, because Python warns of a coroutine that a
KeyboardInterrupt kept from its beginning.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias, TypeVar, cast

T = TypeVar("T")

Steps: TypeAlias = Generator[tuple[Any, ...], Any, T]


def run(steps: Steps[T]) -> T:
    """Do the steps, blocking, and return what they return."""
    try:
        function, *given = next(steps)
        while True:
            try:
                outcome = function(*given)
            except BaseException as error:  # noqa: BLE001 - a KeyboardInterrupt is theirs, too
                function, *given = steps.throw(error)
            else:
                function, *given = steps.send(outcome)
    except StopIteration as done:
        return cast("T", done.value)
    finally:
        steps.close()


async def arun(steps: Steps[T]) -> T:
    """Do the steps, awaiting, and return what they return."""
    try:
        function, *given = next(steps)
        while True:
            try:
                outcome = await function(*given)
            except BaseException as error:  # noqa: BLE001 - a cancellation is theirs, too
                function, *given = steps.throw(error)
            else:
                function, *given = steps.send(outcome)
    except StopIteration as done:
        return cast("T", done.value)
    finally:
        steps.close()
