"""Arguments, checked as boto3 checks them: what a value may be, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Plain:
    """A value of one of these types; where ``has_files``, also what has a ``read()``."""

    types: tuple[type, ...]
    has_files: bool = False


@frozen
class ListOf:
    """A list whose items are of one kind."""

    kind: Kind


@frozen
class Struct:
    """A dict with these members."""

    members: dict[str, Kind]
    required: tuple[str, ...] = ()


Kind: TypeAlias = Plain | ListOf | Struct


def problems(given: Any, expected: Kind, name: str) -> Iterator[str]:  # noqa: ANN401 - anything
    """Return what is wrong with arguments, in boto3's words."""
    types = _types(expected)
    if not isinstance(given, types) and not _is_file(given, expected):
        valid = _valid(expected, types)
        yield (
            f"Invalid type for parameter {name}, value: {given}, type: {type(given)}, "
            f"valid types: {valid}"
        )
    elif isinstance(expected, ListOf):
        for index, each in enumerate(cast("list[Any]", given)):
            yield from problems(each, expected.kind, f"{name}[{index}]")
    elif isinstance(expected, Struct):
        yield from _problems_of_members(cast("dict[str, Any]", given), expected, name)


def _valid(expected: Kind, types: tuple[type, ...]) -> str:
    if isinstance(expected, Plain) and expected.has_files:
        # Text is taken as well, though boto3 does not say so.
        return ", ".join([*(str(each) for each in types if each is not str), "file-like object"])
    return ", ".join(map(str, types))


def _is_file(given: object, expected: Kind) -> bool:
    takes_files = isinstance(expected, Plain) and expected.has_files
    return takes_files and callable(getattr(given, "read", None))


def _types(expected: Kind) -> tuple[type, ...]:
    if isinstance(expected, Plain):
        return expected.types
    return (list, tuple) if isinstance(expected, ListOf) else (dict,)


def _problems_of_members(given: dict[str, Any], expected: Struct, name: str) -> Iterator[str]:
    for each in expected.required:
        if each not in given:
            yield f'Missing required parameter in {name or "input"}: "{each}"'
    for each in given:
        if each not in expected.members:
            known = ", ".join(expected.members)
            yield f'Unknown parameter in {name or "input"}: "{each}", must be one of: {known}'
    for each, value in given.items():
        if each in expected.members:
            below = f"{name}.{each}" if name else each
            yield from problems(value, expected.members[each], below)
