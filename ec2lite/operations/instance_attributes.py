"""The answer to DescribeInstanceAttribute: sixteen attributes, of which one is there.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ec2lite.operations.attributes import BOOLEAN_VALUE, ENCLAVE_OPTIONS, TEXT_VALUE, Value
from ec2lite.operations.fields import Result, items, read_result, shape, text
from ec2lite.operations.instance_parts import (
    GroupIdentifier,
    InstanceBlockDeviceMapping,
    ProductCode,
)
from ec2lite.operations.members import Member, members
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


def _text(name: str, *, key: str = "", secret: bool = False) -> str | None:
    return cast("str | None", Member(name, TEXT_VALUE, key, secret=secret))


def _flag(name: str, kind: Value = BOOLEAN_VALUE) -> bool | None:
    return cast("bool | None", Member(name, kind))


@shape
class DescribeInstanceAttributeResult(Result):
    """An instance's attribute, as a plain value; the fields of the others are None or empty.

    ``user_data`` is in base64, as EC2 sends it; no repr shows it, for it may hold secrets.
    ``without_value`` names, by boto3's keys, the attributes that the answer has without a value:
    user data that nobody set, for one. Their fields are None too.
    """

    instance_id: str | None = text("instanceId")
    block_device_mappings: tuple[InstanceBlockDeviceMapping, ...] = items(
        InstanceBlockDeviceMapping, "blockDeviceMapping"
    )
    disable_api_stop: bool | None = _flag("disableApiStop")
    disable_api_termination: bool | None = _flag("disableApiTermination")
    ebs_optimized: bool | None = _flag("ebsOptimized")
    ena_support: bool | None = _flag("enaSupport")
    enclave_options: bool | None = _flag("enclaveOptions", ENCLAVE_OPTIONS)
    groups: tuple[GroupIdentifier, ...] = items(GroupIdentifier, "groupSet")
    instance_initiated_shutdown_behavior: str | None = _text("instanceInitiatedShutdownBehavior")
    instance_type: str | None = _text("instanceType")
    kernel_id: str | None = _text("kernel")
    product_codes: tuple[ProductCode, ...] = items(ProductCode, "productCodes")
    ramdisk_id: str | None = _text("ramdisk")
    root_device_name: str | None = _text("rootDeviceName")
    source_dest_check: bool | None = _flag("sourceDestCheck")
    sriov_net_support: str | None = _text("sriovNetSupport")
    user_data: str | None = _text("userData", secret=True)
    without_value: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        empty: dict[str, Any] = {key: {} for key in self.without_value}
        return {**empty, **super().to_dict()}


def read_attributes(root: Element, metadata: ResponseMetadata) -> DescribeInstanceAttributeResult:
    """Read the document of an answer."""
    result = read_result(DescribeInstanceAttributeResult, root, metadata)
    object.__setattr__(result, "without_value", _without_value(root))
    return result


def _without_value(root: Element) -> tuple[str, ...]:
    named = [
        (each.key, each.kind, xml.find(root, each.wire))
        for each in members(DescribeInstanceAttributeResult)
    ]
    return tuple(
        key
        for key, kind, element in named
        if isinstance(kind, Value) and element is not None and xml.find(element, kind.wire) is None
    )
