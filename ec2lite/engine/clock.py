"""The time that calls take: the machine's, or that of a clock that was given to the client.

``Client(clock=…)`` takes a function that returns the time to sign for. If that is a ``Clock``, the
client's time limits, pauses and waits are of its time too: ``ec2lite.testing`` has clocks on which
a wait of ten minutes takes none.
"""

from __future__ import annotations

import time
from typing import Final


class Clock:
    """Time that passes, in seconds: this machine's. Subclasses have a time of their own.

    By inheritance, not by its methods alone: a mock has any method that is looked for.
    ``is_virtual`` says that nothing but a sleep moves it: then flows at once share one thread.
    """

    is_virtual: bool = False

    def monotonic(self) -> float:
        """Return the seconds since some moment; they never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return when that much time has passed."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Do the same, awaiting; on asyncio or trio."""
        import anyio

        await anyio.sleep(seconds)


MACHINE: Final = Clock()


def clock_of(given: object) -> Clock:
    """Return the given clock if time passes on it, else the machine's."""
    return given if isinstance(given, Clock) else MACHINE
