"""DescribeInstances and DescribeInstanceStatus: who is shown, and what of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.testing import filters, pages
from ec2lite.testing.fleet import ACCOUNT
from ec2lite.testing.life import CODES

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from ec2lite.testing.documents import Document
    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.instance import FakeInstance
    from ec2lite.testing.request import Request

_HIGH_BYTES: Final = 0.25
_MOST_IDS: Final = 100  # of DescribeInstanceStatus


def instances(request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Answer DescribeInstances: each instance is in a reservation with those launched with it."""
    chosen, token = _chosen(request, fleet, now)
    reservations: dict[str, list[dict[str, Document]]] = {}
    for each in chosen:
        item = instance(each, fleet, now)
        reservations.setdefault(each.reservation_id, []).append(item)
    rows: list[dict[str, Document]] = [
        {"reservationId": name, "ownerId": ACCOUNT, "groupSet": [], "instancesSet": items}
        for name, items in reservations.items()
    ]
    return {"reservationSet": rows, "nextToken": token}


def statuses(request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Answer DescribeInstanceStatus: of those that run, unless all are asked for."""
    pages.check_ids(request, _MOST_IDS)
    chosen, token = _chosen(
        request, fleet, now, only_running=not request.flag("IncludeAllInstances")
    )
    return {"instanceStatusSet": [_status(each, fleet, now) for each in chosen], "nextToken": token}


def state(name: str, dice: Random) -> dict[str, Document]:
    """Return a state's document. Some codes have bits in their high byte, which AWS may set.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html
    """
    high = dice.getrandbits(8) if dice.random() < _HIGH_BYTES else 0
    return {"code": high << 8 | CODES[name], "name": name}


def _chosen(
    request: Request, fleet: Fleet, now: datetime, *, only_running: bool = False
) -> tuple[list[FakeInstance], str | None]:
    """Return the instances of a page, and the token of the next one."""
    ids = request.instance_ids
    then = fleet.seen(now)
    found = fleet.known(ids, now) if ids else fleet.all(now)
    if not ids and not request.flag("IncludeManagedResources"):
        found = [each for each in found if not each.managed]
    if only_running:
        found = [each for each in found if each.state(then) == "running"]
    matches = filters.matcher(request, fleet, then)
    return pages.page(request, [each for each in found if matches(each)])


def instance(instance: FakeInstance, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Return what a Describe tells of an instance."""
    phase = instance.life.at(fleet.seen(now))
    address = instance.address
    runs = phase.state in {"pending", "running"}
    return {
        "instanceId": instance.instance_id,
        "imageId": instance.image_id,
        "instanceState": state(phase.state, fleet.dice),
        "privateDnsName": instance.dns_name,
        "dnsName": "",
        "reason": phase.by,
        "amiLaunchIndex": 0,
        "instanceType": instance.instance_type,
        "launchTime": f"{instance.started:%Y-%m-%dT%H:%M:%S}.000Z",
        "placement": {"availabilityZone": instance.zone, "groupName": "", "tenancy": "default"},
        "monitoring": {"state": "disabled"},
        "privateIpAddress": None if phase.state == "terminated" else address,
        "ipAddress": instance.public_address if runs else None,
        "stateReason": _reason(phase.reason),
        "architecture": "x86_64",
        "rootDeviceType": instance.root_device_type,
        "rootDeviceName": "/dev/xvda",
        "virtualizationType": "hvm",
        "hypervisor": "xen",  # EC2 says so of Nitro too
        "tagSet": [{"key": key, "value": value} for key, value in instance.all_tags.items()],
        "groupSet": [],
        "sourceDestCheck": True,
        "ebsOptimized": False,
        "enaSupport": not instance.is_xen,
        "instanceLifecycle": "spot" if instance.spot else None,
        "spotInstanceRequestId": instance.spot_request_id,
        "hibernationOptions": {"configured": instance.hibernation},
        "operator": _operator(instance),
    }


def _reason(reason: tuple[str, str] | None) -> dict[str, Document] | None:
    return None if reason is None else {"code": reason[0], "message": reason[1]}


def _operator(instance: FakeInstance) -> dict[str, Document]:
    if not instance.managed:
        return {"managed": False}
    return {"managed": True, "principal": "eks.amazonaws.com", "hiddenByDefault": True}


def _status(instance: FakeInstance, fleet: Fleet, now: datetime) -> dict[str, Document]:
    then = fleet.seen(now)
    word = instance.check(then, fleet.times.checks)
    reached = {"ok": "passed", "initializing": "initializing"}.get(word)
    details: Document = [{"name": "reachability", "status": reached}] if reached else None
    check: dict[str, Document] = {"status": word, "details": details}
    return {
        "instanceId": instance.instance_id,
        "availabilityZone": instance.zone,
        "operator": _operator(instance),
        "instanceState": state(instance.state(then), fleet.dice),
        "instanceStatus": check,
        "systemStatus": check,
        "attachedEbsStatus": check,
    }
