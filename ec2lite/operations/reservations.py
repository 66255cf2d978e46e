"""What DescribeInstances answers: instances, in reservations, read piece by piece.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Reservation.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ec2lite.operations.fields import Result, Shape, items, read_result, shape, text
from ec2lite.operations.instance import Instance
from ec2lite.operations.instance_parts import GroupIdentifier
from ec2lite.operations.readers import reader
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@shape
class Reservation(Shape):
    """The instances of one launch, and who launched them.

    ``groups`` are of EC2-Classic, which has ended.
    """

    reservation_id: str | None = text("reservationId")
    owner_id: str | None = text("ownerId")
    requester_id: str | None = text("requesterId")
    groups: tuple[GroupIdentifier, ...] = items(GroupIdentifier, "groupSet")
    instances: tuple[Instance, ...] = items(Instance, "instancesSet")


@shape
class DescribeInstancesResult(Result):
    """A page of instances; ``next_token`` is None on the last one, which need not be full."""

    reservations: tuple[Reservation, ...] = items(Reservation, "reservationSet")
    next_token: str | None = text("nextToken")

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The instances of all reservations, in order."""
        return tuple(each for one in self.reservations for each in one.instances)


class Reservations:
    """Collects reservations from a document that may still be growing.

    What has been read is removed from the document, so that it stays small however long it is.
    """

    root = "DescribeInstancesResponse"

    def __init__(self) -> None:
        self._closed: list[Reservation] = []
        # Of the reservation that is still growing.
        self._instances: list[Instance] = []

    def collect(self, root: Element, *, is_complete: bool) -> bool:
        """Read the instances that are there in full; return whether there were any."""
        parent = xml.find(root, "reservationSet")
        before = len(self._closed), len(self._instances)
        if parent is None:
            return False
        for element in list(parent):
            # The last element of a document that grows may lack its end.
            self._read(parent, element, is_closed=is_complete or element.getnext() is not None)
        return before != (len(self._closed), len(self._instances))

    def result(self, root: Element, metadata: ResponseMetadata) -> DescribeInstancesResult:
        """Return what was collected, with the rest of the document."""
        result = read_result(DescribeInstancesResult, root, metadata)
        if self._closed:
            object.__setattr__(result, "reservations", tuple(self._closed))
        return result

    def _read(self, parent: Element, element: Element, *, is_closed: bool) -> None:
        instances = xml.find(element, "instancesSet")
        if instances is not None:
            self._take(instances, is_closed=is_closed)
        if not is_closed:
            return
        if xml.local_name(element) == "item":
            reservation = _READ_RESERVATION(element)
            if self._instances:
                object.__setattr__(reservation, "instances", tuple(self._instances))
            self._closed.append(reservation)
        self._instances = []
        parent.remove(element)

    def _take(self, parent: Element, *, is_closed: bool) -> None:
        for element in list(parent):
            if is_closed or element.getnext() is not None:
                if xml.local_name(element) == "item":
                    self._instances.append(_READ_INSTANCE(element))
                parent.remove(element)


_READ_RESERVATION = reader(Reservation)
_READ_INSTANCE = reader(Instance)
