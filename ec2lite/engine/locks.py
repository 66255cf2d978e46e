"""Locks that a forked child finds open.

A thread that held a lock when another one forked is not in the child, so nobody would release it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final

from attrs import define, field


@define(eq=False, repr=False)
class ForkSafeLock:
    """Holds a ``threading.Lock`` that is a new one in a forked child: ``with lock.current:``.

    The C lock is entered directly. Between a Python ``__enter__`` and the body a Ctrl-C could
    arrive, and the lock would stay locked.
    """

    current: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        _LOCKS.add(self)

    def renew(self) -> None:
        """Forget who holds it."""
        self.current = threading.Lock()


_LOCKS: Final[weakref.WeakSet[ForkSafeLock]] = weakref.WeakSet()


def _renew_all() -> None:
    for lock in list(_LOCKS):
        lock.renew()


if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_renew_all)
