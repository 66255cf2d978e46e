"""DescribeInstanceAttribute, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from attrs import field, frozen

from ec2lite import checks
from ec2lite.operations.attributes import attribute_name
from ec2lite.operations.fields import checked, sent
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.structures import form_pairs
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from ec2lite.models import ResponseMetadata
    from ec2lite.operations.instance_attributes import DescribeInstanceAttributeResult
    from ec2lite.protocol.xml import Element


@frozen(field_transformer=checked)
class DescribeInstanceAttribute(Operation["DescribeInstanceAttributeResult"]):
    """Describe one attribute of one instance, such as its protection from being stopped.

    - ``instance_id``: the instance.
    - ``attribute``: AWS's name: instanceType, kernel, ramdisk, userData, disableApiTermination,
      instanceInitiatedShutdownBehavior, rootDeviceName, blockDeviceMapping, productCodes,
      sourceDestCheck, groupSet, ebsOptimized, sriovNetSupport, enaSupport, enclaveOptions or
      disableApiStop.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    EC2 describes one attribute of one instance in a call. User data may hold secrets, so no error
    quotes an answer, and no repr shows it.
    """

    action: ClassVar[str] = "DescribeInstanceAttribute"
    confidential: ClassVar[bool] = True

    instance_id: str = field(converter=checks.instance_id, metadata=sent("InstanceId", TEXT))
    attribute: str = field(converter=attribute_name, metadata=sent("Attribute", TEXT))
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId``, ``Attribute``, and the flag if it is set."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> DescribeInstanceAttributeResult:
        """Read the attribute: ``disableApiStop/value``, ``groupSet/item`` and so on."""
        # Imported here, as its shapes take long to make.
        from ec2lite.operations.instance_attributes import read_attributes

        return read_attributes(root, metadata)

    def answered_ids(self, result: DescribeInstanceAttributeResult) -> tuple[str, ...]:
        """Return the id that the answer names."""
        return () if result.instance_id is None else (result.instance_id,)
