"""Arguments, checked before anything is sent, and refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from attrs import Attribute

_LONGEST_ID = 255


def instance_ids(ids: str | Iterable[str]) -> tuple[str, ...]:
    """Return ids once each, in their order; a lone string is one id.

    An empty list is refused: EC2 does not serialise it, and to some actions no ids means all.
    Ids need not look like ``i-…``: EC2-compatible clouds have others.
    """
    unique = tuple(dict.fromkeys(_instance_id(index, each) for index, each in _each(ids)))
    if not unique:
        raise ConfigError("instance_ids: at least one id is needed")
    return unique


def _each(ids: Any) -> Iterable[tuple[int, object]]:  # noqa: ANN401 - untyped callers are checked too
    if isinstance(ids, str):
        return ((0, ids),)
    if isinstance(ids, bytes) or not isinstance(ids, Iterable):
        raise ConfigError(f"instance_ids: a list of strings is needed, not {type(ids).__name__}")
    return enumerate(cast("Iterable[object]", ids))


def _instance_id(index: int, each: object) -> str:
    if not isinstance(each, str):
        raise ConfigError(f"instance_ids[{index}]: a string is needed, not {type(each).__name__}")
    if not each.strip():
        raise ConfigError(f"instance_ids[{index}]: the id is empty")
    if len(each) > _LONGEST_ID:
        raise ConfigError(f"instance_ids[{index}]: the id is longer than {_LONGEST_ID} characters")
    if not each.isprintable():
        raise ConfigError(f"instance_ids[{index}]: {each!r} has control characters")
    return each


def flag(instance: object, attribute: Attribute[bool | None], value: object) -> None:
    """Refuse a flag that is neither a bool nor None. (An attrs validator.)."""
    del instance
    if value is not None and not isinstance(value, bool):
        raise ConfigError(
            f"{attribute.name}: True, False or None is needed, not {type(value).__name__}"
        )
