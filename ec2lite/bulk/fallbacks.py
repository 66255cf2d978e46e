"""What else to do for an instance that is refused, where the caller has chosen that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ec2lite.bulk.described import GONE, described, state_of
from ec2lite.bulk.many import StopMany
from ec2lite.bulk.outcome import OutcomeKind
from ec2lite.bulk.sending import NoTimeError
from ec2lite.engine.flow import Sleep
from ec2lite.errors import EC2Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ec2lite.bulk.ledger import Ledger
    from ec2lite.bulk.many import Many
    from ec2lite.bulk.sending import Sender
    from ec2lite.engine.clock import Clock
    from ec2lite.engine.flow import Flow
    from ec2lite.errors import ServiceError
    from ec2lite.operations.instance import Instance

PLAIN: Final = "stopped without hibernation"
WAITED: Final = "waited for while pending"
# Seconds between two looks at what is pending, and after which nobody waits any more.
_PAUSE: Final = 5.0
_PATIENCE: Final = 1800.0
# What EC2 says of an instance that was only just launched, and may not be described yet.
_JUST_LAUNCHED: Final = "never reached"


class Fallbacks:
    """The instances that were refused, and wait for something else: each for one thing once."""

    def __init__(self, many: Many, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._stop = many if isinstance(many, StopMany) and not many.dry_run else None
        self._waits = many.wait_for_pending and not many.dry_run
        self._plain: dict[str, None] = {}
        self._protected: dict[str, None] = {}
        self._pending: dict[str, ServiceError] = {}
        self._until: float | None = None
        self._taken: set[tuple[str, OutcomeKind]] = set()

    def without_held(self, ids: Iterable[str], kind: OutcomeKind, error: ServiceError) -> list[str]:
        """Keep those for which there is a fallback; return the others."""
        ids = list(ids)
        held = {each: None for each in ids if self._has_one(each, kind)}
        for each in held:
            self._taken.add((each, kind))
            if kind is OutcomeKind.NOT_HIBERNATABLE:
                self._plain[each] = None
            elif kind is OutcomeKind.PROTECTED:
                self._protected[each] = None
            else:
                self._pending[each] = error
        self._ledger.hold(held, error)
        return [each for each in ids if each not in held]

    def is_plain(self, each: str) -> bool:
        """Return whether an instance is stopped without hibernation."""
        return (each, OutcomeKind.NOT_HIBERNATABLE) in self._taken

    def plain(self) -> list[str]:
        """Return, once, those that are to be stopped without hibernation."""
        found = _taken_out(self._plain)
        for each in found:
            self._ledger.note(each, "hibernation", PLAIN)
        return found

    def protected(self, most: int) -> list[str]:
        """Return, once, so many of those whose protection is to be overridden."""
        return _taken_out(self._protected, most)

    def forget(self) -> None:
        """Do nothing else for anybody."""
        self._plain.clear()
        self._protected.clear()
        self._pending.clear()

    def wait(self, sender: Sender) -> Flow[list[str]]:
        """Wait until one that was pending is not any more; return those to be asked again."""
        if self._until is None:
            self._until = self._clock.monotonic() + _PATIENCE
        while self._pending:
            ready = yield from self._look(sender)
            if ready:
                return ready
            if self._pending:
                yield from self._pause(sender.deadline, self._until)
        return []

    def _look(self, sender: Sender) -> Flow[list[str]]:
        try:
            found = yield from described(sender, list(self._pending))
        except NoTimeError as error:
            self._ledger.leave(_taken_out(self._pending), error)
        except EC2Error as error:
            if not error.is_retryable:
                self._give_up()
        else:
            return self._ready(found)
        return []

    def _ready(self, found: Mapping[str, Instance]) -> list[str]:
        ready: list[str] = []
        for each, error in list(self._pending.items()):
            state = state_of(found.get(each))
            if state == "pending" or (state is None and _JUST_LAUNCHED in error.message):
                continue
            del self._pending[each]
            if state == "running" or (self._stop is not None and state not in {None, *GONE}):
                self._ledger.note(each, "pending", WAITED)
                ready.append(each)
            else:
                self._ledger.settle([each], OutcomeKind.WRONG_STATE, error)
        return ready

    def _pause(self, deadline: float | None, until: float) -> Flow[None]:
        then = self._clock.monotonic() + _PAUSE
        if deadline is not None and then >= deadline:
            why = EC2Error("the deadline was over while the instance was pending")
            self._ledger.leave(_taken_out(self._pending), why)
        elif then >= until:
            self._give_up()
        else:
            yield Sleep(_PAUSE)

    def _give_up(self) -> None:
        for each, error in self._pending.items():
            self._ledger.settle([each], OutcomeKind.WRONG_STATE, error)
        self._pending.clear()

    def _has_one(self, each: str, kind: OutcomeKind) -> bool:
        if (each, kind) in self._taken:
            return False
        stop = self._stop
        if kind is OutcomeKind.NOT_HIBERNATABLE:
            return stop is not None and stop.fall_back_to_stop and bool(stop.hibernate)
        if kind is OutcomeKind.PROTECTED:
            return stop is not None and stop.override_protection
        return kind is OutcomeKind.WRONG_STATE and self._waits


def _taken_out(held: dict[str, Any], most: int | None = None) -> list[str]:
    found = list(held)[:most]
    for each in found:
        del held[each]
    return found
