"""StartInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StartInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.operations.fields import Result, checked, items, read_result, required, sent, shape
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.shapes import InstanceStateChange
from ec2lite.operations.structures import Items, form_pairs
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@shape
class StartInstancesResult(Result):
    """What happened to each instance, in the order of AWS's answer."""

    starting_instances: tuple[InstanceStateChange, ...] = required(
        items(InstanceStateChange, "instancesSet")
    )


@frozen(field_transformer=checked)
class StartInstances(Operation[StartInstancesResult]):
    """Start instances that were stopped. All start, or none: one bad id fails the request.

    - ``instance_ids``: one id or several; each is sent once, in order.
    - ``additional_info``: reserved by AWS.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    None leaves a parameter out of the request. A start can still fail after the call succeeded: the
    instance goes back from pending to stopped, and its ``state_reason`` says why. Where AWS has no
    capacity left, the call raises ``InsufficientInstanceCapacity``.
    Starting an instance that is pending or running succeeds and changes nothing, so the request may
    be sent again when an answer was lost.
    """

    action: ClassVar[str] = "StartInstances"

    instance_ids: tuple[str, ...] = field(
        converter=checks.instance_ids, metadata=sent("InstanceId", Items(TEXT))
    )
    additional_info: str | None = field(
        default=None, kw_only=True, metadata=sent("AdditionalInfo", TEXT)
    )
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1`` and on, and what else is set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> StartInstancesResult:
        """Read ``instancesSet/item/{instanceId, currentState, previousState}``."""
        return read_result(StartInstancesResult, root, metadata)

    def answered_ids(self, result: StartInstancesResult) -> tuple[str, ...]:
        """Return the ids that the answer names."""
        return tuple(change.instance_id for change in result.starting_instances)
