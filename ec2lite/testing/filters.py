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

    Values = Callable[[FakeInstance, datetime], list[str]]


def _flag(value: object) -> list[str]:
    return ["true" if value else "false"]


_EITHER: Final[dict[str, Values]] = {
    "availability-zone": lambda instance, _: [instance.zone],
    "instance-state-code": lambda instance, time: [str(CODES[instance.state(time)])],
    "instance-state-name": lambda instance, time: [instance.state(time)],
    "operator.managed": lambda instance, _: _flag(instance.managed),
}
_INSTANCES: Final[dict[str, Values]] = _EITHER | {
    "architecture": lambda _, __: ["x86_64"],
    "hibernation-options.configured": lambda instance, _: _flag(instance.hibernation),
    "hypervisor": lambda _, __: ["xen"],
    "image-id": lambda instance, _: [instance.image_id],
    "instance-id": lambda instance, _: [instance.instance_id],
    "instance-lifecycle": lambda instance, _: ["spot"] if instance.spot else [],
    "instance-type": lambda instance, _: [instance.instance_type],
    "owner-id": lambda _, __: [ACCOUNT],
    "private-ip-address": lambda instance, _: [instance.address],
    "reservation-id": lambda instance, _: [instance.reservation_id],
    "root-device-type": lambda instance, _: [instance.root_device_type],
    "state-reason-code": lambda instance, time: [(instance.life.at(time).reason or ("",))[0]],
    "tag-key": lambda instance, _: list(instance.all_tags),
    "virtualization-type": lambda _, __: ["hvm"],
}
_KNOWN: Final = {"DescribeInstances": _INSTANCES, "DescribeInstanceStatus": _EITHER}


def matcher(request: Request, fleet: Fleet, time: datetime) -> Callable[[FakeInstance], bool]:
    """Return the test whether an instance is shown: every filter has a value that matches."""
    del fleet
    tests = [
        (_values(request.action, name), [_pattern(each) for each in wanted])
        for name, wanted in _filters(request)
    ]

    def matches(instance: FakeInstance) -> bool:
        return all(
            any(pattern.fullmatch(each) for pattern in patterns for each in of(instance, time))
            for of, patterns in tests
        )

    return matches


def _filters(request: Request) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    while (name := request.parameters.get(f"Filter.{len(found) + 1}.Name")) is not None:
        wanted = values(request.parameters, f"Filter.{len(found) + 1}.Value")
        if not wanted:
            raise Refusal("InvalidParameterValue", "The filter 'null' is invalid")
        found.append((name, wanted))
    return found


def _values(action: str, name: str) -> Values:
    known = _KNOWN[action]
    if name in known:
        return known[name]
    kind, colon, key = name.partition(":")
    if kind == "tag" and colon and action == "DescribeInstances":
        return lambda instance, _: [instance.all_tags[key]] if key in instance.all_tags else []
    raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")


def _pattern(text: str) -> re.Pattern[str]:
    """Return the expression for a value, in which ``*`` and ``?`` stand for others."""
    parts = [
        re.escape(each[1:] if len(each) > 1 else each)
        if each not in {"*", "?"}
        else {"*": ".*", "?": "."}[each]
        for each in re.findall(r"\\.|.", text, re.DOTALL)
    ]
    return re.compile("".join(parts), re.DOTALL)
