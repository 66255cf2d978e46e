"""Credentials, held and renewed in time, once for all threads.

What is held is one immutable object, replaced as a whole: the keys and their end change together,
and reading takes no lock. ``freshness`` decides when to renew; here is who does it, and who waits.
"""

from __future__ import annotations

import copy
import os
import threading
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, field

from ec2lite.credentials.deadline import out_of_time, seconds_left
from ec2lite.credentials.freshness import Held, Renewal, is_over, kept, plan, renewed
from ec2lite.credentials.provider import Clock, Found, logger, utc_now
from ec2lite.engine.flow import GET_CREDENTIALS, Flow, GetCredentials, run
from ec2lite.engine.world import SyncWorld
from ec2lite.errors import EC2Error
from ec2lite.listeners import Listener, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from ec2lite.models import Credentials

Find: TypeAlias = "Callable[[float | None], Flow[Found]]"
# Seconds. A wait that ends this much before its deadline has ended at its deadline.
_EARLY: Final = 0.01


@define
class State:
    """What threads or tasks share. Whoever writes holds the lock of the cache."""

    clock: Clock
    held: Held | None = None
    failures: int = 0
    error: Exception | None = field(default=None, repr=False)
    on_event: Listener | None = field(default=None, repr=False)

    @property
    def provider(self) -> str | None:
        """Who gave the credentials; None before the first ones."""
        return None if self.held is None else self.held.found.provider

    def plan(self, want: GetCredentials) -> Renewal:
        """Decide what to do now."""
        held = self.held
        if held is not None and held.keep_until is None and want.rejected is None:
            return Renewal.KEEP
        return plan(held, self.clock(), want.rejected)

    def current(self) -> Credentials:
        """Return the credentials held; a plan said that there are some."""
        assert self.held is not None  # noqa: S101 - for the type checkers; every plan ensures it
        return self.held.found.credentials

    def plan_again(self, want: GetCredentials, failures: int) -> Renewal:
        """Decide once more, after the lock was waited for; a failure meanwhile is ours, too.

        Otherwise each of a thousand waiting tasks would try in turn what cannot work.
        """
        decided = self.plan(want)
        if decided is Renewal.MUST and self.failures != failures and self.error is not None:
            raise _again(self.error)
        return decided

    def succeed(self, found: Found) -> Credentials:
        """Take new credentials, and return them."""
        is_renewal = self.held is not None
        self.held = renewed(found, self.clock(), self.held)
        if is_renewal and self.on_event is not None:
            from ec2lite.events import CredentialsRenewed

            tell(self.on_event, CredentialsRenewed(found.provider))
        return found.credentials

    def fail(self, decided: Renewal, error: Exception, deadline: float | None) -> Credentials:
        """Raise the error if it matters; otherwise return what is still valid."""
        _drop_frames(error)
        if self._old_ones_will_do(decided, error):
            return self.current()
        if seconds_left(deadline) <= _EARLY:
            # This caller had no more time. The next one may have, and tries for itself.
            raise out_of_time(error) from error
        self.failures += 1
        self.error = error
        raise error

    def late(self, decided: Renewal) -> Credentials:
        """Do what ``fail`` does for a caller whose time is up."""
        error = out_of_time()
        if self._old_ones_will_do(decided, error):
            return self.current()
        raise error

    def _old_ones_will_do(self, decided: Renewal, error: Exception) -> bool:
        now = self.clock()
        # The attempt may have taken so long that the old ones have ended meanwhile.
        if decided is not Renewal.TRY or self.held is None or is_over(self.held, now):
            return False
        logger.warning("credentials were not renewed; the old ones stay in use: %s", error)
        self.held = kept(self.held, now)
        return True


def own_deadline(decided: Renewal, deadline: float | None) -> float | None:
    """Return when a renewal gives up; one that is not needed yet leaves half of the call's time."""
    if deadline is None or decided is not Renewal.TRY:
        return deadline
    return deadline - seconds_left(deadline) / 2


def _drop_frames(error: Exception) -> None:
    """Take the providers' frames out of an error of ours: error trackers record the secrets there.

    The message names the provider and the reason. An error that is not ours, a bug say, keeps its
    frames.
    """
    links: list[BaseException] = [error] if isinstance(error, EC2Error) else []
    for link in links:
        link.__traceback__ = None
        links += [each for each in (link.__cause__, link.__context__) if each and each not in links]


def _again(error: Exception) -> Exception:
    """Return a copy, for each caller's own traceback; errors of others may not allow that."""
    if not isinstance(error, EC2Error):
        return error
    copied = copy.copy(error)
    copied.__cause__ = error.__cause__
    return copied


class CredentialCache:
    """Gives credentials to threads; ``find`` makes the flow that finds them by a deadline."""

    def __init__(
        self,
        find: Find,
        transport: httpx.BaseTransport,
        clock: Clock = utc_now,
        on_event: Listener | None = None,
    ) -> None:
        self._find = find
        self._world = SyncWorld(transport, self)
        self._state = State(clock, on_event=on_event)
        # One for each process: in a forked child the thread that holds the parent's is missing.
        self._locks: dict[int, threading.RLock] = {}

    @property
    def provider(self) -> str | None:
        """Who gave the credentials; None before the first ones."""
        return self._state.provider

    def get(self, want: GetCredentials = GET_CREDENTIALS) -> Credentials:
        """Return credentials that are valid, others than ``want.rejected`` if there are any.

        Raises ``CredentialsError``, ``ConfigError``, or ``TransportError`` when ``want.deadline``
        passes first.
        """
        state = self._state
        decided = state.plan(want)
        if decided is Renewal.KEEP:
            return state.current()
        failures = state.failures
        lock = self._lock()
        # A Ctrl-C can come after any call, so after `acquire` too, when nobody knows yet whether it
        # got the lock. `release` knows: only an RLock refuses whoever does not hold it.
        try:
            if not lock.acquire(timeout=_patience(decided, want.deadline)):
                if decided is Renewal.TRY:
                    return state.current()
                raise out_of_time()
            return self._renew(state.plan_again(want, failures), want.deadline)
        finally:
            try:  # noqa: SIM105 - a Ctrl-C could come between suppress() and release()
                lock.release()
            except RuntimeError:
                pass

    def _lock(self) -> threading.RLock:
        pid = os.getpid()
        return self._locks.get(pid) or self._locks.setdefault(pid, threading.RLock())

    def _renew(self, decided: Renewal, deadline: float | None) -> Credentials:
        if decided is Renewal.KEEP:
            return self._state.current()
        deadline = own_deadline(decided, deadline)
        try:
            found = run(self._find(deadline), self._world)
        except Exception as error:  # noqa: BLE001 - raised again if it matters
            return self._state.fail(decided, error, deadline)
        return self._state.succeed(found)


def _patience(decided: Renewal, deadline: float | None) -> float:
    if decided is Renewal.TRY:
        return 0
    return -1 if deadline is None else min(seconds_left(deadline), threading.TIMEOUT_MAX)
