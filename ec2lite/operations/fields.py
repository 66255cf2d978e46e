"""Fields that know what they are on the wire; said once, they give reader, dict and form pairs.

An answer's class is a ``Shape``; its fields are made by ``text``, ``integer``, ``boolean``,
``time``, ``nested``, ``items`` and ``tags``, which take the element's name:

    @shape
    class InstanceState(Shape):
        raw_code: int = required(value("code", state_code.decode, key="Code"))
        name: str = required(text("name"))

A request's fields are attrs' own, so that type checkers see their converters; ``sent`` says what
they are on the wire:

    hibernate: bool | None = field(default=None, kw_only=True, metadata=sent("Hibernate", BOOLEAN))

boto3's key is the attribute's name in its spelling, unless another is given. What a document lacks
is None, an empty tuple or an empty dict, and is not in ``to_dict``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, dataclass_transform

import attrs
from attrs import frozen

from ec2lite import checks
from ec2lite.models import ResponseMetadata  # noqa: TC001 - attrs classes keep what they name
from ec2lite.operations.members import (
    NO_ITEMS,
    Absent,
    Kind,
    Member,
    NoItems,
    NoTags,
    is_member,
    members,
    metadata,
)
from ec2lite.operations.readers import ByTag, items_reader, read_later, reader
from ec2lite.operations.scalars import BOOLEAN, INTEGER, KNOWN_TEXT, TEXT, TIME, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from ec2lite.operations.members import Pairs, Read
    from ec2lite.protocol.xml import Element

T = TypeVar("T")
R = TypeVar("R", bound="Result")


# ---- kinds that hold others ---------------------------------------------------------------------


@frozen
class Structure(Kind):
    """A structure with a class of its own."""

    shape: type[Any] | None

    def reader(self) -> Read:
        """Return the shape's reader."""
        return reader(cast("type[Any]", self.shape))

    def dump(self, value: object) -> dict[str, Any]:
        """Return boto3's dict."""
        return to_dict(value)

    def pairs(self, name: str, value: object) -> Pairs:
        """Return the members' pairs: ``Ebs.VolumeId``."""
        return form_pairs(value, f"{name}.")

    def check(self, name: str, value: object) -> None:
        """Refuse an object of another class."""
        shape = cast("type[Any]", self.shape)
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
        found = [self.each.pairs(f"{name}.{n}", item) for n, item in enumerate(value, 1)]
        return [pair for pairs in found for pair in pairs]

    def check(self, name: str, value: object) -> None:
        """Refuse what is not a tuple of the items' kind."""
        checks.instance(name, value, tuple, "a tuple")
        for index, item in enumerate(cast("tuple[object, ...]", value)):
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


# ---- fields of a shape --------------------------------------------------------------------------


def _as_value(member: Member) -> Any:  # noqa: ANN401 - a member of any kind
    """Let type checkers take a member for the value that ``shape`` makes of it."""
    return member


def text(name: str, *, key: str = "", secret: bool = False) -> str | None:
    """Declare a string, an id, an enum's value; ``secret`` keeps it out of the repr."""
    declared: str | None = _as_value(Member(name, TEXT, key, secret=secret))
    return declared


def integer(name: str, *, key: str = "") -> int | None:
    """Declare an integer."""
    declared: int | None = _as_value(Member(name, INTEGER, key))
    return declared


def boolean(name: str, *, key: str = "") -> bool | None:
    """Declare a flag: what is not exactly ``true`` is False."""
    declared: bool | None = _as_value(Member(name, BOOLEAN, key))
    return declared


def time(name: str, *, key: str = "") -> datetime | None:
    """Declare a time, always with a zone: UTC where the text names none."""
    declared: datetime | None = _as_value(Member(name, TIME, key))
    return declared


def value(name: str, convert: Callable[[str], T], *, key: str = "") -> T | None:
    """Declare what else is one text; ``convert`` raises ``ResponseError`` for a wrong one."""
    declared: T | None = _as_value(Member(name, Scalar("a value", object, convert), key))
    return declared


def known(name: str) -> str:
    """Declare a string that every document should have; it is empty where one has not."""
    declared: str = _as_value(Member(name, KNOWN_TEXT))
    return declared


def nested(shape: type[T], name: str, *, key: str = "", later: bool = False) -> T | None:
    """Declare a structure; ``later`` reads it from ``raw`` when somebody asks for it."""
    declared: T | None = _as_value(Member(name, Structure(shape), key, later=later))
    return declared


def items(shape: type[T], name: str, *, key: str = "", later: bool = False) -> tuple[T, ...]:
    """Declare a list of structures, or of strings where the class is ``str``."""
    each = TEXT if shape is str else Structure(shape)
    declared: tuple[T, ...] = _as_value(Member(name, Items(each), key, later=later))
    return declared


def tags(name: str, *, key: str = "") -> dict[str, str]:
    """Declare tags, as a dict: of two equal keys the last one counts."""
    declared: dict[str, str] = _as_value(Member(name, Tags(), key))
    return declared


def required(member: T | None) -> T:
    """Declare that no document may lack a member."""
    declared: Any = member
    needed: T = _as_value(attrs.evolve(declared, required=True))
    return needed


def unsent(*, kw_only: bool = False) -> Any:  # noqa: ANN401 - the field's annotation tells
    """Declare a required field that is not on the wire."""
    return attrs.field(kw_only=kw_only)


def source() -> bytes:
    """Declare ``raw``: the element itself as XML, or nothing where there was none."""
    return attrs.field(default=b"", repr=False, eq=False)


# ---- fields of a request ------------------------------------------------------------------------


def sent(name: str, kind: Kind) -> dict[str, Member]:
    """Return what a request's field carries in ``metadata``."""
    return metadata(Member(name, kind))


def checked(cls: type[Any], fields: list[Any]) -> list[Any]:
    """Let each of a request's fields refuse what is not of its kind (attrs' field_transformer)."""
    del cls
    return [each.evolve(validator=_check) if is_member(each) else each for each in fields]


def _check(instance: object, attribute: attrs.Attribute[Any], argument: object) -> None:
    if argument is not None or attribute.default is not None:
        members_by_name = {each.attribute: each for each in members(type(instance))}
        members_by_name[attribute.name].kind.check(attribute.name, argument)


# ---- classes and values -------------------------------------------------------------------------


@dataclass_transform(frozen_default=True, field_specifiers=(required, unsent))
def shape(cls: type[T]) -> type[T]:
    """Make a frozen attrs class of a class whose attributes are members."""
    own = {name: each for name, each in vars(cls).items() if isinstance(each, Member)}
    for name, member in own.items():
        setattr(cls, name, member.field())
    if any(member.later for member in own.values()):
        cast("Any", cls).__getattr__ = read_later
    return attrs.frozen(cls)


class Shape:
    """What shapes have in common."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        return to_dict(self)


@shape
class Result(Shape):
    """What results have in common: how the answer came."""

    response_metadata: ResponseMetadata = unsent(kw_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the dict that boto3 would have returned, key for key."""
        return {**to_dict(self), "ResponseMetadata": self.response_metadata.to_dict()}


def read_result(cls: type[R], root: Element, metadata: ResponseMetadata) -> R:
    """Read a document into a result."""
    result = reader(cls)(root)
    object.__setattr__(result, "response_metadata", metadata)
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
