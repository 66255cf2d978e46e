"""Filters: which instances a Describe shows. One that is not known here is refused, never ignored.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ec2lite.testing.calls import values
from ec2lite.testing.fleet import ACCOUNT
from ec2lite.testing.life import CODES
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.instance import FakeInstance
    from ec2lite.testing.request import Request

_MOST_VALUES: Final = 200
_TAG: Final = "tag:"


def matcher(request: Request, fleet: Fleet, time: datetime) -> Callable[[FakeInstance], bool]:
    """Return the test whether an instance is shown: every filter has a value that matches."""
    of_instances = request.action == "DescribeInstances"
    known = _OF_INSTANCES if of_instances else _OF_STATUSES
    wanted = _wanted(request)
    for name in wanted:
        if name not in known and not (of_instances and name.startswith(_TAG)):
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")

    def matches(instance: FakeInstance) -> bool:
        has = facts(instance, fleet, time) if wanted else {}
        return all(
            any(pattern.fullmatch(each) for pattern in patterns for each in has.get(name, []))
            for name, patterns in wanted.items()
        )

    return matches


def facts(instance: FakeInstance, fleet: Fleet, time: datetime) -> dict[str, list[str]]:
    """Return what an instance has of each filter's name: no value, one, or several."""
    phase = instance.life.at(time)
    check = instance.check(time, fleet.times.checks)
    reachability = {"ok": ["passed"], "initializing": ["initializing"]}.get(check, [])
    tags = {f"{_TAG}{key}": [value] for key, value in instance.all_tags.items()}
    return tags | {
        "architecture": ["x86_64"],
        "availability-zone": [instance.zone],
        "hibernation-options.configured": _flag(instance.hibernation),
        "hypervisor": ["xen"],
        "image-id": [instance.image_id],
        "instance-id": [instance.instance_id],
        "instance-lifecycle": ["spot"] if instance.spot else [],
        "instance-state-code": [str(CODES[phase.state])],
        "instance-state-name": [phase.state],
        "instance-status.reachability": reachability,
        "instance-status.status": [check],
        "instance-type": [instance.instance_type],
        "operator.managed": _flag(instance.managed),
        "owner-id": [ACCOUNT],
        "private-ip-address": [instance.address],
        "reservation-id": [instance.reservation_id],
        "root-device-type": [instance.root_device_type],
        "state-reason-code": [] if phase.reason is None else [phase.reason[0]],
        "system-status.reachability": reachability,
        "system-status.status": [check],
        "tag-key": list(instance.all_tags),
        "virtualization-type": ["hvm"],
    }


_OF_EITHER: Final = frozenset(
    {"availability-zone", "instance-state-code", "instance-state-name", "operator.managed"}
)
_OF_STATUSES: Final = _OF_EITHER | {
    "instance-status.reachability",
    "instance-status.status",
    "system-status.reachability",
    "system-status.status",
}
_OF_INSTANCES: Final = _OF_EITHER | {
    "architecture",
    "hibernation-options.configured",
    "hypervisor",
    "image-id",
    "instance-id",
    "instance-lifecycle",
    "instance-type",
    "owner-id",
    "private-ip-address",
    "reservation-id",
    "root-device-type",
    "state-reason-code",
    "tag-key",
    "virtualization-type",
}


def _flag(value: object) -> list[str]:
    return ["true" if value else "false"]


def _wanted(request: Request) -> dict[str, list[re.Pattern[str]]]:
    """Return the filters of a request, each with its values' patterns."""
    found: dict[str, list[re.Pattern[str]]] = {}
    count = number = 0
    while (name := request.parameters.get(f"Filter.{(number := number + 1)}.Name")) is not None:
        texts = values(request.parameters, f"Filter.{number}.Value")
        count += len(texts)
        if not texts:
            raise Refusal("InvalidParameterValue", f"The filter '{name}' has no values")
        found[name] = [pattern(each) for each in texts]
    if count > _MOST_VALUES:
        raise Refusal(
            "FilterLimitExceeded", f"The maximum number of filter values is {_MOST_VALUES}"
        )
    return found


def pattern(text: str) -> re.Pattern[str]:
    """Return the expression for a value, in which ``*`` and ``?`` stand for others."""
    wild = {"*": ".*", "?": "."}
    parts = [
        wild.get(each[0], re.escape(each[0][-1])) for each in re.finditer(r"\\.|.", text, re.DOTALL)
    ]
    return re.compile("".join(parts), re.DOTALL)
