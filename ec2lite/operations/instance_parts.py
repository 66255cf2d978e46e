"""Parts of an instance that other answers hold too.

Each class is the shape of that name, or of that name with ``Response`` or ``Specification``:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Types.html
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - attrs classes keep what they name

from ec2lite.operations.fields import Shape, boolean, integer, nested, shape, text, time


@shape
class GroupIdentifier(Shape):
    """A security group."""

    group_id: str | None = text("groupId")
    group_name: str | None = text("groupName")


@shape
class Operator(Shape):
    """The AWS service that manages a resource (EKS, ECS, Lambda), if one does.

    Its owner cannot modify or terminate it. Lists leave out what is ``hidden_by_default``, unless
    ``include_managed_resources`` asks for it.
    """

    managed: bool | None = boolean("managed")
    principal: str | None = text("principal")
    hidden_by_default: bool | None = boolean("hiddenByDefault")


@shape
class IamInstanceProfile(Shape):
    """The instance profile that gives an instance its role."""

    arn: str | None = text("arn")
    id: str | None = text("id")


@shape
class ProductCode(Shape):
    """A code of the AWS Marketplace, for what an instance runs."""

    product_code_id: str | None = text("productCode")
    product_code_type: str | None = text("type")


@shape
class EnclaveOptions(Shape):
    """Whether an instance may run Nitro Enclaves."""

    enabled: bool | None = boolean("enabled")


@shape
class EbsInstanceBlockDevice(Shape):
    """An EBS volume that is attached to an instance."""

    attach_time: datetime | None = time("attachTime")
    delete_on_termination: bool | None = boolean("deleteOnTermination")
    status: str | None = text("status")
    volume_id: str | None = text("volumeId")
    associated_resource: str | None = text("associatedResource")
    volume_owner_id: str | None = text("volumeOwnerId")
    operator: Operator | None = nested(Operator, "operator")
    ebs_card_index: int | None = integer("ebsCardIndex")


@shape
class InstanceBlockDeviceMapping(Shape):
    """A block device of an instance, under the name it was attached as."""

    device_name: str | None = text("deviceName")
    ebs: EbsInstanceBlockDevice | None = nested(EbsInstanceBlockDevice, "ebs")
