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

from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

import attrs

from ec2lite.models import ResponseMetadata  # noqa: TC001 - attrs classes keep what they name
from ec2lite.operations.members import Kind, Member, declared_by, is_member, metadata
from ec2lite.operations.readers import read_later, reader
from ec2lite.operations.scalars import BOOLEAN, INTEGER, KNOWN_TEXT, TEXT, TIME, Scalar
from ec2lite.operations.structures import Items, Structure, Tags, to_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ec2lite.protocol.xml import Element

T = TypeVar("T")
R = TypeVar("R", bound="Result")


# ---- fields of a shape --------------------------------------------------------------------------


def member(
    name: str, kind: Kind, *, key: str = "", later: bool = False, secret: bool = False
) -> Any:  # noqa: ANN401 - type checkers take a member for the value that ``shape`` makes of it
    """Declare a value of any kind; ``secret`` keeps it out of the repr."""
    return Member(name, kind, key, later=later, secret=secret)


def text(name: str, *, key: str = "", secret: bool = False) -> str | None:
    """Declare a string, an id, an enum's value; ``secret`` keeps it out of the repr."""
    declared: str | None = member(name, TEXT, key=key, secret=secret)
    return declared


def integer(name: str, *, key: str = "") -> int | None:
    """Declare an integer."""
    declared: int | None = member(name, INTEGER, key=key)
    return declared


def boolean(name: str, *, key: str = "") -> bool | None:
    """Declare a flag: what is not exactly ``true`` is False."""
    declared: bool | None = member(name, BOOLEAN, key=key)
    return declared


def time(name: str, *, key: str = "") -> datetime | None:
    """Declare a time, always with a zone: UTC where the text names none."""
    declared: datetime | None = member(name, TIME, key=key)
    return declared


def value(name: str, convert: Callable[[str], T], *, key: str = "") -> T | None:
    """Declare what else is one text; ``convert`` raises ``ResponseError`` for a wrong one."""
    declared: T | None = member(name, Scalar("a value", object, convert), key=key)
    return declared


def known(name: str) -> str:
    """Declare a string that every document should have; it is empty where one has not."""
    declared: str = member(name, KNOWN_TEXT)
    return declared


def nested(shape: type[T], name: str, *, key: str = "", later: bool = False) -> T | None:
    """Declare a structure; ``later`` reads it from ``raw`` when somebody asks for it."""
    declared: T | None = member(name, Structure(shape), key=key, later=later)
    return declared


def items(shape: type[T], name: str, *, key: str = "", later: bool = False) -> tuple[T, ...]:
    """Declare a list of structures, or of strings where the class is ``str``."""
    each = TEXT if shape is str else Structure(shape)
    declared: tuple[T, ...] = member(name, Items(each), key=key, later=later)
    return declared


def tags(name: str, *, key: str = "") -> dict[str, str]:
    """Declare tags, as a dict: of two equal keys the last one counts."""
    declared: dict[str, str] = member(name, Tags(), key=key)
    return declared


def required(declared: T | None) -> T:
    """Declare that no document may lack a member."""
    member: Any = declared
    needed: T = attrs.evolve(member, required=True)
    return needed


def unsent(*, kw_only: bool) -> Any:  # noqa: ANN401 - the field's annotation tells
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
    del instance
    if argument is not None or attribute.default is not None:
        declared_by(attribute).kind.check(attribute.name, argument)


# ---- classes and values -------------------------------------------------------------------------


@dataclass_transform(frozen_default=True, field_specifiers=(required, unsent))
def shape(cls: type[T]) -> type[T]:
    """Make a frozen attrs class of a class whose attributes are members."""
    own = {name: each for name, each in vars(cls).items() if isinstance(each, Member)}
    for name, each in own.items():
        setattr(cls, name, each.field())
    if any(each.later for each in own.values()):
        unchecked: Any = cls
        unchecked.__getattr__ = read_later
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
