"""boto3's arguments for each method, and the requests that they become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from ec2lite.boto3 import exceptions
from ec2lite.boto3.exceptions import kind
from ec2lite.boto3.validation import Kind, ListOf, Plain, Struct, problems
from ec2lite.errors import ConfigError
from ec2lite.operations.describe_instance_attribute import DescribeInstanceAttribute
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.filters import Filter
from ec2lite.operations.modify_instance_attribute import (
    InstanceBlockDeviceMappingSpecification,
    ModifyInstanceAttribute,
)
from ec2lite.operations.reboot_instances import RebootInstances
from ec2lite.operations.start_instances import StartInstances
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances
from ec2lite.protocol.operation import Operation

TEXT: Final = Plain((str,))
FLAG: Final = Plain((bool,))
NUMBER: Final = Plain((int,))
BLOB: Final = Plain((bytes, bytearray, str), has_files=True)
TEXTS: Final = ListOf(TEXT)
FILTERS: Final = ListOf(Struct({"Name": TEXT, "Values": TEXTS}))
FLAG_VALUE: Final = Struct({"Value": FLAG})
TEXT_VALUE: Final = Struct({"Value": TEXT})
IDS: Final[dict[str, Kind]] = {"InstanceIds": TEXTS}
ID: Final[dict[str, Kind]] = {"InstanceId": TEXT}
DRY: Final[dict[str, Kind]] = {"DryRun": FLAG}
DESCRIBED: Final[dict[str, Kind]] = {
    **IDS,
    "Filters": FILTERS,
    "IncludeManagedResources": FLAG,
    "MaxResults": NUMBER,
    "NextToken": TEXT,
    **DRY,
}
MAPPING: Final = Struct(
    {
        "DeviceName": TEXT,
        "Ebs": Struct({"DeleteOnTermination": FLAG, "VolumeId": TEXT}),
        "NoDevice": TEXT,
        "VirtualName": TEXT,
    }
)


class OnePage(DescribeInstances):
    """One page, of a size that EC2 chooses if the caller does not: boto3 sends no default."""

    __slots__ = ()

    def page_pairs(self) -> list[tuple[str, str]]:
        """Return the pair of the page's size if one was given."""
        return [] if self.page_size is None else super().page_pairs()


class OneStatusPage(DescribeInstanceStatus):
    """The same of statuses."""

    __slots__ = ()

    def page_pairs(self) -> list[tuple[str, str]]:
        """Return the pair of the page's size if one was given."""
        return [] if self.page_size is None else super().page_pairs()


@frozen
class Method:
    """A method: what boto3 takes for it, and the request that it becomes."""

    parameters: Struct
    request: Callable[..., Operation[Any]]


ACTIONS: Final[dict[str, Method]] = {
    "stop_instances": Method(
        Struct(
            {**IDS, "Hibernate": FLAG, "SkipOsShutdown": FLAG, **DRY, "Force": FLAG},
            ("InstanceIds",),
        ),
        StopInstances,
    ),
    "start_instances": Method(
        Struct({**IDS, "AdditionalInfo": TEXT, **DRY}, ("InstanceIds",)), StartInstances
    ),
    "reboot_instances": Method(Struct({**IDS, **DRY}, ("InstanceIds",)), RebootInstances),
    "terminate_instances": Method(
        Struct({**IDS, "Force": FLAG, "SkipOsShutdown": FLAG, **DRY}, ("InstanceIds",)),
        TerminateInstances,
    ),
    "describe_instances": Method(Struct(DESCRIBED), OnePage),
    "describe_instance_status": Method(
        Struct({**DESCRIBED, "IncludeAllInstances": FLAG}), OneStatusPage
    ),
    "describe_instance_attribute": Method(
        Struct({**DRY, **ID, "Attribute": TEXT}, ("InstanceId", "Attribute")),
        DescribeInstanceAttribute,
    ),
    "modify_instance_attribute": Method(
        Struct(
            {
                "SourceDestCheck": FLAG_VALUE,
                "EnclaveOptions": Struct({"Enabled": FLAG}),
                "DisableApiStop": FLAG_VALUE,
                **DRY,
                **ID,
                "Attribute": TEXT,
                "Value": TEXT,
                "BlockDeviceMappings": ListOf(MAPPING),
                "DisableApiTermination": FLAG_VALUE,
                "InstanceType": TEXT_VALUE,
                "Kernel": TEXT_VALUE,
                "Ramdisk": TEXT_VALUE,
                "UserData": Struct({"Value": BLOB}),
                "InstanceInitiatedShutdownBehavior": TEXT_VALUE,
                "Groups": TEXTS,
                "EbsOptimized": FLAG_VALUE,
                "SriovNetSupport": TEXT_VALUE,
                "EnaSupport": FLAG_VALUE,
            },
            ("InstanceId",),
        ),
        ModifyInstanceAttribute,
    ),
}


_WRAPPED: Final = frozenset(
    key
    for key, each in ACTIONS["modify_instance_attribute"].parameters.members.items()
    if isinstance(each, Struct)
)


def request_for(name: str, given: dict[str, Any]) -> Operation[Any]:
    """Return the request for a method's arguments, or raise ``ParamValidationError``."""
    action = ACTIONS[name]
    wrong = list(problems(given, action.parameters, ""))
    if wrong:
        raise kind(exceptions.ParamValidationError)(report="\n".join(wrong))
    try:
        arguments = {_snake(key): _value(key, value) for key, value in given.items()}
        if "MaxResults" in action.parameters.members:
            _describing(arguments)
        return action.request(**arguments)
    except ConfigError as error:
        raise kind(exceptions.ParamValidationError)(report=str(error)) from error


def _snake(key: str) -> str:
    if key == "MaxResults":
        return "page_size"
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in key)[1:]


def _value(key: str, value: Any) -> Any:  # noqa: ANN401 - checked before
    """Return an argument as ec2lite takes it."""
    if key == "Filters":
        return [Filter(each.get("Name", ""), each.get("Values", [])) for each in value]
    if key == "BlockDeviceMappings":
        return [_mapping(each) for each in value]
    if key not in _WRAPPED:
        return value
    plain: Any = value.get("Value", value.get("Enabled"))
    return _data(plain) if key == "UserData" else plain


def _data(value: Any) -> bytes:  # noqa: ANN401 - as boto3 takes it: bytes, text or a file
    content: bytes | bytearray | str = value.read() if hasattr(value, "read") else value
    return content.encode() if isinstance(content, str) else bytes(content)


def _mapping(given: dict[str, Any]) -> InstanceBlockDeviceMappingSpecification:
    ebs = given.get("Ebs", {})
    return InstanceBlockDeviceMappingSpecification(
        given.get("DeviceName", ""),
        delete_on_termination=ebs.get("DeleteOnTermination"),
        volume_id=ebs.get("VolumeId"),
        virtual_name=given.get("VirtualName"),
        no_device=given.get("NoDevice"),
    )


def _describing(arguments: dict[str, Any]) -> None:
    """Do as boto3 does: empty lists are not sent, and nothing at all means all instances."""
    for name in ("instance_ids", "filters"):
        if not arguments.get(name):
            arguments.pop(name, None)
    if "instance_ids" not in arguments and "filters" not in arguments:
        arguments["all_instances"] = True
