"""Kinds of values that hold others: a structure, a list, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ec2lite import checks
from ec2lite.operations.members import NO_ITEMS, Absent, Kind, NoItems, NoTags, members
from ec2lite.operations.readers import ByTag, items_reader, reader
from ec2lite.operations.scalars import Scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ec2lite.operations.members import Pairs, Read
    from ec2lite.protocol.xml import Element


@frozen
class Structure(Kind):
    """A structure with a class of its own."""

    shape: type[Any] | None

    def reader(self) -> Read:
        """Return the shape's reader."""
        shape: Any = self.shape
        return reader(shape)

    def dump(self, value: object) -> dict[str, Any]:
        """Return boto3's dict."""
        return to_dict(value)

    def pairs(self, name: str, value: object) -> Pairs:
        """Return the members' pairs: ``Ebs.VolumeId``."""
        return form_pairs(value, f"{name}.")

    def check(self, name: str, value: object) -> None:
        """Refuse an object of another class."""
        shape: Any = self.shape
        checks.instance(name, value, shape, f"an object of {shape.__name__}")


@frozen
class Items(Kind):
    """A list: of ``<item>`` in an answer, numbered from 1 in a request."""

    each: Kind

    def reader(self) -> Read:
        """Return the function that reads all items."""
        if self.each.shape is not None:
            return items_reader(self.each.shape)
        read = self.each.reader()
        return lambda element: tuple(map(read, element.iterchildren("{*}item")))

    def dump(self, value: Iterable[Any]) -> list[Any]:
        """Return boto3's list."""
        return [self.each.dump(item) for item in value]

    def pairs(self, name: str, value: Iterable[Any]) -> Pairs:
        """Return the items' pairs, flattened: ``InstanceId.1``, ``Filter.1.Value.2``."""
        if isinstance(self.each, Scalar):
            write = self.each.write
            return [(f"{name}.{n}", write(item)) for n, item in enumerate(value, 1)]
        found = [self.each.pairs(f"{name}.{n}", item) for n, item in enumerate(value, 1)]
        return [pair for pairs in found for pair in pairs]

    def check(self, name: str, value: object) -> None:
        """Refuse what is not a tuple of the items' kind."""
        checks.instance(name, value, tuple, "a tuple")
        items: Any = value
        # What is of the very class needs no closer look; a thousand ids take long to look at.
        if isinstance(self.each, Scalar) and {self.each.cls}.issuperset(map(type, items)):
            return
        for index, item in enumerate(items):
            self.each.check(f"{name}[{index}]", item)

    def absent(self) -> NoItems:
        """Return an empty tuple that ``to_dict`` leaves out."""
        return NO_ITEMS


class Tags(Kind):
    """A list of ``<item>`` with key and value, as a dict: of two equal keys the last one counts."""

    __slots__ = ()

    hashable = False

    def reader(self) -> Read:
        """Return the function that reads all tags."""
        return _read_tags

    def dump(self, value: Mapping[str, str]) -> list[dict[str, str]]:
        """Return boto3's list."""
        return [{"Key": key, "Value": each} for key, each in value.items()]

    def pairs(self, name: str, value: Mapping[str, str]) -> Pairs:
        """Return ``Tag.1.Key``, ``Tag.1.Value`` and on."""
        numbered = enumerate(value.items(), 1)
        return [
            pair
            for n, (key, each) in numbered
            for pair in ((f"{name}.{n}.Key", key), (f"{name}.{n}.Value", each))
        ]

    def check(self, name: str, value: object) -> None:
        """Refuse what is not a dict."""
        checks.instance(name, value, dict, "a dict")

    def absent(self) -> NoTags:
        """Return an empty dict that ``to_dict`` leaves out."""
        return NoTags()


_TAG_PARTS: Final = ByTag({"key": "key", "value": "value"})


def _read_tags(element: Element) -> dict[str, str]:
    result: dict[str, str] = {}
    for item in element.iterchildren("{*}item"):
        pair = {_TAG_PARTS[child.tag]: child.text or "" for child in item}
        result[pair.get("key", "")] = pair.get("value", "")
    return result


def to_dict(value: object) -> dict[str, Any]:
    """Return boto3's dict of a shape; what the document lacked is not in it."""
    result: dict[str, Any] = {}
    for member in members(type(value)):
        item = getattr(value, member.attribute)
        if item is not None and not isinstance(item, Absent):
            result[member.key] = member.kind.dump(item)
    return result


def form_pairs(value: object, prefix: str = "") -> Pairs:
    """Return the pairs of a request, or of a structure in one; None is not sent."""
    result: Pairs = []
    for member in members(type(value)):
        item = getattr(value, member.attribute)
        if item is not None:
            result += member.kind.pairs(prefix + member.wire, item)
    return result
