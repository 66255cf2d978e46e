"""What a connection is, whichever colour it has, and whoever speaks HTTP on it.

It carries one whole exchange at a time, and is used again only if the last statement of that was
reached: whatever interrupts one closes it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ec2lite.transports.routes import Key, Routes
    from ec2lite.transports.stream import Carrier


class Exchanges:
    """What Places asks for."""

    is_clean: bool = False
    expires_at: float = 0.0

    def __init__(self, key: Key, routes: Routes) -> None:
        self.key: Key = key
        self._routes = routes

    def _carrier(self) -> Carrier | None:
        """Return what carries its bytes, once it is connected."""
        raise NotImplementedError

    def _take(self) -> bool:
        """Return whether the connection was clean; it is not while an exchange is under way."""
        was_clean, self.is_clean = self.is_clean, False
        return was_clean

    def close(self) -> None:
        """Close it. Never waits; twice is fine."""
        self.is_clean = False
        if (carrier := self._carrier()) is not None:
            carrier.close()

    def abandon(self) -> None:
        """Close it from wherever this is: its event loop may run elsewhere, or be gone."""
        if (carrier := self._carrier()) is not None:
            carrier.abandon()

    def disown(self) -> None:
        """Close our copy of a socket that a parent process holds, or an event loop that is gone."""
        if (carrier := self._carrier()) is not None:
            carrier.socket.close()

    def __del__(self) -> None:
        # Lost on the way, by a KeyboardInterrupt. At the interpreter's end anything may be gone.
        with contextlib.suppress(Exception):
            self.abandon()
