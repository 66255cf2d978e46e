"""What a wait asks EC2: in parts that a call takes, around ids that are refused, and in time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import define, field

from ec2lite.engine.call import call
from ec2lite.engine.context import Context
from ec2lite.errors import (
    EC2Error,
    IncorrectInstanceState,
    InstanceIdMalformed,
    InstanceNotFound,
    OperationNotPermitted,
    ServiceError,
    UnsupportedOperation,
)
from ec2lite.operations.describe_instance_attribute import DescribeInstanceAttribute
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.waiting.pace import MOMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ec2lite.engine.flow import Flow
    from ec2lite.operations.instance import Instance
    from ec2lite.operations.instance_status import InstanceStatus
    from ec2lite.operations.paging import Paged
    from ec2lite.protocol.operation import Operation

R = TypeVar("R")
T = TypeVar("T")

GRACE: Final = 10.0
"""Seconds that the last request may take beyond the deadline of its wait."""
_CHANGED_AT_ONCE: Final = 100
# What is wrong with one instance, while a request for the others may be accepted.
_OF_AN_INSTANCE: Final = (
    IncorrectInstanceState,
    InstanceIdMalformed,
    InstanceNotFound,
    OperationNotPermitted,
    UnsupportedOperation,
)
PROTECTIONS: Final = {
    "disableApiTermination": "disable_api_termination",
    "disableApiStop": "disable_api_stop",
}


@define
class Looks:
    """Asks about instances until the deadline.

    ``trouble`` is the error of the last request if that may pass: throttling, a lost connection.
    The instances are asked about again at the next look then. Before EC2 has answered once, a lost
    connection is raised: the endpoint may be wrong.
    """

    context: Context
    deadline: float
    trouble: EC2Error | None = None
    malformed: set[str] = field(factory=set[str])
    _is_answered: bool = False

    def statuses(self, ids: Sequence[str]) -> Flow[dict[str, InstanceStatus | None]]:
        """Describe the statuses of instances; see ``_described``."""

        def request(part: Sequence[str]) -> DescribeInstanceStatus:
            return DescribeInstanceStatus(part, include_all_instances=True)

        return self._described(request, ids, DescribeInstanceStatus.most_ids)

    def instances(self, ids: Sequence[str], at_least: int) -> Flow[dict[str, Instance | None]]:
        """Describe instances, the first so many in any case; see ``_described``."""
        most = DescribeInstances.most_ids
        return self._described(DescribeInstances, ids, most, at_least=at_least)

    def _described(
        self,
        request: Callable[[Sequence[str]], Paged[R, T]],
        ids: Sequence[str],
        most: int,
        at_least: int = 1,
    ) -> Flow[dict[str, T | None]]:
        """Return what EC2 says of each id; None where it says that there is no such instance.

        What could not be asked is not in the result, because of trouble or of the time.
        """
        found: dict[str, T | None] = {}
        parts = _parts(ids, most)
        while parts and (len(found) < at_least or self.is_in_time()):
            part = parts.pop()
            try:
                items = yield from self._pages(request(part))
            except (InstanceNotFound, InstanceIdMalformed) as error:
                refused, rest = without_refused(error, part)
                found.update(dict.fromkeys(refused))
                if isinstance(error, InstanceIdMalformed):
                    self.malformed.update(refused)
                parts += rest
            except EC2Error as error:
                self._bear(error)
                return found
            else:
                found.update(dict.fromkeys(part))
                names = {each.strip().casefold(): each for each in part}
                for item in items:
                    name = str(getattr(item, "instance_id", "")).strip().casefold()
                    if name in names:
                        found[names[name]] = item
        return found

    def protection(self, instance_id: str) -> Flow[str | None]:
        """Return the attribute that keeps an instance from being terminated; "" if none does.

        Where the caller may not ask, it counts as unprotected. None is to ask again.
        """
        for name, attribute in PROTECTIONS.items():
            try:
                result = yield from self._ask(DescribeInstanceAttribute(instance_id, name))
            except EC2Error as error:
                return None if error.is_retryable else ""
            if getattr(result, attribute):
                return name
        return ""

    def change(
        self, request: Callable[[Sequence[str]], Operation[Any]], ids: Sequence[str]
    ) -> Flow[dict[str, ServiceError | None]]:
        """Send a change for each id; return who refused it, or None, by the id.

        What is not in the result was not carried out for certain, and may be sent again.
        """
        sent: dict[str, ServiceError | None] = {}
        parts = _parts(ids, _CHANGED_AT_ONCE)
        while parts and self.is_in_time():
            part = parts.pop()
            try:
                yield from self._ask(request(part))
            except ServiceError as error:
                if error.is_retryable:
                    return sent
                refused, rest = without_refused(error, part)
                sent.update(dict.fromkeys(refused, error))
                parts += rest
            except EC2Error:
                return sent
            else:
                sent.update(dict.fromkeys(part))
        return sent

    def is_in_time(self) -> bool:
        """Whether the deadline has not passed."""
        return self.context.monotonic() <= self.deadline + MOMENT

    def _pages(self, request: Paged[R, T]) -> Flow[list[T]]:
        items: list[T] = []
        followed: set[str] = set()
        following: Paged[R, T] | None = request
        while following is not None:
            page = yield from self._ask(following)
            items += request.items(page)
            following = following.after(page, followed)
        return items

    def _ask(self, request: Operation[R]) -> Flow[R]:
        """Make a call that ends soon after the wait, whatever the network does."""
        try:
            result = yield from call(request, self.context, deadline=self.deadline + GRACE)
        except ServiceError:
            self._is_answered = True
            raise
        self._is_answered = True
        self.trouble = None
        return result

    def _bear(self, error: EC2Error) -> None:
        """Keep an error that may pass; raise any other."""
        if not (error.is_retryable and self._is_answered):
            raise error
        self.trouble = error


def without_refused(
    error: ServiceError, ids: Sequence[str]
) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the ids that a request was refused for, and the parts to ask about without them.

    EC2 refuses a request for all its ids where one is bad. Most messages name that one; if this
    one does not, the ids are sent by halves. An error that is not about an instance is one for all.
    """
    if len(ids) == 1 or not isinstance(error, _OF_AN_INSTANCE):
        return ids, []
    words = set(re.split(r"""[\s'",\[\]]+""", " ".join(said for _, said in error.errors)))
    named = [each for each in ids if each in words]
    if named:
        rest = [each for each in ids if each not in words]
        return named, [rest] if rest else []
    half = len(ids) // 2
    return [], [ids[:half], ids[half:]]


def _parts(ids: Sequence[str], most: int) -> list[Sequence[str]]:
    """Return ids in parts, the last one first: parts are taken from the end."""
    starts: Iterable[int] = reversed(range(0, len(ids), most))
    return [ids[start : start + most] for start in starts]
