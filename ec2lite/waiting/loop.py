"""The loop of a wait: pause, look, settle what is there or lost, hurry what hangs.

A flow, so that one text serves both colours; the dice are an argument, and the clock is the
client's. It stops instances only where an ``Escalation`` asks for that.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from ec2lite.engine.flow import Sleep
from ec2lite.errors import EC2Error, WaiterError
from ec2lite.waiting import report
from ec2lite.waiting.conditions import CONDITIONS, MALFORMED, NOT_FOUND, state_name
from ec2lite.waiting.escalation import Steps
from ec2lite.waiting.looks import Looks
from ec2lite.waiting.pace import Pace
from ec2lite.waiting.progress import Progress
from ec2lite.waiting.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from types import TracebackType

    from ec2lite.engine.context import Context
    from ec2lite.engine.flow import Flow
    from ec2lite.operations.instance import Instance
    from ec2lite.operations.instance_status import InstanceStatus
    from ec2lite.waiters import Wait

T = TypeVar("T")

# A look asks what protects so many instances: one call takes one id.
_ASKED_AT_ONCE: Final = 20
_NOWHERE: Final = frozenset({NOT_FOUND, MALFORMED})


class Waiting(Generic[T]):
    """One wait, for a client to carry out.

    As a context manager around what drives ``flow()``, it notes on what interrupts that how far the
    wait has come.
    """

    def __init__(self, wait: Wait[T], dice: Callable[[], float] = random.random) -> None:
        self._wait = wait
        self._dice = dice
        self._loop: Loop[T] | None = None

    def flow(self, context: Flow[Context]) -> Flow[dict[str, T]]:
        """Return what is known of each instance once all are there; else raise ``WaiterError``."""
        self._loop = Loop(self._wait, (yield from context), self._dice)
        return (yield from self._loop.run())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None and self._loop is not None and not isinstance(error, WaiterError):
            error.add_note(self._loop.interrupted())


class Loop(Generic[T]):
    """What is known of the instances of one wait, and what to do next."""

    def __init__(self, wait: Wait[T], context: Context, dice: Callable[[], float]) -> None:
        self._wait = wait
        self._condition = CONDITIONS[wait.goal]
        self._pace = Pace(wait.timeout, context.monotonic, dice)
        self._looks = Looks(context, self._pace.deadline)
        self._steps = Steps(wait.escalate, self._condition, self._looks, self._pace.began)
        self._waiting = {each: Seen(self._pace.began) for each in wait.instance_ids}
        self._reached: dict[str, Any] = {}
        self._stuck: dict[str, Seen] = {}
        self._is_changed = False

    def run(self) -> Flow[dict[str, T]]:
        """Wait until all instances are there or lost, or the time is over."""
        pace, is_last = self._pace, False
        while not is_last:
            yield Sleep(pace.pause(before=self._steps.after(pace.now())))
            looked, is_last = pace.now(), pace.is_last()
            fresh = yield from self._look()
            is_last |= pace.is_over()
            yield from self._settle(fresh, is_last=is_last)
            is_last |= pace.is_over() or not self._waiting
            if is_last:
                self._give_up()
            self._tell()
            if not is_last:
                yield from self._steps.take(self._waiting, fresh, pace.now())
            pace.took = pace.now() - looked
        return self._result()

    def interrupted(self) -> str:
        """Return how far the wait has come."""
        return report.interrupted(self._condition, self._reached, self._waiting, self._stuck)

    def _look(self) -> Flow[Collection[str]]:
        """Ask about those that are not there yet; return the ids that EC2 told something about."""
        # Those that are not found come last: in parts of their own, they spoil no other.
        order = sorted(self._waiting, key=lambda each: self._waiting[each].state == NOT_FOUND)
        found = yield from self._looks.statuses(order)
        for each, status in found.items():
            self._note(each, status)
        yield from self._ask_for_protection()
        return found.keys()

    def _note(self, each: str, status: InstanceStatus | None) -> None:
        if status is not None:
            self._enter(each, self._condition.state(status))
        else:
            self._enter(each, MALFORMED if each in self._looks.malformed else NOT_FOUND)
        if self._condition.is_of_checks and self._is_there(each):
            self._reach(each, status)

    def _settle(self, fresh: Iterable[str], *, is_last: bool) -> Flow[None]:
        """Describe what seems to be there, or to be lost, and believe that description.

        After the last look, what is still waited for is described too, for the error.
        """
        for each in [each for each in fresh if each in self._waiting]:
            if self._waiting[each].state in _NOWHERE and self._verdict(each):
                self._lose(each)
        known = [each for each, seen in self._waiting.items() if seen.state not in _NOWHERE]
        there = [each for each in known if self._is_there(each)]
        others = [
            each for each in known if not self._is_there(each) and (is_last or self._verdict(each))
        ]
        try:
            yield from self._describe([*there, *others], at_least=len(there))
        except EC2Error as error:
            if not is_last:
                raise
            self._looks.trouble = error

    def _give_up(self) -> None:
        for each in list(self._waiting):
            self._lose(each)

    def _ask_for_protection(self) -> Flow[None]:
        """Find out why instances stop that should be terminated."""
        if self._condition.goal != "terminated":
            return
        asked = [
            each
            for each, seen in self._waiting.items()
            if seen.state == "stopping" and seen.protected_by is None
        ]
        for each in asked[:_ASKED_AT_ONCE]:
            if not self._pace.is_over():
                self._waiting[each].protected_by = yield from self._looks.protection(each)

    def _describe(self, ids: list[str], at_least: int) -> Flow[None]:
        found = yield from self._looks.instances(ids, at_least)
        for each, instance in found.items():
            if instance is not None:
                self._see(each, instance)
            if self._is_there(each):
                # Without a description, the answer is from before it got there.
                if instance is not None:
                    self._reach(each, instance)
            elif self._verdict(each):
                self._lose(each)

    def _see(self, each: str, instance: Instance) -> None:
        self._waiting[each].instance = instance
        state = state_name(instance.state)
        # Of the checks of what runs, an instance does not tell.
        if not (self._condition.is_of_checks and state == "running"):
            self._enter(each, state)

    def _enter(self, each: str, state: str) -> None:
        seen = self._waiting[each]
        self._is_changed |= seen.enter(state, self._pace.now())
        seen.was_on_the_way |= self._condition.is_on_the_way(state)

    def _verdict(self, each: str) -> str | None:
        return self._condition.verdict(self._waiting[each], self._pace.now())

    def _is_there(self, each: str) -> bool:
        return self._waiting[each].state == self._condition.goal

    def _reach(self, each: str, known: Instance | InstanceStatus | None) -> None:
        del self._waiting[each]
        self._reached[each] = known
        self._is_changed = True

    def _lose(self, each: str) -> None:
        verdict = self._verdict(each)
        self._stuck[each] = self._waiting.pop(each)
        self._stuck[each].lose(verdict, self._pace.now())
        self._is_changed = True

    def _tell(self) -> None:
        if self._is_changed and self._wait.on_progress is not None:
            self._wait.on_progress(self._progress())
        self._is_changed = False

    def _progress(self) -> Progress[T]:
        return Progress(
            waiting={each: seen.state for each, seen in self._waiting.items()},
            reached=dict(self._reached),
            elapsed=self._pace.elapsed,
            remaining=self._pace.remaining,
            stuck={each: seen.instance for each, seen in self._stuck.items()},
        )

    def _result(self) -> dict[str, T]:
        ids = self._wait.instance_ids
        reached = {each: cast("T", self._reached[each]) for each in ids if each in self._reached}
        if not self._stuck:
            return reached
        stuck = {each: self._stuck[each] for each in ids if each in self._stuck}
        said = [report.stuck(self._condition, stuck, len(ids), self._pace.elapsed)]
        if self._looks.trouble is not None:
            said.append(f"the last request failed: {self._looks.trouble}")
        said += self._steps.advice(stuck.values())
        raise WaiterError(
            "\n  ".join(said),
            stuck={each: seen.instance for each, seen in stuck.items()},
            reached=reached,
        ) from self._looks.trouble
