"""From elements to objects: a walk for a few, columns for many.

A walk makes a Python object for every element on its way. libxml2 collects a column, the texts
of one member in all items, in one go: a fifth of the time where there are many small items.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from attrs import frozen

from ec2lite.errors import ResponseError
from ec2lite.operations.members import Member, members, once
from ec2lite.operations.scalars import read_text
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ec2lite.protocol.xml import Element

T = TypeVar("T")

# Where columns begin to pay: each costs an XPath, however few items there are.
_FEW: Final = 4
_MOST_COLUMNS: Final = 8


# ---- one element: a walk ------------------------------------------------------------------------


class ByTag(dict[Any, Any]):
    """What a dict has by local name, by tag: found once, then kept under the tag."""

    def __missing__(self, tag: str) -> Any:  # noqa: ANN401 - what the dict has
        found = self.get(tag.rpartition("}")[2]) if "}" in tag else None
        if len(self) < 1000:  # tags and namespaces are the service's to choose
            self[tag] = found
        return found


def reader(cls: type[T]) -> Callable[[Element], T]:
    """Return the function that reads an element into an object of a shape.

    It fills slots itself, for a class with sixty members has few of them in any one document.
    """
    read: Callable[[Element], Any] = _reader(cls)
    return read


@once
def _reader(cls: type[Any]) -> Callable[[Element], object]:
    own = [member for member in members(cls) if not member.later]
    setters = _setters(cls, own)
    optional = [member for member in own if not member.required]
    nothing = [_slot(cls, m).__set__ for m in optional if m.kind.absent() is None]
    empty = [
        (_slot(cls, m).__set__, m.kind.absent) for m in optional if m.kind.absent() is not None
    ]
    required = {m.attribute: m.wire for m in own if m.required}
    look = attrgetter(*required) if required else bool

    def read(element: Element) -> object:
        made = object.__new__(cls)
        for put in nothing:
            put(made, None)
        for put, absent in empty:
            put(made, absent())
        _fill(made, element, setters)
        try:
            # A required member that the element lacks is a slot that nothing was put into.
            look(made)
        except AttributeError:
            missing = next(wire for name, wire in required.items() if not hasattr(made, name))
            raise ResponseError(f"<{xml.local_name(element)}> has no <{missing}>") from None
        return made

    return _keeping(cls.raw, read) if hasattr(cls, "raw") else read


def _keeping(raw: Any, read: Callable[[Element], T]) -> Callable[[Element], T]:  # noqa: ANN401 - a slot
    """Keep the element itself too, as XML."""
    from lxml import etree

    def read_and_keep(element: Element) -> T:
        made = read(element)
        # Without the declaration, and not in ASCII: a quarter less time.
        written = etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)
        raw.__set__(made, written)
        return made

    return read_and_keep


def read_later(made: object, attribute: str) -> Any:  # noqa: ANN401 - an attribute of any shape
    """Read a shape's ``later`` members from its XML, all at once; return the one asked for."""
    cls = type(made)
    slots, setters = _later(cls)
    if attribute not in slots:
        raise AttributeError(f"{cls.__name__!r} object has no attribute {attribute!r}")
    raw: bytes = object.__getattribute__(made, "raw")
    _fill(made, xml.parse_own(raw), setters)
    # Last, so that no other thread takes a member for absent that is about to be read.
    for slot, absent in slots.values():
        try:
            slot.__get__(made)
        except AttributeError:
            slot.__set__(made, absent())
    return slots[attribute][0].__get__(made)


@once
def _later(cls: type[Any]) -> tuple[dict[str, tuple[Any, Callable[[], object]]], ByTag]:
    """Return what is read later: the slots and what stands for an absent member, and setters."""
    later = [member for member in members(cls) if member.later]
    slots = {member.attribute: (_slot(cls, member), member.kind.absent) for member in later}
    return slots, _setters(cls, later)


def _setters(cls: type[Any], chosen: list[Member]) -> ByTag:
    """Return a pair for each wire name: the slot's setter, and what reads the element.

    None stands for the element's text, which is what most members are: one call less for each.
    """
    pairs = {member.wire: (_slot(cls, member).__set__, member.kind.reader()) for member in chosen}
    return ByTag(
        {w: (put, None if read is read_text else read) for w, (put, read) in pairs.items()}
    )


def _slot(cls: type[Any], member: Member) -> Any:  # noqa: ANN401 - typeshed has no class for it
    return getattr(cls, member.attribute)


def _fill(made: object, element: Element, setters: ByTag) -> None:
    # Backwards, so that of two children of one name the first is kept.
    for child in element.iterchildren(reversed=True):
        found = setters[child.tag]
        if found is not None:
            put, read = found
            put(made, child.text or "" if read is None else read(child))


# ---- many elements: columns ---------------------------------------------------------------------


@frozen(eq=False)
class _Column:
    """A member in all items: the XPaths of its texts, and what makes a value of one from each.

    ``count`` is the XPath of the number of items that have it, by local name, as a walk finds it.
    """

    member: Member
    texts: tuple[str, ...]
    count: str
    make: Callable[..., Any]


def items_reader(cls: type[T]) -> Callable[[Element], tuple[T, ...]]:
    """Return the function that reads the ``<item>`` children of an element into a shape each."""
    read = reader(cls)
    columns = _columns(cls)

    def read_items(element: Element) -> tuple[T, ...]:
        if columns and len(element) > _FEW:
            # A wrong value is an error here or, if it says no more than that, in the walk.
            with suppress(ValueError, OverflowError):
                table = _join(element, columns, cls)
                if table is not None:
                    return table
        return tuple(map(read, element.iterchildren("{*}item")))

    return read_items


def _columns(cls: type[Any]) -> tuple[_Column, ...]:
    """Return a shape's columns; none where they are too many, or a member cannot be one."""
    columns = [_column(member) for member in members(cls)]
    found = tuple(each for each in columns if each is not None)
    is_whole = len(found) == len(columns)
    return found if is_whole and sum(len(each.texts) for each in found) <= _MOST_COLUMNS else ()


def _column(member: Member) -> _Column | None:
    """Return the column of a text, or of a structure of texts."""
    convert, shape = member.kind.from_text(), member.kind.shape
    count = f"count(*[local-name()='item']/*[local-name()='{member.wire}'][1])"
    path = f"n:item/n:{member.wire}[1]"
    if convert is not None:
        return _Column(member, (f"{path}/text()[1]",), count, convert)
    if shape is None:
        return None
    inner = members(shape)
    converts = [convert for each in inner if (convert := each.kind.from_text())]
    if not inner or len(converts) < len(inner):
        return None
    texts = tuple(f"{path}/n:{each.wire}[1]/text()[1]" for each in inner)
    return _Column(member, texts, count, _maker(shape, converts))


def _maker(
    shape: Callable[..., object], converts: list[Callable[[str], Any]]
) -> Callable[..., Any]:
    def make(*texts: str) -> object:
        return shape(*[convert(text) for convert, text in zip(converts, texts, strict=True)])

    return make


def _join(parent: Element, columns: tuple[_Column, ...], cls: type[T]) -> tuple[T, ...] | None:
    """Return an object for each item, or None where a walk has to say what is wrong."""
    find = _finder(parent)
    found: list[Iterable[Any]] = []
    for column in columns:
        values = _values(parent, find, column)
        if values is None:
            return None
        found.append(values)
    # Half of the time that a thousand calls of the class take.
    made = tuple(map(object.__new__, itertools.repeat(cls, len(parent))))
    for column, values in zip(columns, found, strict=True):
        put: Callable[[T, Any], None] = _slot(cls, column.member).__set__
        deque(map(put, made, values), maxlen=0)
    return made


def _finder(parent: Element) -> Callable[[str], Any]:
    """Return what evaluates an XPath whose prefix ``n`` is the parent's own namespace."""
    namespace = str(parent.tag).rpartition("}")[0][1:]
    if namespace:
        return lambda path: xml.xpath(path, namespace)(parent)
    return lambda path: xml.xpath(path.replace("n:", ""))(parent)


def _values(parent: Element, find: Callable[[str], Any], column: _Column) -> Iterable[Any] | None:
    """Return a member's value for each item; None where an item lacks what it must have."""
    texts: list[list[str]] = [find(path) for path in column.texts]
    # A path finds one text in each item at most. So columns that are as long as there are items
    # have exactly one from each, in their order.
    if all(len(each) == len(parent) for each in texts):
        # A thousand instances have two or three states among them: one object for each of those.
        return texts[0] if column.make is str else map(functools.cache(column.make), *texts)
    kind, present = column.member.kind, find(column.count)
    is_missing = column.member.required and present < len(parent)
    if is_missing or find("count(n:item)") < len(parent):
        return None
    if not present:
        return [kind.absent() for _ in parent]
    read, name = kind.reader(), column.member.wire
    elements = [xml.find(item, name) for item in parent]
    return [kind.absent() if each is None else read(each) for each in elements]
