"""The status checks and scheduled events of an instance.

Each class is the shape of that name, or of that name with ``Response`` or ``Specification``:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs classes keep what they name

from ec2lite.operations.fields import Result, Shape, items, known, member, nested, shape, text, time
from ec2lite.operations.instance_parts import Operator
from ec2lite.operations.shapes import REPORTED_STATE, InstanceState


@shape
class InstanceStatusEvent(Shape):
    """A scheduled event, such as ``instance-retirement``.

    AWS describes it for up to a week after its end; the description then begins with
    ``[Completed]`` or ``[Canceled]``.
    """

    instance_event_id: str | None = text("instanceEventId")
    code: str | None = text("code")
    description: str | None = text("description")
    not_after: datetime | None = time("notAfter")
    not_before: datetime | None = time("notBefore")
    not_before_deadline: datetime | None = time("notBeforeDeadline")


@shape
class InstanceStatusDetails(Shape):
    """One status check of a system or an instance, and since when it fails."""

    impaired_since: datetime | None = time("impairedSince")
    name: str | None = text("name")
    status: str | None = text("status")


@shape
class InstanceStatusSummary(Shape):
    """The status checks of an instance, or of the machine below it."""

    details: tuple[InstanceStatusDetails, ...] = items(InstanceStatusDetails, "details")
    status: str | None = text("status")


@shape
class EbsStatusDetails(Shape):
    """One status check of the attached EBS volumes, and since when it fails."""

    impaired_since: datetime | None = time("impairedSince")
    name: str | None = text("name")
    status: str | None = text("status")


@shape
class EbsStatusSummary(Shape):
    """The status checks of the attached EBS volumes."""

    details: tuple[EbsStatusDetails, ...] = items(EbsStatusDetails, "details")
    status: str | None = text("status")


@shape
class ApplicationStatusSummary(Shape):
    """The status checks of an application, and since when it is impaired."""

    status: str | None = text("status")
    impaired_since: datetime | None = time("impairedSince")


@shape
class PerformanceStatusSummary(Shape):
    """The status of performance; ``remediation`` is what AWS recommends while it is impaired."""

    status: str | None = text("status")
    impaired_since: datetime | None = time("impairedSince")
    remediation: str | None = text("remediation")


@shape
class InstanceStatus(Shape):
    """What EC2's checks say about an instance, and the events that are scheduled for it.

    ``instance_status`` is about the instance itself, ``system_status`` about the machine below it.
    Each has a ``status``: ``ok``, ``impaired``, ``initializing``, ``insufficient-data``,
    ``not-applicable``, or what EC2 adds one day.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStatus.html
    """

    instance_id: str = known("instanceId")
    instance_state: InstanceState | None = member("instanceState", REPORTED_STATE)
    instance_status: InstanceStatusSummary | None = nested(InstanceStatusSummary, "instanceStatus")
    system_status: InstanceStatusSummary | None = nested(InstanceStatusSummary, "systemStatus")
    attached_ebs_status: EbsStatusSummary | None = nested(EbsStatusSummary, "attachedEbsStatus")
    application_status: ApplicationStatusSummary | None = nested(
        ApplicationStatusSummary, "applicationStatus"
    )
    performance_status: PerformanceStatusSummary | None = nested(
        PerformanceStatusSummary, "performanceStatus"
    )
    events: tuple[InstanceStatusEvent, ...] = items(InstanceStatusEvent, "eventsSet")
    availability_zone: str | None = text("availabilityZone")
    availability_zone_id: str | None = text("availabilityZoneId")
    outpost_arn: str | None = text("outpostArn")
    operator: Operator | None = nested(Operator, "operator")


@shape
class DescribeInstanceStatusResult(Result):
    """A page of statuses; ``next_token`` is None on the last one, which need not be full."""

    instance_statuses: tuple[InstanceStatus, ...] = items(InstanceStatus, "instanceStatusSet")
    next_token: str | None = text("nextToken")
