"""RebootInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RebootInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.operations.acknowledged import read_acknowledgement
from ec2lite.operations.fields import Result, checked, sent, shape
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.structures import Items, form_pairs
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@shape
class RebootInstancesResult(Result):
    """EC2 has queued the reboots. It says no more."""


@frozen(field_transformer=checked)
class RebootInstances(Operation[RebootInstancesResult]):
    """Queue a reboot of running instances. One bad id fails the request.

    - ``instance_ids``: one id or several; each is sent once, in order.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    None leaves the flag out of the request. Terminated instances are ignored. An instance that does
    not shut down within a few minutes is rebooted hard.

    A second request may reboot a second time. So this one is never sent again when the first may
    have arrived: a lost answer is a ``TransportError`` with ``maybe_sent``, and it is for you to
    find out whether the instances rebooted.
    """

    action: ClassVar[str] = "RebootInstances"
    repeatable: ClassVar[bool] = False

    instance_ids: tuple[str, ...] = field(
        converter=checks.instance_ids, metadata=sent("InstanceId", Items(TEXT))
    )
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1`` and on, and the flag if it is set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> RebootInstancesResult:
        """Read ``<return>true</return>``."""
        return read_acknowledgement(RebootInstancesResult, root, metadata)
