"""Every check of an argument. What is wrong is refused by name, before anything is sent.

All messages follow one grammar: ``{name} must be …, not …``. A value that may be a secret is never
shown. A check takes the argument's name and value and returns the value; ``validator`` and
``optional`` turn it into an attrs validator.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from ec2lite import urls
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute

T = TypeVar("T")

LONGEST_TIME: Final = 2_000_000.0
"""Seconds, 23 days: sockets count a time limit in milliseconds, in 31 bits."""
LARGEST: Final = 999_999_999
LARGEST_SIZE: Final = 2**31 - 1
"""Bytes: libxml2 counts them in 31 bits."""

_LONGEST_ID: Final = 255
_A_URL: Final = "an http:// or https:// URL of a host, a port and a path"
_A_REGION: Final = "the name of a Region, such as eu-west-1"


def wrong(name: str, expected: str, found: str) -> ConfigError:
    """Return the error for an argument: ``{name} must be {expected}, not {found}``."""
    return ConfigError(f"{name} must be {expected}, not {found}")


def kind(value: object) -> str:
    """Return what a value is, without showing it."""
    return "None" if value is None else type(value).__name__


def validator(check: Callable[[str, Any], object]) -> Callable[[object, Attribute[Any], Any], None]:
    """Return the attrs validator that applies a check to a field."""

    def validate(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - untyped callers are checked too
        del instance
        check(attribute.name, value)

    return validate


def optional(check: Callable[[str, Any], object]) -> Callable[[object, Attribute[Any], Any], None]:
    """Return the attrs validator that applies a check to a field unless it is None."""

    def validate(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - untyped callers are checked too
        del instance
        if value is not None:
            check(attribute.name, value)

    return validate


def instance(name: str, value: object, of: type[T], expected: str) -> T:
    """Check that a value is of a class, described by ``expected``."""
    if not isinstance(value, of):
        raise wrong(name, expected, kind(value))
    return value


def text(name: str, value: object) -> str:
    """Check that a value is a string."""
    return instance(name, value, str, "a string")


def flag(name: str, value: object) -> bool | None:
    """Check that a value is True, False or None."""
    return None if value is None else instance(name, value, bool, "True, False or None")


def has(value: object, method: str) -> bool:
    """Whether an object has a method that can be called on it."""
    # A class has the methods of its instances too: StandardRetry instead of StandardRetry().
    return not isinstance(value, type) and callable(getattr(value, method, None))


def having(method: str) -> Callable[[str, object], object]:
    """Return the check that a value is an object with a method."""

    def check(name: str, value: object) -> object:
        if not has(value, method):
            raise wrong(name, f"an object with {method}()", _class_or_kind(value))
        return value

    return check


def function(name: str, value: object) -> object:
    """Check that a value can be called."""
    if not has(value, "__call__"):
        raise wrong(name, "a function", _class_or_kind(value))
    return value


def listener(name: str, value: object) -> object:
    """Check that a value can be called, and need not be awaited."""
    function(name, value)
    if inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(
        getattr(value, "__call__", None)  # noqa: B004 - whether it is there was checked
    ):
        raise wrong(name, "a function that is not awaited", "a coroutine function")
    return value


def whole(name: str, value: object, least: int = 1, most: int = LARGEST) -> int:
    """Check that a value is a whole number within bounds."""
    expected = f"a whole number from {least} to {most}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(name, expected, kind(value) if not isinstance(value, float) else repr(value))
    if not least <= value <= most:
        raise wrong(name, expected, _number(value))
    return value


def size(name: str, value: object) -> int:
    """Check that a value is a number of bytes that a document can have."""
    return whole(name, value, most=LARGEST_SIZE)


def seconds(name: str, value: object) -> float:
    """Check that a value is a time limit: a number of seconds above 0, at most 23 days."""
    expected = f"a number of seconds above 0 and up to {LONGEST_TIME:.0f}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise wrong(name, expected, kind(value))
    if not 0 < value <= LONGEST_TIME:
        raise wrong(name, expected, _number(value))
    return value


def header(name: str, value: object) -> str:
    """Check that a value can be a part of a header, which a line break would end."""
    checked = text(name, value)
    if odd := _oddity(checked, spaces=True):
        raise wrong(name, "printable ASCII", f"text with {odd}")
    return checked


def key(name: str, value: object, *, is_header: bool) -> str:
    """Check that a value can be a key or a token, without showing it.

    HTTP libraries quote headers that they refuse. The secret key is in no header, but a line break
    at its end is a mistake that AWS explains badly.
    """
    checked = text(name, value)
    if not checked:
        raise wrong(name, "a key", "an empty string")
    if odd := _oddity(checked, ascii_only=is_header):
        expected = (
            "printable ASCII without spaces" if is_header else "printable text without spaces"
        )
        raise wrong(name, expected, f"text with {odd}")
    return checked


def instance_ids(ids: str | Iterable[str], name: str = "instance_ids") -> tuple[str, ...]:
    """Return ids once each, in their order; a lone string is one id.

    An empty list is refused: it would not be sent at all, and to some actions no ids means all.
    Ids need not look like ``i-…``: EC2-compatible clouds have others.
    """
    if isinstance(ids, str):
        return (instance_id(ids, name),)
    if isinstance(ids, list | tuple) and _are_ids(ids):
        return tuple(dict.fromkeys(ids))
    # Each is checked as it comes: of a range of a thousand million numbers the first one will do.
    listed: dict[str, None] = {}
    for index, each in enumerate(each_of(name, ids)):
        if problem := _id_problem(each):
            raise wrong(f"{name}[{index}]", *problem)
        listed[cast("str", each)] = None
    if not listed:
        raise wrong(name, "at least one id", "an empty list")
    return tuple(listed)


def instance_id(value: str, name: str = "instance_id") -> str:
    """Check that a value can be the id of an instance."""
    if problem := _id_problem(value):
        raise wrong(name, *problem)
    return value


def _are_ids(values: Collection[object]) -> bool:
    """Whether all are ids: asked of all at once, which takes a fifth of the time."""
    try:
        joined = "".join(cast("Collection[str]", values))
    except TypeError:
        return False
    texts = cast("Collection[str]", values)
    return (
        joined.isprintable()
        and all(map(str.strip, texts))
        and 0 < max(map(len, texts), default=0) <= _LONGEST_ID
    )


def _id_problem(value: object) -> tuple[str, str] | None:
    """Return what an id must be, and what this one is instead."""
    if not isinstance(value, str):
        return "a string", kind(value)
    if not value.strip():
        return "an id", "a blank string" if value else "an empty string"
    if len(value) > _LONGEST_ID:
        return f"an id of at most {_LONGEST_ID} characters", f"one of {len(value)}"
    return None if value.isprintable() else ("printable", repr(value))


def each_of(name: str, values: object, expected: str = "a list of strings") -> Iterable[object]:
    """Return what can be iterated: a list, a set, an iterator, but not bytes or a mapping."""
    if isinstance(values, str | bytes | bytearray | memoryview | Mapping):
        raise wrong(name, expected, kind(cast("object", values)))
    if not isinstance(values, Iterable):
        raise wrong(name, expected, kind(values))
    return cast("Iterable[object]", values)


def strings(values: object, name: str) -> tuple[str, ...]:
    """Return strings in their order; a lone one is a list of one."""
    if isinstance(values, str):
        return (values,)
    return tuple(text(f"{name}[{index}]", each) for index, each in enumerate(each_of(name, values)))


def region(name: str, value: object) -> str:
    """Check that a value can be a Region's name, which becomes a label of a host name."""
    checked = text(name, value)
    if not re.fullmatch(urls.LABEL, checked) or "_" in checked:
        raise wrong(name, _A_REGION, _shown(checked))
    return checked


def aws_region(name: str, value: object) -> str:
    """Check that a value can be the name of one of AWS's Regions, of today or to come.

    ``us-east-1a`` is a zone, and ``EU-WEST-1`` would be signed for and refused.
    """
    checked = region(name, value)
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[1-9][0-9]?", checked):
        raise wrong(name, _A_REGION, _shown(checked))
    return checked


def url(name: str, value: object) -> str:
    """Return an endpoint's URL without a slash at its end.

    The URL is not shown: there may be a password in it.
    """
    checked = text(name, value)
    if odd := _oddity(checked, ascii_only=False):
        raise wrong(name, _A_URL, f"one with {odd}")
    if problem := urls.problem(checked):
        raise wrong(name, _A_URL, problem)
    return checked.rstrip("/")


def _oddity(text: str, *, spaces: bool = False, ascii_only: bool = True) -> str | None:
    """Return the first thing in a text that should not be there, in words."""
    if "\n" in text or "\r" in text:
        return "a line break"
    if " " in text and not spaces:
        return "a space"
    if not text.isprintable():
        return "a character that is not printable"
    return "a character that is not ASCII" if ascii_only and not text.isascii() else None


def _class_or_kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else kind(value)


def _number(value: float) -> str:
    # Python refuses to write integers of thousands of digits.
    return repr(value) if abs(value) < 1e100 else "such a large number"


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:80]!r}…"
