"""What each action looks at, and what it does: one entry of ``ACTIONS`` for each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from attrs import field, frozen

from ec2lite.testing import attributes, changes, describe, launch
from ec2lite.testing.changes import Way
from ec2lite.testing.documents import Document
from ec2lite.testing.fleet import Fleet
from ec2lite.testing.instance import FakeInstance
from ec2lite.testing.life import Times
from ec2lite.testing.refusals import Refusal, protected
from ec2lite.testing.request import Request


class Action(Protocol):
    """What a fake EC2 can be asked to do."""

    @property
    def known(self) -> frozenset[str] | None:
        """The names of its parameters; None is any."""
        ...

    @property
    def takes_ids(self) -> bool:
        """Whether there must be ids."""
        ...

    def check(self, request: Request, fleet: Fleet, now: datetime) -> None:
        """Refuse what the states of the instances do not allow."""
        ...

    def perform(self, request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
        """Do it; return what the answer holds."""
        ...


@frozen
class Question:
    """An action that changes nothing, or no state."""

    answer: Callable[[Request, Fleet, datetime], dict[str, Document]]
    known: frozenset[str] | None
    takes_ids: bool = False

    def check(self, request: Request, fleet: Fleet, now: datetime) -> None:
        """Refuse nothing."""

    def perform(self, request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
        """Answer."""
        return self.answer(request, fleet, now)


@frozen
class Change:
    """An action on the states of instances: all of them, or none."""

    look: Callable[[FakeInstance, datetime, Way], None]
    apply: Callable[[FakeInstance, datetime, Way, Times], None]
    known: frozenset[str]
    has_result: bool = True
    takes_ids: bool = field(default=True, init=False)

    def check(self, request: Request, fleet: Fleet, now: datetime) -> None:
        """Look at all instances."""
        way = request.way
        for instance in fleet.known(request.instance_ids, now):
            self.look(instance, now, way)

    def perform(self, request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
        """Change all, and tell each one's state before and after."""
        way = request.way
        rows: list[dict[str, Document]] = []
        for instance in fleet.known(request.instance_ids, now):
            before = instance.state(now)
            self.apply(instance, now, way, fleet.times)
            fleet.changed(instance, now)
            rows.append(
                {
                    "instanceId": instance.instance_id,
                    "currentState": describe.state(instance.state(now), fleet.dice),
                    "previousState": describe.state(before, fleet.dice),
                }
            )
        return {"instancesSet": rows} if self.has_result else {"return": True}


class Terminate(Change):
    """Terminate: not all or none, where a protected instance is in one of several zones."""

    def perform(self, request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
        """Terminate what is in zones without a protected instance; then refuse if there was one.

        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
        """
        instances = fleet.known(request.instance_ids, now)
        kept = {each.zone: each for each in reversed(instances) if changes.protection(each)}
        if not kept:
            return super().perform(request, fleet, now)
        for instance in instances:
            if instance.zone not in kept:
                self.apply(instance, now, request.way, fleet.times)
                fleet.changed(instance, now)
        first = next(each for each in instances if each in kept.values())
        raise protected(first.instance_id, "terminated", changes.protection(first) or "")


class Start(Change):
    """Start: where there is capacity."""

    def check(self, request: Request, fleet: Fleet, now: datetime) -> None:
        """Look at all instances, and for places for those that are stopped."""
        super().check(request, fleet, now)
        for instance in fleet.known(request.instance_ids, now):
            if instance.state(now) == "stopped" and not fleet.has_capacity(instance):
                raise Refusal("InsufficientInstanceCapacity")


_ALL: Final = frozenset({"DryRun"})
_IDS: Final = _ALL | {"InstanceId"}
_HARDER: Final = _IDS | {"Force", "SkipOsShutdown"}
_MANY: Final = _IDS | {
    "Filter.Name",
    "Filter.Value",
    "MaxResults",
    "NextToken",
    "IncludeManagedResources",
}

ACTIONS: Final[dict[str, Action]] = {
    "StopInstances": Change(changes.check_stop, changes.stop, _HARDER | {"Hibernate"}),
    "StartInstances": Start(changes.check_start, changes.start, _IDS | {"AdditionalInfo"}),
    "RebootInstances": Change(changes.check_reboot, changes.reboot, _IDS, has_result=False),
    "TerminateInstances": Terminate(changes.check_terminate, changes.terminate, _HARDER),
    "RunInstances": Question(launch.run, None),
    "ModifyInstanceAttribute": Question(attributes.modify, attributes.MODIFIED),
    "DescribeInstanceAttribute": Question(attributes.describe, _IDS | {"Attribute"}),
    "DescribeInstances": Question(describe.instances, _MANY),
    "DescribeInstanceStatus": Question(describe.statuses, _MANY | {"IncludeAllInstances"}),
}
