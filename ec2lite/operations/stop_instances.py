"""StopInstances, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.models import InstanceState, InstanceStateChange, ResponseMetadata
from ec2lite.protocol import columns, query, state_code, xml
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.protocol.xml import Element


@frozen
class StopInstancesResult:
    """What happened to each instance, in the order of AWS's answer."""

    stopping_instances: tuple[InstanceStateChange, ...]
    response_metadata: ResponseMetadata

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        return {
            "StoppingInstances": [change.to_dict() for change in self.stopping_instances],
            "ResponseMetadata": self.response_metadata.to_dict(),
        }


@frozen
class StopInstances(Operation[StopInstancesResult]):
    """Stop instances that have an EBS root volume. All stop, or none: one bad id fails the request.

    - ``instance_ids``: one id or several; each is sent once, in order.
    - ``hibernate``: write memory to disk first. Where that fails, EC2 shuts down normally and says
      nothing; the instance must have been launched with hibernation configured.
    - ``skip_os_shutdown``: do not wait for the operating system to shut down, which may lose what
      it had not written. It cannot be taken back for that stop.
    - ``force``: try a graceful shutdown, then stop hard. Meant as the second attempt.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    None leaves a flag out of the request. Stopping an instance that is stopping or stopped succeeds
    and changes nothing, so the request may be sent again when an answer was lost.
    """

    action: ClassVar[str] = "StopInstances"

    instance_ids: tuple[str, ...] = field(converter=checks.instance_ids)
    hibernate: bool | None = field(default=None, validator=checks.validator(checks.flag))
    force: bool | None = field(default=None, validator=checks.validator(checks.flag))
    skip_os_shutdown: bool | None = field(default=None, validator=checks.validator(checks.flag))
    dry_run: bool | None = field(default=None, validator=checks.validator(checks.flag))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId.1`` and on, and the flags that are set."""
        return [
            *query.listed("InstanceId", self.instance_ids),
            *query.flag("Hibernate", self.hibernate),
            *query.flag("SkipOsShutdown", self.skip_os_shutdown),
            *query.flag("DryRun", self.dry_run),
            *query.flag("Force", self.force),
        ]

    def parse(self, root: Element, metadata: ResponseMetadata) -> StopInstancesResult:
        """Read ``instancesSet/item/{instanceId, currentState, previousState}``."""
        instances = xml.child(root, "instancesSet")
        table = columns.read(instances, _COLUMNS)
        changes = _walk(instances) if table is None else _join(*table)
        return StopInstancesResult(tuple(changes), metadata)


_COLUMNS = (
    "item/instanceId",
    "item/currentState/code",
    "item/currentState/name",
    "item/previousState/code",
    "item/previousState/name",
)


def _join(
    ids: list[str], codes: list[str], names: list[str], old_codes: list[str], old_names: list[str]
) -> Iterable[InstanceStateChange]:
    # A thousand instances have two or three states among them: one object for each of those.
    state = functools.cache(_state)
    return map(InstanceStateChange, ids, map(state, codes, names), map(state, old_codes, old_names))


def _walk(instances: Element) -> Iterable[InstanceStateChange]:
    for item in instances.iterchildren("{*}item"):
        yield InstanceStateChange(
            instance_id=xml.text(item, "instanceId"),
            current_state=_walk_state(xml.child(item, "currentState")),
            previous_state=_walk_state(xml.child(item, "previousState")),
        )


def _walk_state(element: Element) -> InstanceState:
    return _state(xml.text(element, "code"), xml.text(element, "name"))


def _state(code: str, name: str) -> InstanceState:
    return InstanceState(state_code.decode(code), name)
