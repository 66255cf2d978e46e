"""From elements to objects: a walk for a few, columns for many.

A walk makes a Python object for every element on its way. libxml2 collects a column, the texts
of one member in all items, in one go: a fifth of the time where there are many small items.
"""

from __future__ import annotations

import functools
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

from ec2lite.errors import ResponseError
from ec2lite.operations.members import Member, members, once
from ec2lite.operations.scalars import read_text
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lxml import etree

    from ec2lite.protocol.xml import Element

T = TypeVar("T")
Path: TypeAlias = tuple[str, ...]

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
    return cast("Callable[[Element], T]", _reader(cls))


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

    def read_members(element: Element) -> object:
        made = object.__new__(cls)
        for put in nothing:
            put(made, None)
        for put, absent in empty:
            put(made, absent())
        _fill(made, element, setters)
        return made

    read = _requiring(required, read_members) if required else read_members
    return _keeping(cls.raw, read) if hasattr(cls, "raw") else read


def _requiring(required: dict[str, str], read: Callable[[Element], T]) -> Callable[[Element], T]:
    """Refuse an element that lacks a required member: a slot that nothing was put into."""
    look = attrgetter(*required)

    def read_all(element: Element) -> T:
        made = read(element)
        try:
            look(made)
        except AttributeError:
            missing = next(wire for name, wire in required.items() if not hasattr(made, name))
            raise ResponseError(f"<{xml.local_name(element)}> has no <{missing}>") from None
        return made

    return read_all


def _keeping(raw: Any, read: Callable[[Element], T]) -> Callable[[Element], T]:  # noqa: ANN401 - a slot
    """Keep the element itself too, as XML."""
    from lxml import etree

    def read_and_keep(element: Element) -> T:
        made = read(element)
        raw.__set__(made, etree.tostring(element, with_tail=False))
        return made

    return read_and_keep


def read_later(made: object, attribute: str) -> Any:  # noqa: ANN401 - an attribute of any shape
    """Read a shape's ``later`` members from its XML, all at once; return the one asked for."""
    cls = type(made)
    slots, setters = _later(cls)
    if attribute not in slots:
        raise AttributeError(f"{cls.__name__!r} object has no attribute {attribute!r}")
    raw = cast("bytes", object.__getattribute__(made, "raw"))
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


def items_reader(cls: type[T]) -> Callable[[Element], tuple[T, ...]]:
    """Return the function that reads the ``<item>`` children of an element into a shape each."""
    read = reader(cls)
    has_columns = _count(cls) <= _MOST_COLUMNS

    def read_items(element: Element) -> tuple[T, ...]:
        if has_columns and len(element) > _FEW and _are_items(element):
            table = _join(element, ("item",), cls, cls)
            if table is not None:
                return tuple(table)
        return tuple(map(read, element.iterchildren("{*}item")))

    return read_items


def _count(cls: type[Any]) -> int:
    """Return how many columns a shape has; too many where one of its members is no column."""
    counts = [
        1 if m.kind.from_text() else _count(m.kind.shape) if m.kind.shape else _MOST_COLUMNS + 1
        for m in members(cls)
    ]
    return sum(counts)


def _are_items(parent: Element) -> bool:
    return int(cast("float", _xpath("count", ("item",), parent)(parent))) == len(parent)


def _join(
    parent: Element, path: Path, cls: type[Any], make: Callable[..., Any]
) -> Iterable[Any] | None:
    """Return an object for each item, or None where a walk has to say what is wrong."""
    columns: list[Iterable[Any]] = []
    for member in members(cls):
        column = _column(parent, (*path, member.wire), member)
        if column is None:
            return None
        columns.append(column)
    return map(make, *columns)


def _column(parent: Element, path: Path, member: Member) -> Iterable[Any] | None:
    """Return a member's value for each item."""
    kind = member.kind
    convert = kind.from_text()
    if convert is not None:
        texts = cast("list[str]", _xpath("texts", path, parent)(parent))
        # A path finds one text in each item at most. So a column that is as long as there are
        # items has exactly one from each, in their order.
        if len(texts) == len(parent):
            return _converted(texts, convert)
    present = int(cast("float", _xpath("count", path, parent)(parent)))
    if present == len(parent) and kind.shape is not None:
        # A thousand instances have two or three states among them: one object for each of those.
        return _join(parent, path, kind.shape, functools.cache(kind.shape))
    if member.required and present < len(parent):
        return None
    if present == 0:
        return [kind.absent() for _ in parent]
    read = kind.reader()
    found = [_find(item, path[1:]) for item in parent]
    return [kind.absent() if each is None else read(each) for each in found]


def _converted(texts: list[str], convert: Callable[[str], Any]) -> Iterable[Any] | None:
    if convert is str:
        return texts
    try:
        known = {text: convert(text) for text in set(texts)}
    except ValueError:
        return None
    return map(known.__getitem__, texts)


def _find(element: Element, path: Path) -> Element | None:
    found: Element | None = element
    for name in path:
        found = None if found is None else xml.find(found, name)
    return found


def _xpath(what: str, path: Path, parent: Element) -> etree.XPath:
    namespace = str(parent.tag).rpartition("}")[0][1:]
    return xml.xpath(_expression(what, path, has_namespace=bool(namespace)), namespace)


@functools.lru_cache(maxsize=128)
def _expression(what: str, path: Path, *, has_namespace: bool) -> str:
    first, *rest = path
    if what == "texts":
        prefix = "n:" if has_namespace else ""
        steps = [f"{prefix}{first}", *(f"{prefix}{name}[1]" for name in rest), "text()[1]"]
        return "/".join(steps)
    # By local name, as a walk does: it decides what is absent.
    steps = [f"*[local-name()='{first}']", *(f"*[local-name()='{name}'][1]" for name in rest)]
    return f"count({'/'.join(steps)})"
