"""ModifyInstanceAttribute and DescribeInstanceAttribute: one attribute of one instance.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ec2lite.testing.calls import values
from ec2lite.testing.refusals import Refusal, managed

if TYPE_CHECKING:
    from datetime import datetime

    from ec2lite.testing.documents import Document
    from ec2lite.testing.fleet import Fleet
    from ec2lite.testing.instance import FakeInstance
    from ec2lite.testing.request import Request

# What an instance has that nobody has changed; None is an attribute without a value.
_DEFAULTS: Final[dict[str, str | None]] = {
    "ebsOptimized": "false",
    "enaSupport": "true",
    "instanceInitiatedShutdownBehavior": "stop",
    "kernel": None,
    "ramdisk": None,
    "rootDeviceName": "/dev/xvda",
    "sourceDestCheck": "true",
    "sriovNetSupport": None,
    "userData": None,
}
_FLAGS: Final = {"ebsOptimized", "enaSupport", "sourceDestCheck"}
_PROTECTIONS: Final = {"disableApiStop", "disableApiTermination"}
_ONLY_STOPPED: Final = {
    "ebsOptimized",
    "enaSupport",
    "enclaveOptions",
    "instanceType",
    "kernel",
    "ramdisk",
    "sriovNetSupport",
    "userData",
}
_BEHAVIOURS: Final = {"stop", "terminate"}
_LISTS: Final = {"blockDeviceMapping", "groupSet", "productCodes"}
NAMES: Final = {*_DEFAULTS, *_PROTECTIONS, *_LISTS, "instanceType", "enclaveOptions"}
MODIFIED: Final = frozenset(
    {"InstanceId", "DryRun", "Attribute", "Value", "GroupId", "EnclaveOptions.Enabled"}
    | {"BlockDeviceMapping.DeviceName", "BlockDeviceMapping.VirtualName"}
    | {"BlockDeviceMapping.NoDevice", "BlockDeviceMapping.Ebs.VolumeId"}
    | {"BlockDeviceMapping.Ebs.DeleteOnTermination", "InstanceType.Value"}
    | {f"{name[0].upper()}{name[1:]}.Value" for name in (*_DEFAULTS, *_PROTECTIONS)}
)


def modify(request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Answer ModifyInstanceAttribute."""
    (instance,) = fleet.known([request.need("InstanceId")], now)
    if instance.managed:
        raise managed(instance.instance_id, "modified")
    name, value = _change(request)
    if name in _ONLY_STOPPED and instance.state(now) != "stopped":
        raise Refusal(
            "IncorrectInstanceState",
            f"The instance '{instance.instance_id}' is not in the 'stopped' state.",
        )
    if name == "instanceType":
        instance.instance_type = value
    elif name == "disableApiStop":
        instance.stop_protected = _flag(value)
    elif name == "disableApiTermination":
        instance.termination_protected = _flag(value)
    else:
        _check(name, value)
        instance.attributes[name] = value
    return {"return": True}


def describe(request: Request, fleet: Fleet, now: datetime) -> dict[str, Document]:
    """Answer DescribeInstanceAttribute."""
    (instance,) = fleet.known([request.need("InstanceId")], now)
    name = request.need("Attribute")
    if name not in NAMES:
        raise Refusal(
            "InvalidParameterValue", f"Value ({name}) for parameter attribute is invalid."
        )
    return {"instanceId": instance.instance_id, name: _document(instance, name)}


def _document(instance: FakeInstance, name: str) -> Document:
    own = {
        "instanceType": instance.instance_type,
        "disableApiStop": "true" if instance.stop_protected else "false",
        "disableApiTermination": "true" if instance.termination_protected else "false",
    }
    if name in _LISTS:
        return []
    if name == "enclaveOptions":
        return {"enabled": instance.attributes.get(name, "false")}
    return {"value": own.get(name) or instance.attributes.get(name, _DEFAULTS.get(name))}


def _change(request: Request) -> tuple[str, str]:
    """Return the attribute that is to change, by the name that describes it, and its value."""
    parameters = request.parameters
    found = [
        (name[0].lower() + name.removesuffix(ends)[1:], value)
        for name, value in parameters.items()
        for ends in (".Value", ".Enabled")
        if name.endswith(ends)
    ]
    if "Attribute" in parameters:
        found.append((parameters["Attribute"], request.need("Value")))
    if values(parameters, "GroupId"):
        found.append(("groupSet", ""))
    if any(name.startswith("BlockDeviceMapping.") for name in parameters):
        found.append(("blockDeviceMapping", ""))
    if len(found) != 1:
        what = (
            "Fields for multiple attribute types specified" if found else "No attributes specified"
        )
        raise Refusal("InvalidParameterCombination", what)
    return found[0]


def _check(name: str, value: str) -> None:
    if name not in NAMES:
        raise Refusal(
            "InvalidParameterValue", f"Value ({name}) for parameter attribute is invalid."
        )
    if name in _FLAGS:
        _flag(value)
    if name == "instanceInitiatedShutdownBehavior" and value not in _BEHAVIOURS:
        raise Refusal(
            "InvalidParameterValue",
            f"Value ({value}) for parameter instanceInitiatedShutdownBehavior is invalid.",
        )


def _flag(value: str) -> bool:
    if value not in {"true", "false"}:
        raise Refusal("InvalidParameterValue", f"Invalid value '{value}' for a boolean")
    return value == "true"
