"""What a description says beforehand of instances that will not stop, or not for good.

It does not say which are protected and which Spot Instances were launched by a one-time request:
other calls do, of which the first is made where it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.bulk.described import GONE, described, state_of
from ec2lite.operations.describe_instance_attribute import DescribeInstanceAttribute
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ec2lite.bulk.many import Change
    from ec2lite.bulk.sending import Sender
    from ec2lite.engine.flow import Flow
    from ec2lite.operations.instance import Instance

PROTECTION: Final = "protection"
# Tags of AWS's own, by which a group or a fleet marks its members.
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/tag-ec2-fleet.html
_GROUPS: Final = {
    "aws:autoscaling:groupName": "Auto Scaling group",
    "aws:ec2:fleet-id": "EC2 Fleet",
    "aws:ec2spot:fleet-request-id": "Spot Fleet",
}
# Which protections keep an instance from an action, and the attribute of the answer.
_PROTECTIONS: Final[dict[type[Change], dict[str, str]]] = {
    StopInstances: {"disableApiStop": "disable_api_stop"},
    TerminateInstances: {
        "disableApiTermination": "disable_api_termination",
        "disableApiStop": "disable_api_stop",
    },
}


def findings(
    sender: Sender, ids: Iterable[str], operation: type[Change], check: bool | str
) -> Flow[dict[str, tuple[str, ...]]]:
    """Return what is to be known of instances before an action, in sentences by their id."""
    ids = list(ids)
    instances = yield from described(sender, ids)
    found = {each: list(_of(instances.get(each), operation)) for each in ids}
    if check == PROTECTION:
        for each in instances:
            for name, attribute in _PROTECTIONS.get(operation, {}).items():
                answer = yield from sender.send(DescribeInstanceAttribute(each, name), 0)
                if getattr(answer, attribute):
                    found[each].append(f"is protected: {name} is set")
    return {each: tuple(sentences) for each, sentences in found.items() if sentences}


def _of(instance: Instance | None, operation: type[Change]) -> Iterable[str]:
    if instance is None:
        yield "is not described: it does not exist, or not yet"
        return
    if (state := state_of(instance)) in GONE:
        yield f"is {state}"
    if instance.operator is not None and instance.operator.managed:
        by = instance.operator.principal or "an AWS service"
        yield f"is managed by {by}, which alone may change it"
    if operation in {StopInstances, TerminateInstances}:
        yield from _of_replacements(instance.tags)
    if operation is StopInstances:
        yield from _of_stops(instance)


def _of_replacements(tags: Mapping[str, str]) -> Iterable[str]:
    for tag, what in _GROUPS.items():
        if tag in tags:
            yield f"is in the {what} {tags[tag]}, which may replace it"


def _of_stops(instance: Instance) -> Iterable[str]:
    if instance.root_device_type == "instance-store":
        yield "has an instance store for its root device, and cannot be stopped"
    if instance.instance_lifecycle == "spot":
        yield "is a Spot Instance, which cannot be stopped if its request was a one-time one"
    if (instance.instance_type or "").startswith("mac"):
        yield "is on a Mac host, which is scrubbed after a stop and starts nothing meanwhile"
