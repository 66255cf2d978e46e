"""Locks that a forked child finds open.

A thread that held a lock when another one forked is not in the child, so nobody would release it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final

from attrs import define, field


@define(eq=False)
class ForkSafeLock:
    """A ``threading.Lock`` that is a new one in a forked child."""

    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        _LOCKS.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def renew(self) -> None:
        """Forget who holds it."""
        self._lock = threading.Lock()


_LOCKS: Final[weakref.WeakSet[ForkSafeLock]] = weakref.WeakSet()


def _renew_all() -> None:
    for lock in list(_LOCKS):
        lock.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_renew_all)
