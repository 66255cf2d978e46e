"""Faults on demand: refusals and cut connections, so many times for an action."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable


class Reset(Exception):  # noqa: N818 - no error, but what was asked for
    """The connection is cut instead of an answer."""


class Faults:
    """What is to go wrong, in the order in which it was asked for."""

    def __init__(self) -> None:
        self._coming: dict[str, deque[Callable[[], Exception]]] = {}

    def add(self, action: str, times: int, make: Callable[[], Exception]) -> None:
        """Let the next requests for an action end so."""
        self._coming.setdefault(action, deque()).extend([make] * times)

    def strike(self, action: str) -> None:
        """Raise what is to go wrong now."""
        if self._coming.get(action):
            error = self._coming[action].popleft()()
            raise error


def refusal(code: str, status: int | None) -> Callable[[], Exception]:
    """Return what makes a refusal."""
    return lambda: Refusal(code, status=status)
