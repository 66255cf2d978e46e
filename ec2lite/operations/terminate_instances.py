"""TerminateInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from attrs import field, frozen

from ec2lite import checks
from ec2lite.operations.fields import Result, checked, items, read_result, required, sent, shape
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.shapes import InstanceStateChange
from ec2lite.operations.structures import Items, form_pairs
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element

_MOST_IDS: Final = 1000


def _ids(ids: str | Iterable[str]) -> tuple[str, ...]:
    """Return at most as many ids as EC2 takes: it says "up to 1000 instance IDs"."""
    found = checks.instance_ids(ids)
    if len(found) > _MOST_IDS:
        raise checks.wrong("instance_ids", f"at most {_MOST_IDS} ids", f"{len(found)}")
    return found


@shape
class TerminateInstancesResult(Result):
    """What happened to each instance, in the order of AWS's answer."""

    terminating_instances: tuple[InstanceStateChange, ...] = required(
        items(InstanceStateChange, "instancesSet")
    )


@frozen(field_transformer=checked)
class TerminateInstances(Operation[TerminateInstancesResult]):
    """Terminate instances, for ever. A call that fails may have terminated some of them.

    - ``instance_ids``: one id or several, at most 1000; each is sent once, in order.
    - ``force``: terminate even if the instance does not shut down.
    - ``skip_os_shutdown``: do not wait for the operating system to shut down, which may lose what
      it had not written.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    None leaves a flag out of the request. An id that does not exist fails the request, and nothing
    is terminated. A protected instance fails it too, with ``OperationNotPermitted``; but across
    Availability Zones that is not all or nothing: the instances in its own zone stay, and **those
    in other zones are terminated, although the call failed**. Look at what is left before you ask
    again. Not only termination protection (``disableApiTermination``) protects an instance, stop
    protection (``disableApiStop``) does too; ``modify_instance_attribute`` removes either.

    Volumes with ``DeleteOnTermination`` go too. A terminated instance is described for about an
    hour. Terminating one that is terminated already succeeds and changes nothing, so the request
    may be sent again when an answer was lost.
    """

    action: ClassVar[str] = "TerminateInstances"

    instance_ids: tuple[str, ...] = field(converter=_ids, metadata=sent("InstanceId", Items(TEXT)))
    force: bool | None = field(default=None, kw_only=True, metadata=sent("Force", BOOLEAN))
    skip_os_shutdown: bool | None = field(
        default=None, kw_only=True, metadata=sent("SkipOsShutdown", BOOLEAN)
    )
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1`` and on, and the flags that are set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> TerminateInstancesResult:
        """Read ``instancesSet/item/{instanceId, currentState, previousState}``."""
        return read_result(TerminateInstancesResult, root, metadata)

    def answered_ids(self, result: TerminateInstancesResult) -> tuple[str, ...]:
        """Return the ids that the answer names."""
        return tuple(change.instance_id for change in result.terminating_instances)
