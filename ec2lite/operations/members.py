"""What a class's fields are on the wire: a name, a kind, and boto3's key."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from ec2lite.protocol.xml import Element

T = TypeVar("T")
Pairs: TypeAlias = list[tuple[str, str]]
Read: TypeAlias = "Callable[[Element], Any]"


class Absent:
    """What stands for a member that the document lacks, where that is not None.

    It is a value of the member's type, and not in ``to_dict``.
    """

    __slots__ = ()


class NoItems(tuple[Any, ...], Absent):
    """An empty list."""

    __slots__ = ()


class NoTags(dict[str, str], Absent):
    """No tags."""

    __slots__ = ()


class NoText(str, Absent):
    """An empty string."""

    __slots__ = ()


NO_ITEMS: Final = NoItems()
NO_TEXT: Final = NoText()


class Kind(ABC):
    """How the values of one kind are checked, written and read."""

    __slots__ = ()

    shape: type[Any] | None = None
    """The class of a structure's values; columns look into it."""
    hashable: bool = True

    @abstractmethod
    def reader(self) -> Read:
        """Return the function that reads an element into a value."""

    def from_text(self) -> Callable[[str], Any] | None:
        """Return what makes a value of an element's text, where that is all there is to read."""
        return None

    @abstractmethod
    def dump(self, value: Any) -> Any:  # noqa: ANN401 - a value of this kind
        """Return what boto3 has for a value."""

    @abstractmethod
    def pairs(self, name: str, value: Any) -> Pairs:  # noqa: ANN401 - a value of this kind
        """Return the form pairs of a value under that name."""

    @abstractmethod
    def check(self, name: str, value: object) -> None:
        """Raise ``ConfigError`` where a caller's argument is not of this kind."""

    def absent(self) -> object:
        """Return what stands for a member that the document lacks."""
        return None


@attrs.frozen
class Member:
    """A field on the wire.

    ``later`` members are read from the element's own XML when somebody asks for them; ``required``
    ones no document may lack; ``secret`` ones are in no repr.
    """

    wire: str
    kind: Kind
    key: str = ""
    attribute: str = ""
    required: bool = False
    later: bool = False
    secret: bool = False

    def field(self) -> object:
        """Return the attrs field of a shape."""
        default = attrs.NOTHING if self.required else attrs.Factory(self.kind.absent)
        return attrs.field(
            default=default,
            repr=not self.secret,
            hash=None if self.kind.hashable else False,
            metadata=metadata(self),
        )


_KEY: Final = "member"


def metadata(member: Member) -> dict[str, Member]:
    """Return what an attrs field carries to be a member."""
    return {_KEY: member}


def declared_by(field: attrs.Attribute[Any]) -> Member:
    """Return what an attrs field is on the wire."""
    found: Member = field.metadata[_KEY]
    return found


def is_member(field: attrs.Attribute[Any]) -> bool:
    """Say whether an attrs field is one."""
    return _KEY in field.metadata


def once(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """Do what functools.cache does, for classes, which type checkers do not take for hashable."""
    return functools.cache(function)


@once
def members(cls: type[Any]) -> tuple[Member, ...]:
    """Return what a class's fields are on the wire, in order.

    boto3's key is the attribute's name in its spelling (``InstanceId``), unless one was given.
    """
    found: list[Member] = []
    for field in attrs.fields(cls):
        member: Member | None = field.metadata.get(_KEY)
        if member is not None:
            key = member.key or "".join(w[:1].upper() + w[1:] for w in field.name.split("_"))
            found.append(attrs.evolve(member, attribute=field.name, key=key))
    return tuple(found)
