"""The answer to DescribeInstanceAttribute: sixteen attributes, of which one is there.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ec2lite.operations.attributes import BOOLEAN_VALUE, ENCLAVE_OPTIONS, TEXT_VALUE, Value
from ec2lite.operations.fields import Result, items, member, read_result, shape, text
from ec2lite.operations.instance_parts import (
    GroupIdentifier,
    InstanceBlockDeviceMapping,
    ProductCode,
)
from ec2lite.operations.members import members
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


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
    disable_api_stop: bool | None = member("disableApiStop", BOOLEAN_VALUE)
    disable_api_termination: bool | None = member("disableApiTermination", BOOLEAN_VALUE)
    ebs_optimized: bool | None = member("ebsOptimized", BOOLEAN_VALUE)
    ena_support: bool | None = member("enaSupport", BOOLEAN_VALUE)
    enclave_options: bool | None = member("enclaveOptions", ENCLAVE_OPTIONS)
    groups: tuple[GroupIdentifier, ...] = items(GroupIdentifier, "groupSet")
    instance_initiated_shutdown_behavior: str | None = member(
        "instanceInitiatedShutdownBehavior", TEXT_VALUE
    )
    instance_type: str | None = member("instanceType", TEXT_VALUE)
    kernel_id: str | None = member("kernel", TEXT_VALUE)
    product_codes: tuple[ProductCode, ...] = items(ProductCode, "productCodes")
    ramdisk_id: str | None = member("ramdisk", TEXT_VALUE)
    root_device_name: str | None = member("rootDeviceName", TEXT_VALUE)
    source_dest_check: bool | None = member("sourceDestCheck", BOOLEAN_VALUE)
    sriov_net_support: str | None = member("sriovNetSupport", TEXT_VALUE)
    user_data: str | None = member("userData", TEXT_VALUE, secret=True)
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
