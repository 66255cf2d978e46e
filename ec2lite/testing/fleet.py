"""The instances of a fake EC2: launched, found by id, replaced by their Auto Scaling group."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from ec2lite.testing import changes, refusals
from ec2lite.testing.instance import FakeInstance
from ec2lite.testing.life import SHUTDOWN, Life, Phase, Times

if TYPE_CHECKING:
    from collections.abc import Iterable

ACCOUNT: Final = "123456789012"
# Of an instance that is made in a state, how long ago it was launched, stopped and so on.
_LAUNCHED: Final = timedelta(hours=2)
_BOOTED: Final = timedelta(minutes=119)
_CHANGED: Final = timedelta(minutes=30)
# The state before one that lasts.
_BETWEEN: Final = {"stopped": "stopping", "terminated": "shutting-down"}


@define(eq=False)
class Fleet:
    """All instances, in the order of their launch. A Describe is ``lag`` seconds late."""

    dice: Random
    times: Times = field(factory=Times)
    zones: tuple[str, ...] = ()
    lag: float = 0.0
    no_capacity: set[tuple[str, str]] = field(factory=set[tuple[str, str]])
    numbers: Iterator[int] = field(factory=itertools.count)
    instances: dict[str, FakeInstance] = field(factory=dict[str, FakeInstance])

    def new_id(self, kind: str) -> str:
        """Return an id of a kind: ``i``, ``r``, ``ami``."""
        return f"{kind}-0{self.dice.getrandbits(64):016x}"

    def populate(
        self, model: FakeInstance, count: int, zone: str | None, state: str, now: datetime
    ) -> list[FakeInstance]:
        """Take in instances that are in a state: one that lasts for long, one that passes anew."""
        reservation = self.new_id("r")
        made: list[FakeInstance] = []
        for _ in range(count):
            if state == "pending":
                life = launched(now, self.times, is_metal=model.is_metal)
            else:
                life = long_since(state, now)
            new = self.add_like(model, zone, life, reservation)
            if state == "stopping":
                changes.stop(new, now, changes.Way(), self.times)
            if state == "shutting-down":
                changes.terminate(new, now, changes.Way(), self.times)
            made.append(new)
        return made

    def known(self, ids: Iterable[str], now: datetime) -> list[FakeInstance]:
        """Return the instances with these ids; refuse the request if there is one without."""
        asked = list(dict.fromkeys(ids))
        unknown = [each for each in asked if not self._is_there(self.instances.get(each), now)]
        if unknown:
            raise refusals.not_found(unknown)
        return [self.instances[each] for each in asked]

    def all(self, now: datetime) -> list[FakeInstance]:
        """Return the instances that a Describe of all shows."""
        return [each for each in self.instances.values() if self._is_there(each, now)]

    def has_capacity(self, instance: FakeInstance) -> bool:
        """Whether there is a place for an instance that is to start."""
        is_full = (instance.instance_type, instance.zone) in self.no_capacity
        return not is_full and instance.start_fails != "InsufficientInstanceCapacity"

    def seen(self, now: datetime) -> datetime:
        """Return the time whose states a Describe shows."""
        return now - timedelta(seconds=self.lag)

    def _is_there(self, instance: FakeInstance | None, now: datetime) -> bool:
        """Whether there is such an instance: after its launch, as late as a Describe is."""
        if instance is None or instance.life.begins > self.seen(now):
            return False
        phase = instance.life.at(now)
        memory = timedelta(seconds=self.times.memory)
        return phase.state != "terminated" or now < phase.begins + memory

    def changed(self, instance: FakeInstance, now: datetime) -> None:
        """See to what follows from a change: an Auto Scaling group replaces its member."""
        if instance.auto_scaling_group is None:
            return
        later = instance.replacement
        if instance.state(now) in {"pending", "running"}:
            if later is not None and later.life.begins > now:
                del self.instances[later.instance_id]
                instance.replacement = None
            return
        if later is None:
            begins = now + timedelta(seconds=self.times.replacement)
            model = evolve(instance, stuck=None, start_fails=None)
            life = launched(begins, self.times, is_metal=instance.is_metal)
            later = instance.replacement = self.add_like(model, instance.zone, life)
        phases = instance.life.phases
        if phases[-1].state == "stopped":
            # The group terminates what it has replaced.
            down = max(later.life.begins, phases[-1].begins)
            gone = down + timedelta(seconds=self.times.shutting_down)
            phases.append(Phase(down, "shutting-down", SHUTDOWN))
            phases.append(Phase(gone, "terminated", SHUTDOWN))

    def add_like(
        self, model: FakeInstance, zone: str | None, life: Life, reservation_id: str | None = None
    ) -> FakeInstance:
        """Take in a new instance of a model; without a zone, the zones take turns."""
        number = next(self.numbers)
        new: FakeInstance = evolve(
            model,
            instance_id=self.new_id("i"),
            reservation_id=reservation_id or self.new_id("r"),
            number=number,
            zone=zone or self.zones[number % len(self.zones)],
            tags=dict(model.tags),
            attributes=dict(model.attributes),
            life=life,
            restarted=None,
            rebooted=None,
            replacement=None,
        )
        self.instances[new.instance_id] = new
        return new


def launched(now: datetime, times: Times, *, is_metal: bool) -> Life:
    """Return the life of what is launched now."""
    boots = timedelta(seconds=times.metal if is_metal else times.pending)
    return Life([Phase(now, "pending"), Phase(now + boots, "running")])


def long_since(state: str, now: datetime) -> Life:
    """Return the life of what has been stopped or terminated for long, or running until now."""
    life = Life([Phase(now - _LAUNCHED, "pending"), Phase(now - _BOOTED, "running")])
    if state in _BETWEEN:
        life.change(now - _CHANGED, (0, _BETWEEN[state], SHUTDOWN), (60, state, SHUTDOWN))
    return life
