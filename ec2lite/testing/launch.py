"""RunInstances: what is launched with the parameters of a request.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.testing import describe
from ec2lite.testing.fleet import ACCOUNT, launched
from ec2lite.testing.instance import FakeInstance
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.testing.documents import Document
    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.request import Request

_MOST: Final = 1000
_SPOT: Final = "InstanceMarketOptions.SpotOptions.SpotInstanceType"


def run(request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Launch as many instances as the request allows, and describe them."""
    model = _model(request)
    zone = request.parameters.get("Placement.AvailabilityZone")
    if zone is not None and zone not in fleet.zones:
        raise Refusal("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    reservation = fleet.new_id("r")
    made = [
        fleet.add_like(
            model, zone, launched(now, fleet.times, is_metal=model.is_metal), reservation
        )
        for _ in range(_count(request))
    ]
    return {
        "reservationId": reservation,
        "ownerId": ACCOUNT,
        "groupSet": [],
        "instancesSet": [describe.instance(each, fleet, now) for each in made],
    }


def _count(request: Request) -> int:
    texts = request.need("MinCount"), request.need("MaxCount")
    least, most = (int(each) if each.isascii() and each.isdigit() else 0 for each in texts)
    if not 1 <= least <= most <= _MOST:
        raise Refusal(
            "InvalidParameterValue",
            f"Invalid value '{texts[0]}' for minCount, '{texts[1]}' for maxCount",
        )
    return most


def _model(request: Request) -> FakeInstance:
    parameters = request.parameters
    is_spot = parameters.get("InstanceMarketOptions.MarketType") == "spot"
    return FakeInstance(
        image_id=request.need("ImageId"),
        instance_type=parameters.get("InstanceType", "m1.small"),
        tags=_tags(parameters),
        stop_protected=request.flag("DisableApiStop"),
        termination_protected=request.flag("DisableApiTermination"),
        hibernation=request.flag("HibernationOptions.Configured"),
        spot=parameters.get(_SPOT, "one-time") if is_spot else None,
    )


def _tags(parameters: dict[str, str]) -> dict[str, str]:
    """Return the tags that are for instances: those of volumes are not kept."""
    ends = ".ResourceType"
    prefixes = [
        name.removesuffix(ends)
        for name, value in parameters.items()
        if name.startswith("TagSpecification.") and name.endswith(ends) and value == "instance"
    ]
    return {
        value: parameters.get(f"{name.removesuffix('Key')}Value", "")
        for name, value in parameters.items()
        if name.endswith(".Key") and any(name.startswith(f"{each}.Tag.") for each in prefixes)
    }
