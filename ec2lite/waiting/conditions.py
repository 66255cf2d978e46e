"""When an instance is there, when to wait for it, and when it cannot get there any more.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from ec2lite.protocol import state_code

if TYPE_CHECKING:
    from ec2lite.operations.instance_status import InstanceStatus, InstanceStatusSummary
    from ec2lite.operations.shapes import InstanceState
    from ec2lite.waiting.seen import Seen

UNKNOWN: Final = "unknown"
"""Nobody has asked about the instance yet, or the answer does not say."""
NOT_FOUND: Final = "not found"
"""EC2 says that there is no such instance, or its answer leaves it out."""
MALFORMED: Final = "malformed"
"""EC2 cannot read the id."""
CONSISTENT: Final = 60.0
"""Seconds until EC2 describes what it has accepted: longer than that usually takes.

https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
"""


@frozen
class Condition:
    """What one kind of wait is for. A state that is in none of its sets is on the way."""

    goal: str
    negation: str
    """What an error says of instances that are not there."""
    ends: frozenset[str] = frozenset()
    """From these states an instance never gets there."""
    returns: frozenset[str] = frozenset()
    """From these neither, once it was on the way; until then they are as those of ``before``."""
    before: frozenset[str] = frozenset()
    """What an instance may be seen in for a while after the request that changes it."""
    hangs: str | None = None
    """The state in which an instance may hang, and that an escalation ends."""
    is_of_checks: bool = False
    """Whether running is not enough."""

    def state(self, status: InstanceStatus) -> str:
        """Return what an instance is for this wait: a state, or a status check's result."""
        name = state_name(status.instance_state)
        if not self.is_of_checks or name != "running":
            return name
        results = [_result(each) for each in (status.instance_status, status.system_status)]
        return next((each for each in results if each != "ok"), self.goal)

    def is_on_the_way(self, state: str) -> bool:
        """Whether a state shows that the request for this change has been carried out."""
        return state not in {*self.before, *self.returns, UNKNOWN, NOT_FOUND, MALFORMED}

    def verdict(self, seen: Seen, now: float) -> str | None:
        """Return why an instance cannot get there any more; None while it may."""
        if seen.state == self.goal:
            return None
        if seen.state in self.ends:
            return "no instance comes back from that"
        if seen.state in self.returns and seen.was_on_the_way:
            return "it went back to that"
        if seen.state == MALFORMED:
            return "EC2 cannot read the id"
        if seen.state == "stopping" and seen.protected_by:
            return f"{seen.protected_by} keeps it from being terminated"
        if self.is_on_the_way(seen.state) or seen.state == UNKNOWN or now - seen.since < CONSISTENT:
            return None
        return (
            "EC2 would know it by now"
            if seen.state == NOT_FOUND
            else "EC2 would show a change by now"
        )


CONDITIONS: Final = {
    each.goal: each
    for each in (
        Condition(
            "running",
            "not running",
            ends=frozenset({"shutting-down", "terminated"}),
            returns=frozenset({"stopping", "stopped"}),
        ),
        Condition(
            "stopped",
            "not stopped",
            ends=frozenset({"shutting-down", "terminated"}),
            before=frozenset({"pending", "running"}),
            hangs="stopping",
        ),
        Condition(
            "terminated",
            "not terminated",
            # EC2 accepts a termination of what is stopping: that is on the way, if not protected.
            before=frozenset({"pending", "running", "stopped"}),
            hangs="shutting-down",
        ),
        Condition(
            "status-ok",
            "not passing their status checks",
            ends=frozenset({"shutting-down", "terminated"}),
            returns=frozenset({"stopping", "stopped"}),
            is_of_checks=True,
        ),
    )
}


def state_name(state: InstanceState | None) -> str:
    """Return the name of a state, also of one that came as a code alone."""
    if state is None:
        return UNKNOWN
    # EC2 may name a state by its code alone.
    return state.name or state_code.NAMES.get(state.code, UNKNOWN)


def _result(check: InstanceStatusSummary | None) -> str:
    return (check and check.status) or "unchecked"
