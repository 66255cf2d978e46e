"""ModifyInstanceAttribute, whole: what the caller means, what goes out, what comes back.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn

import attrs
from attrs import field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError
from ec2lite.operations.acknowledged import read_acknowledgement
from ec2lite.operations.attributes import (
    BOOLEAN_VALUE,
    BYTES_VALUE,
    ENCLAVE_OPTIONS,
    TEXT_VALUE,
    attribute_name,
)
from ec2lite.operations.fields import Result, checked, sent, shape
from ec2lite.operations.scalars import BOOLEAN, TEXT
from ec2lite.operations.structures import Items, Structure, form_pairs
from ec2lite.protocol.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.models import ResponseMetadata
    from ec2lite.protocol.xml import Element


@frozen(field_transformer=checked)
class InstanceBlockDeviceMappingSpecification:
    """What is to change about a volume of an instance: whether it goes when the instance does.

    ``volume_id`` and ``delete_on_termination`` are AWS's members of ``Ebs``.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceBlockDeviceMappingSpecification.html
    """

    device_name: str = field(metadata=sent("DeviceName", TEXT))
    delete_on_termination: bool | None = field(
        default=None, kw_only=True, metadata=sent("Ebs.DeleteOnTermination", BOOLEAN)
    )
    volume_id: str | None = field(default=None, kw_only=True, metadata=sent("Ebs.VolumeId", TEXT))
    virtual_name: str | None = field(default=None, kw_only=True, metadata=sent("VirtualName", TEXT))
    no_device: str | None = field(default=None, kw_only=True, metadata=sent("NoDevice", TEXT))


def _attribute(name: str | None) -> str | None:
    return None if name is None else attribute_name(name)


def _groups(ids: str | Iterable[str] | None) -> tuple[str, ...] | None:
    if ids is None:
        return None
    # An empty list would not be sent, and the request would change nothing.
    return checks.strings(ids, "groups") or _refuse("groups", "group")


_MAPPING: Final = "an object of InstanceBlockDeviceMappingSpecification"


def _mappings(
    mappings: Iterable[InstanceBlockDeviceMappingSpecification] | None,
) -> tuple[InstanceBlockDeviceMappingSpecification, ...] | None:
    if mappings is None:
        return None
    checks.each_of("block_device_mappings", mappings, "a list of mappings")
    given: list[InstanceBlockDeviceMappingSpecification] = []
    for index, each in enumerate(mappings):
        name = f"block_device_mappings[{index}]"
        checks.instance(name, each, InstanceBlockDeviceMappingSpecification, _MAPPING)
        given.append(each)
    return tuple(given) or _refuse("block_device_mappings", "mapping")


def _refuse(name: str, what: str) -> NoReturn:
    raise checks.wrong(name, f"at least one {what}", "an empty list")


@shape
class ModifyInstanceAttributeResult(Result):
    """EC2 has changed the attribute. It says no more."""


@frozen(field_transformer=checked)
class ModifyInstanceAttribute(Operation[ModifyInstanceAttributeResult]):
    """Change one attribute of one instance, such as its protection from being stopped.

    - ``instance_id``: the instance.
    - ``disable_api_stop``, ``disable_api_termination``: True protects the instance from being
      stopped, or terminated, through the API. Stop protection protects from both.
    - ``instance_type``: such as ``m7g.large``. The instance must be stopped.
    - ``instance_initiated_shutdown_behavior``: ``stop`` or ``terminate``: what happens when the
      operating system shuts down.
    - ``user_data``: bytes, at most 16 KB; they are sent as base64. The instance must be stopped. No
      repr shows them, for they may hold secrets.
    - ``source_dest_check``: False lets an instance with one network interface route for others.
    - ``groups``: ids of security groups, which replace those that the instance has.
    - ``block_device_mappings``: which volumes are deleted when the instance is terminated.
    - ``ebs_optimized``, ``ena_support``, ``sriov_net_support`` (``simple``), ``kernel``,
      ``ramdisk``, ``enclave_options``: the instance must be stopped.
    - ``attribute`` with ``value``: an attribute by AWS's name, with its value as text.
    - ``dry_run``: check permission only. AWS answers with an error either way; ``Client.dry_run``
      turns that into a value.

    Exactly one attribute is to be given; anything else is a ``ConfigError``. Changing an attribute
    to what it is already succeeds, so the request may be sent again when an answer was lost.
    """

    action: ClassVar[str] = "ModifyInstanceAttribute"

    instance_id: str = field(converter=checks.instance_id, metadata=sent("InstanceId", TEXT))
    disable_api_stop: bool | None = field(
        default=None, kw_only=True, metadata=sent("DisableApiStop", BOOLEAN_VALUE)
    )
    disable_api_termination: bool | None = field(
        default=None, kw_only=True, metadata=sent("DisableApiTermination", BOOLEAN_VALUE)
    )
    instance_type: str | None = field(
        default=None, kw_only=True, metadata=sent("InstanceType", TEXT_VALUE)
    )
    instance_initiated_shutdown_behavior: str | None = field(
        default=None, kw_only=True, metadata=sent("InstanceInitiatedShutdownBehavior", TEXT_VALUE)
    )
    user_data: bytes | None = field(
        default=None, repr=False, kw_only=True, metadata=sent("UserData", BYTES_VALUE)
    )
    source_dest_check: bool | None = field(
        default=None, kw_only=True, metadata=sent("SourceDestCheck", BOOLEAN_VALUE)
    )
    ebs_optimized: bool | None = field(
        default=None, kw_only=True, metadata=sent("EbsOptimized", BOOLEAN_VALUE)
    )
    ena_support: bool | None = field(
        default=None, kw_only=True, metadata=sent("EnaSupport", BOOLEAN_VALUE)
    )
    sriov_net_support: str | None = field(
        default=None, kw_only=True, metadata=sent("SriovNetSupport", TEXT_VALUE)
    )
    kernel: str | None = field(default=None, kw_only=True, metadata=sent("Kernel", TEXT_VALUE))
    ramdisk: str | None = field(default=None, kw_only=True, metadata=sent("Ramdisk", TEXT_VALUE))
    groups: tuple[str, ...] | None = field(
        default=None, converter=_groups, kw_only=True, metadata=sent("GroupId", Items(TEXT))
    )
    block_device_mappings: tuple[InstanceBlockDeviceMappingSpecification, ...] | None = field(
        default=None,
        converter=_mappings,
        kw_only=True,
        metadata=sent(
            "BlockDeviceMapping", Items(Structure(InstanceBlockDeviceMappingSpecification))
        ),
    )
    enclave_options: bool | None = field(
        default=None, kw_only=True, metadata=sent("EnclaveOptions", ENCLAVE_OPTIONS)
    )
    attribute: str | None = field(
        default=None, converter=_attribute, kw_only=True, metadata=sent("Attribute", TEXT)
    )
    value: str | None = field(default=None, repr=False, kw_only=True, metadata=sent("Value", TEXT))
    dry_run: bool | None = field(default=None, kw_only=True, metadata=sent("DryRun", BOOLEAN))

    def __attrs_post_init__(self) -> None:
        if (self.attribute is None) != (self.value is None):
            raise ConfigError("attribute and value must be given together, not one of them")
        named = [name for name in _ATTRIBUTES if getattr(self, name) is not None]
        if len(named) != 1:
            what = " and ".join(named) or "nothing"
            raise ConfigError(f"{self.action} must be given exactly one attribute, not {what}")

    @classmethod
    def from_plain(cls, name: str, value: Any) -> Any:  # noqa: ANN401 - as Operation's
        """Return a parameter of which ``to_json`` wrote ``value``."""
        if name == "block_device_mappings":
            return [InstanceBlockDeviceMappingSpecification(**each) for each in value]
        return super().from_plain(name, value)

    def form_pairs(self) -> list[tuple[str, str]]:
        """Return ``InstanceId`` and the attribute's pair: ``DisableApiStop.Value``."""
        return form_pairs(self)

    def parse(self, root: Element, metadata: ResponseMetadata) -> ModifyInstanceAttributeResult:
        """Read ``<return>true</return>``."""
        return read_acknowledgement(ModifyInstanceAttributeResult, root, metadata)


_ATTRIBUTES: Final = tuple(
    each.name
    for each in attrs.fields(ModifyInstanceAttribute)
    if each.name not in {"instance_id", "value", "dry_run"}
)
