"""StopInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
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
class StopInstancesResult(Result):
    """What happened to each instance, in the order of AWS's answer."""

    stopping_instances: tuple[InstanceStateChange, ...] = required(
        items(InstanceStateChange, "instancesSet")
    )


@frozen(field_transformer=checked)
class StopInstances(Operation[StopInstancesResult]):
    """Stop instances that have an EBS root volume. All stop, or none: one bad id fails the request.

    - ``instance_ids``: one id or several; each is sent once, in order.
    - ``hibernate``: write memory to disk first. Where that fails, EC2 shuts down normally and says
      nothing; the instance must have been launched with hibernation configured.
    - ``force``: try a graceful shutdown, then stop hard. Meant as the second attempt.
    - ``skip_os_shutdown``: do not wait for the operating system to shut down, which may lose what
      it had not written. It cannot be taken back for that stop.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    None leaves a flag out of the request. Stopping an instance that is stopping or stopped succeeds
    and changes nothing, so the request may be sent again when an answer was lost.
    """

    action: ClassVar[str] = "StopInstances"

    instance_ids: tuple[str, ...] = field(
        converter=checks.instance_ids, metadata=sent("InstanceId", Items(TEXT))
    )
    hibernate: bool | None = field(default=None, kw_only=True, metadata=sent("Hibernate", BOOLEAN))
    force: bool | None = field(default=None, kw_only=True, metadata=sent("Force", BOOLEAN))
    skip_os_shutdown: bool | None = field(
        default=None, kw_only=True, metadata=sent("SkipOsShutdown", BOOLEAN)
    )
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1`` and on, and the flags that are set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> StopInstancesResult:
        """Read ``instancesSet/item/{instanceId, currentState, previousState}``."""
        return read_result(StopInstancesResult, root, metadata)

    def answered_ids(self, result: StopInstancesResult) -> tuple[str, ...]:
        """Return the ids that the answer names."""
        return tuple(change.instance_id for change in result.stopping_instances)
