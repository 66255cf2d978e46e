"""Credentials, held and renewed in time, once for all tasks of an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

import anyio
from anyio.lowlevel import RunVar

from ec2lite.credentials.cache import State, own_deadline
from ec2lite.credentials.deadline import seconds_left
from ec2lite.credentials.freshness import Renewal
from ec2lite.credentials.provider import Clock, utc_now
from ec2lite.engine.flow import GET_CREDENTIALS, GetCredentials, arun
from ec2lite.engine.world import AsyncWorld

if TYPE_CHECKING:
    import httpx

    from ec2lite.credentials.cache import Find
    from ec2lite.listeners import Listener
    from ec2lite.models import Credentials

# Seconds beyond a deadline. The providers keep it themselves, and their errors name who was
# asked; this is for what does not keep it.
_GRACE: Final = 0.25


class AsyncCredentialCache:
    """Gives credentials to tasks, on asyncio or trio; ``find`` makes the flow that finds them.

    It may serve several event loops, one after the other or at the same time. Each has a lock of
    its own, and finds credentials for itself when none are held.
    """

    def __init__(
        self,
        find: Find,
        transport: httpx.AsyncBaseTransport,
        clock: Clock = utc_now,
        on_event: Listener | None = None,
    ) -> None:
        self._find = find
        self._world = AsyncWorld(transport, self)
        self._state = State(clock, on_event=on_event)

    @property
    def provider(self) -> str | None:
        """Who gave the credentials; None before the first ones."""
        return self._state.provider

    async def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return credentials that are valid, others than ``want.rejected`` if there are any.

        Raises ``CredentialsError``, ``ConfigError``, or ``TransportError`` when ``want.deadline``
        passes first.
        """
        state = self._state
        decided = state.plan(want)
        if decided is Renewal.KEEP:
            return state.current()
        lock = _lock(self)
        if decided is Renewal.TRY and lock.locked():
            return state.current()
        failures = state.failures
        deadline = own_deadline(decided, want.deadline)
        with anyio.move_on_after(seconds_left(deadline) + _GRACE):
            async with lock:
                return await self._renew(state.plan_again(want, failures), deadline)
        return state.late(decided)

    async def _renew(self, decided: Renewal, deadline: float | None) -> Credentials:
        if decided is Renewal.KEEP:
            return self._state.current()
        try:
            found = await arun(self._find(deadline), self._world)
        except Exception as error:  # noqa: BLE001 - raised again if it matters
            return self._state.fail(decided, error, deadline)
        return self._state.succeed(found)


_LOCKS: Final[RunVar[WeakKeyDictionary[AsyncCredentialCache, anyio.Lock]]] = RunVar(
    "ec2lite credential locks"
)


def _lock(cache: AsyncCredentialCache) -> anyio.Lock:
    """Return the cache's lock in this event loop."""
    locks = _LOCKS.get(None)
    if locks is None:
        _LOCKS.set(locks := WeakKeyDictionary())
    return locks.setdefault(cache, anyio.Lock())
