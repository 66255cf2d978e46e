"""What a wait remembers of an instance that it waits for."""

from __future__ import annotations

from attrs import define, field

from ec2lite.operations.instance import Instance
from ec2lite.waiting.conditions import UNKNOWN


@define
class Seen:
    """An instance as it was seen last.

    ``since`` is when it was first seen in its state: for the first one, when the wait began.
    ``protected_by`` is the attribute that keeps it from being terminated, ``""`` if none does, and
    None where nobody has asked. ``steps`` of an escalation were sent for it; ``notes`` are what
    became of them. ``verdict`` is why it cannot get there any more, and ``ended`` when that was so.
    """

    since: float
    state: str = UNKNOWN
    was_on_the_way: bool = False
    instance: Instance | None = None
    protected_by: str | None = None
    steps: set[str] = field(factory=set[str])
    notes: list[str] = field(factory=list[str])
    verdict: str | None = None
    ended: float = 0.0

    def enter(self, state: str, now: float) -> bool:
        """Note a state; return whether it is another than before."""
        if state == self.state:
            return False
        self.since = self.since if self.state == UNKNOWN else now
        self.state = state
        return True

    def lose(self, verdict: str | None, now: float) -> None:
        """Note that it is not waited for any more, and why, if the time is not over."""
        self.verdict = verdict
        self.ended = now

    def text(self) -> str:
        """Return what the instance did last, how long it had done so, and why."""
        said = [f"{self.state} for {self.ended - self.since:.0f} s"]
        reason = self.instance.state_reason if self.instance is not None else None
        if reason is not None and (reason.message or reason.code):
            said[0] += f" ({reason.message or reason.code})"
        return "; ".join([*said, *([self.verdict] if self.verdict else []), *self.notes])
