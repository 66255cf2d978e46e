"""What DescribeInstances says of many ids, of which some may not exist.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ec2lite.operations.describe_instances import DescribeInstances

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.bulk.sending import Sender
    from ec2lite.engine.flow import Flow
    from ec2lite.operations.instance import Instance

# Values that a request may have in its filters.
_MOST: Final = 200
# They mean other instances, too, in the value of a filter.
_WILD: Final = re.compile(r"[*?\\]")
_INITIATED: Final = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) GMT\)")
GONE: Final = frozenset({"shutting-down", "terminated"})


def described(sender: Sender, instance_ids: Iterable[str]) -> Flow[dict[str, Instance]]:
    """Return the instances that EC2 knows.

    By a filter: where one of the ids does not exist, a request by ids is refused.
    """
    ids = [each for each in instance_ids if not _WILD.search(each)]
    found: dict[str, Instance] = {}
    for start in range(0, len(ids), _MOST):
        part = ids[start : start + _MOST]
        request: DescribeInstances | None = DescribeInstances(
            filters={"instance-id": part}, include_managed_resources=True
        )
        followed: set[str] = set()
        while request is not None:
            page = yield from sender.send(request, 0)
            found.update({each.instance_id: each for each in page.instances})
            request = request.after(page, followed)
    return {each: found[each] for each in ids if each in found}


def state_of(instance: Instance | None) -> str | None:
    """Return the name of an instance's state."""
    return None if instance is None or instance.state is None else instance.state.name


def changed_at(instance: Instance) -> datetime | None:
    """Return when somebody asked for the change to the state that it is in, to the second."""
    said = _INITIATED.search(instance.state_transition_reason or "")
    if said is None:
        return None
    return datetime.strptime(said[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
