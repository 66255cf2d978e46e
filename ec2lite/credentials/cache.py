"""Credentials, held and renewed in time, once for all threads or tasks.

What is held is one immutable object, replaced as a whole: keys and end change together, and reading
it takes no lock. Decisions are in ``freshness``; here is what differs between threads and tasks.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING

from attrs import define, field

from ec2lite.credentials.freshness import Held, Plan, is_over, kept, plan, renewed
from ec2lite.credentials.provider import Clock, Found, logger, utc_now
from ec2lite.engine.flow import GET_CREDENTIALS, Flow, GetCredentials, arun, run
from ec2lite.engine.world import AsyncWorld, SyncWorld
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from collections.abc import Callable

    import anyio
    import httpx

    from ec2lite.models import Credentials


@define
class _State:
    """What threads or tasks share. Writers hold the lock of whoever owns it."""

    clock: Clock
    held: Held | None = None
    failures: int = 0
    error: Exception | None = field(default=None, repr=False)

    def plan(self, want: GetCredentials) -> Plan:
        """Decide what to do now."""
        held = self.held
        if held is not None and held.keep_until is None and want.rejected is None:
            return Plan.KEEP
        return plan(held, self.clock(), want.rejected)

    def current(self) -> Credentials:
        """Return the credentials held, of which a plan said that there are some."""
        assert self.held is not None  # noqa: S101 - for the type checkers; every plan ensures it
        return self.held.found.credentials

    def waited(self, want: GetCredentials, failures: int) -> Plan:
        """Decide again, with the lock in hand; another's failure meanwhile is ours, too.

        Otherwise each of a thousand tasks would try what cannot work, one after the other.
        """
        decided = self.plan(want)
        if decided is Plan.MUST and self.failures != failures and self.error is not None:
            raise _again(self.error)
        return decided

    def succeed(self, found: Found) -> Credentials:
        """Take new credentials, and return them."""
        self.held = renewed(found, self.clock(), self.held)
        return found.credentials

    def fail(self, decided: Plan, error: Exception) -> Credentials:
        """Raise what went wrong if it matters; otherwise return what is still valid."""
        now = self.clock()
        # The attempt may have taken so long that the old ones have ended meanwhile.
        if decided is Plan.TRY and self.held is not None and not is_over(self.held, now):
            logger.warning("credentials were not renewed, the old ones go on: %s", error)
            self.held = kept(self.held, now)
            return self.current()
        self.failures += 1
        self.error = error
        raise error


def _again(error: Exception) -> Exception:
    """Return a copy, for each caller's own traceback; others' errors need not be fit for that."""
    if not isinstance(error, EC2Error):
        return error
    copied = copy.copy(error)
    copied.__cause__ = error.__cause__
    return copied


class CredentialCache:
    """Gives credentials to threads; ``find`` makes the flow that finds them."""

    def __init__(
        self,
        find: Callable[[], Flow[Found]],
        transport: httpx.BaseTransport,
        clock: Clock = utc_now,
    ) -> None:
        self._find = find
        self._world = SyncWorld(transport, self)
        self._state = _State(clock)
        self._lock = threading.Lock()

    @property
    def provider(self) -> str | None:
        """Who gave the credentials; None before the first ones."""
        return _provider(self._state)

    def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return credentials that are valid, others than ``want.rejected`` if there are any.

        Raises ``CredentialsError`` or ``ConfigError``.
        """
        state = self._state
        decided = state.plan(want)
        if decided is Plan.KEEP:
            return state.current()
        failures = state.failures
        if not self._lock.acquire(blocking=decided is Plan.MUST):
            return state.current()
        try:
            return self._renew(state.waited(want, failures))
        finally:
            self._lock.release()

    def _renew(self, decided: Plan) -> Credentials:
        if decided is Plan.KEEP:
            return self._state.current()
        try:
            found = run(self._find(), self._world)
        except Exception as error:  # noqa: BLE001 - raised again if it matters
            return self._state.fail(decided, error)
        return self._state.succeed(found)


class AsyncCredentialCache:
    """Gives credentials to tasks, on asyncio or trio; ``find`` makes the flow that finds them."""

    def __init__(
        self,
        find: Callable[[], Flow[Found]],
        transport: httpx.AsyncBaseTransport,
        clock: Clock = utc_now,
    ) -> None:
        self._find = find
        self._world = AsyncWorld(transport, self)
        self._state = _State(clock)
        self._lock: anyio.Lock | None = None

    @property
    def provider(self) -> str | None:
        """Who gave the credentials; None before the first ones."""
        return _provider(self._state)

    async def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return credentials that are valid, others than ``want.rejected`` if there are any.

        Raises ``CredentialsError`` or ``ConfigError``.
        """
        state = self._state
        decided = state.plan(want)
        if decided is Plan.KEEP:
            return state.current()
        failures = state.failures
        lock = self._lock = self._lock or _new_lock()
        if decided is Plan.TRY and lock.locked():
            return state.current()
        async with lock:
            return await self._renew(state.waited(want, failures))

    async def _renew(self, decided: Plan) -> Credentials:
        if decided is Plan.KEEP:
            return self._state.current()
        try:
            found = await arun(self._find(), self._world)
        except Exception as error:  # noqa: BLE001 - raised again if it matters
            return self._state.fail(decided, error)
        return self._state.succeed(found)


def _new_lock() -> anyio.Lock:
    import anyio

    return anyio.Lock()


def _provider(state: _State) -> str | None:
    return None if state.held is None else state.held.found.provider
