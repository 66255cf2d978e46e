"""The life of one instance: phases, each with the time at which it begins.

What will come by itself is already there, with a time that lies ahead: ``at(now)`` tells what
holds, and nothing needs to run meanwhile. A change takes away what has not begun, and adds its own.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import define, field, frozen

CODES: Final = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
# What a start fails with when EBS may not use the key of a volume.
KMS: Final = ("Client.InternalError", "Client.InternalError: Client error on launch")
SHUTDOWN: Final = (
    "Client.UserInitiatedShutdown",
    "Client.UserInitiatedShutdown: User initiated shutdown",
)
HIBERNATE: Final = (
    "Client.UserInitiatedHibernate",
    "Client.UserInitiatedHibernate: User initiated hibernate",
)


@frozen
class Times:
    """How long each change takes, in seconds. The numbers are usual ones, not promises of AWS's.

    Instances whose type is metal take ``metal`` seconds to start and to stop instead. ``checks`` is
    how long status checks take after a start, ``replacement`` how long Auto Scaling takes to
    replace a member, ``memory`` how long a terminated instance is still described.
    """

    pending: float = 20.0
    stopping: float = 30.0
    skipping_os: float = 10.0
    forced: float = 20.0
    hibernating: float = 60.0
    shutting_down: float = 40.0
    metal: float = 720.0
    checks: float = 120.0
    rebooting: float = 60.0
    replacement: float = 90.0
    memory: float = 3600.0


@frozen
class Phase:
    """A state, from a moment on; why an instance came to it, and who asked for that."""

    begins: datetime
    state: str
    reason: tuple[str, str] | None = None
    by: str = ""


@define
class Life:
    """The phases of one instance, in the order of time."""

    phases: list[Phase] = field(factory=list[Phase])

    @property
    def begins(self) -> datetime:
        """When the instance was launched."""
        return self.phases[0].begins

    def at(self, time: datetime) -> Phase:
        """Return the phase at a time; the first one before it began."""
        found = self.phases[0]
        for phase in self.phases:
            if phase.begins <= time:
                found = phase
        return found

    def has_run(self, time: datetime) -> bool:
        """Whether the instance was running at some time until then."""
        return any(phase.begins <= time and phase.state == "running" for phase in self.phases)

    def change(self, now: datetime, *coming: tuple[float, str, tuple[str, str] | None]) -> None:
        """Replace what has not begun by phases that begin so many seconds from now."""
        by = f"User initiated ({now:%Y-%m-%d %H:%M:%S} GMT)" if coming[0][2] else ""
        self.phases = [phase for phase in self.phases if phase.begins <= now]
        for seconds, state, reason in coming:
            self.phases.append(Phase(now + timedelta(seconds=seconds), state, reason, by))
