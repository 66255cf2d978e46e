"""Filters of the Describe actions: what a caller may write, and which names EC2 has.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from ec2lite import checks
from ec2lite.errors import ConfigError
from ec2lite.operations.fields import sent
from ec2lite.operations.scalars import TEXT
from ec2lite.operations.structures import Items

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_VALUES: Final = 200
"""Values of all filters of one call; EC2 answers FilterLimitExceeded to more."""


class UnknownFilterWarning(UserWarning):
    """EC2 has no filter of that name, as far as ec2lite knows. The request is sent all the same."""


def _name(name: object) -> str:
    checked = checks.text("name", name)
    if not checked.strip():
        raise checks.wrong("name", "the name of a filter", "a blank string")
    return checked


def _values(values: object) -> tuple[str, ...]:
    checked = checks.strings(values, "values")
    if not checked:
        # EC2 would read a filter without values as one that is not there.
        raise checks.wrong("values", "at least one value", "an empty list")
    return checked


@frozen
class Filter:
    """What instances must have in common to be described: one of ``values``, under ``name``.

    ``*`` in a value stands for any characters, ``?`` for one; a backslash before them takes that
    meaning away. Names and values are case-sensitive. Several filters all have to match.
    """

    name: str = field(converter=_name, metadata=sent("Name", TEXT))
    values: tuple[str, ...] = field(converter=_values, metadata=sent("Value", Items(TEXT)))


class Filters(tuple[Filter, ...]):
    """Filters that have been checked."""

    __slots__ = ()


def instance_filters(
    filters: Mapping[str, str | Iterable[str]] | Iterable[Filter] | None,
) -> Filters | None:
    """Check the filters of DescribeInstances. (An attrs converter.)."""
    return _checked(filters, instance_names)


def status_filters(
    filters: Mapping[str, str | Iterable[str]] | Iterable[Filter] | None,
) -> Filters | None:
    """Check the filters of DescribeInstanceStatus. (An attrs converter.)."""
    return _checked(filters, status_names)


def _checked(filters: object, names: Callable[[], frozenset[str]]) -> Filters | None:
    # attrs.evolve converts once more what was checked, and warned of, already.
    if filters is None or isinstance(filters, Filters):
        return filters
    checked = Filters(_each(filters))
    if not checked:
        raise checks.wrong("filters", "at least one filter", "empty")
    count = sum(len(each.values) for each in checked)
    if count > MOST_VALUES:
        raise checks.wrong("filters", f"{MOST_VALUES} values at most, EC2's limit", str(count))
    _warn_of_unknown(checked, names())
    return checked


def _each(filters: object) -> Iterable[Filter]:
    if isinstance(filters, Filter):
        return [filters]
    if isinstance(filters, Mapping):
        pairs = cast("dict[Any, Any]", filters)
        return [_named(name, values) for name, values in pairs.items()]
    if isinstance(filters, str | bytes) or not isinstance(filters, Iterable):
        raise checks.wrong("filters", "a dict or a list of Filter", checks.kind(filters))
    listed = enumerate(cast("Iterable[object]", filters))
    return [checks.instance(f"filters[{n}]", each, Filter, "a Filter") for n, each in listed]


def _named(name: Any, values: Any) -> Filter:  # noqa: ANN401 - untyped callers are checked too
    try:
        return Filter(name, values)
    except ConfigError as error:
        raise ConfigError(f"filters[{name!r}].{error}") from None


# ---- names --------------------------------------------------------------------------------------


def _warn_of_unknown(filters: Filters, known: frozenset[str]) -> None:
    for each in filters:
        if each.name not in known and not _is_tag(each.name, known):
            _warn(f"EC2 has no filter {each.name!r}; the nearest is {nearest(each.name, known)!r}")


def _warn(message: str) -> None:
    """Warn of the first line on the stack that is not ec2lite's."""
    import inspect

    home = (str(Path(__file__).parent.parent), "<attrs generated")
    frame, depth = inspect.currentframe(), 1
    while frame is not None and frame.f_code.co_filename.startswith(home):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(message, UnknownFilterWarning, stacklevel=depth)


def _is_tag(name: str, known: frozenset[str]) -> bool:
    return name.startswith("tag:") and name != "tag:" and _TAG in known


def nearest(name: str, known: frozenset[str]) -> str:
    """Return the known name that is most like ``name``."""
    from difflib import get_close_matches

    written = name.lower()
    if written.startswith(("tag:", "tags:")) and _TAG in known:
        return _TAG
    return get_close_matches(written, sorted(known), cutoff=0)[0]


_TAG: Final = "tag:<key>"


@functools.cache
def instance_names() -> frozenset[str]:
    """Return the names of DescribeInstances' filters.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
    """
    return frozenset(_INSTANCE_NAMES.split())


@functools.cache
def status_names() -> frozenset[str]:
    """Return the names of DescribeInstanceStatus's filters.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
    """
    return frozenset(_STATUS_NAMES.split())


_INSTANCE_NAMES: Final = """
    affinity architecture availability-zone availability-zone-id block-device-mapping.attach-time
    block-device-mapping.delete-on-termination block-device-mapping.device-name
    block-device-mapping.status block-device-mapping.volume-id boot-mode capacity-reservation-id
    capacity-reservation-specification.capacity-reservation-preference
    capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id
    capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn
    client-token current-instance-boot-mode dns-name ebs-optimized ena-support
    enclave-options.enabled hibernation-options.configured host-id hypervisor
    iam-instance-profile.arn iam-instance-profile.id image-id instance-id instance-lifecycle
    instance-state-code instance-state-name instance-type instance.group-id instance.group-name
    ip-address ipv6-address kernel-id key-name launch-index launch-time
    maintenance-options.auto-recovery metadata-options.http-endpoint
    metadata-options.http-protocol-ipv4 metadata-options.http-protocol-ipv6
    metadata-options.http-put-response-hop-limit metadata-options.http-tokens
    metadata-options.instance-metadata-tags metadata-options.state monitoring-state
    network-interface.addresses.association.allocation-id
    network-interface.addresses.association.association-id
    network-interface.addresses.association.carrier-ip
    network-interface.addresses.association.customer-owned-ip
    network-interface.addresses.association.ip-owner-id
    network-interface.addresses.association.public-dns-name
    network-interface.addresses.association.public-ip network-interface.addresses.primary
    network-interface.addresses.private-dns-name network-interface.addresses.private-ip-address
    network-interface.association.allocation-id network-interface.association.association-id
    network-interface.association.carrier-ip network-interface.association.customer-owned-ip
    network-interface.association.ip-owner-id network-interface.association.public-dns-name
    network-interface.association.public-ip network-interface.attachment.attach-time
    network-interface.attachment.attachment-id network-interface.attachment.delete-on-termination
    network-interface.attachment.device-index network-interface.attachment.instance-id
    network-interface.attachment.instance-owner-id network-interface.attachment.network-card-index
    network-interface.attachment.status network-interface.availability-zone
    network-interface.deny-all-igw-traffic network-interface.description network-interface.group-id
    network-interface.group-name network-interface.ipv4-prefixes.ipv4-prefix
    network-interface.ipv6-address network-interface.ipv6-addresses.ipv6-address
    network-interface.ipv6-addresses.is-primary-ipv6 network-interface.ipv6-native
    network-interface.ipv6-prefixes.ipv6-prefix network-interface.mac-address
    network-interface.network-interface-id network-interface.operator.managed
    network-interface.operator.principal network-interface.outpost-arn network-interface.owner-id
    network-interface.private-dns-name network-interface.private-ip-address
    network-interface.public-dns-name network-interface.requester-id
    network-interface.requester-managed network-interface.source-dest-check
    network-interface.status network-interface.subnet-id network-interface.tag-key
    network-interface.tag-value network-interface.vpc-id
    network-performance-options.bandwidth-weighting operator.managed operator.principal outpost-arn
    owner-id placement-group-name placement-partition-number platform platform-details
    private-dns-name private-dns-name-options.enable-resource-name-dns-a-record
    private-dns-name-options.enable-resource-name-dns-aaaa-record
    private-dns-name-options.hostname-type private-ip-address product-code product-code.type
    ramdisk-id reason requester-id reservation-id root-device-name root-device-type
    source-dest-check spot-instance-request-id state-reason-code state-reason-message subnet-id
    tag-key tag:<key> tenancy tpm-support usage-operation usage-operation-update-time
    virtualization-type vpc-id
"""
_STATUS_NAMES: Final = """
    application-status.status attached-ebs-status.status availability-zone availability-zone-id
    event.code event.description event.instance-event-id event.not-after event.not-before
    event.not-before-deadline instance-state-code instance-state-name instance-status.reachability
    instance-status.status operator.managed operator.principal system-status.reachability
    system-status.status
"""
