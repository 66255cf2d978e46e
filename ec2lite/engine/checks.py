"""A client's arguments, refused by name if they are wrong: attrs validators and converters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ec2lite.config.endpoints import check_region, check_url
from ec2lite.engine.context import Timeout
from ec2lite.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute


def _need(name: str, value: object, kind: type, what: str) -> None:
    """Refuse, by name, what untyped callers pass."""
    if not isinstance(value, kind):
        raise ConfigError(f"{name}: {what} is needed, not {type(value).__name__}")


def has(value: object, method: str) -> bool:
    """Whether an object has a method that can be called on it."""
    # A class has its instances' methods, too: StandardRetry instead of StandardRetry().
    return not isinstance(value, type) and callable(getattr(value, method, None))


def having(method: str) -> Callable[[object, Attribute[Any], object], None]:
    """Return an attrs validator for objects that have a method."""

    def check(instance: object, attribute: Attribute[Any], value: object) -> None:
        del instance
        if value is not None and not has(value, method):
            raise ConfigError(
                f"{attribute.name}: an object with {method}() is needed, not {type(value).__name__}"
            )

    return check


def flag(instance: object, attribute: Attribute[Any], value: object) -> None:
    """Refuse what is neither a bool nor None."""
    del instance
    if value is not None:
        _need(attribute.name, value, bool, "True, False or None")


def printable(instance: object, attribute: Attribute[Any], value: Any) -> None:  # noqa: ANN401 - untyped callers are checked too
    """Refuse what cannot be a part of a header."""
    del instance
    if value is None:
        return
    _need(attribute.name, value, str, "a string")
    # It becomes a header, which a line break would end.
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(f"{attribute.name}: printable ASCII is needed")


def region(name: str | None) -> str | None:
    """Return a Region's name, if it can be one."""
    return None if name is None else check_region(name)


def url(text: str | None) -> str | None:
    """Return an endpoint's URL, if it can be one."""
    return None if text is None else check_url(text)


def timeout(limit: float | Timeout | None) -> Timeout:
    """Return the limits that a number of seconds, or nothing, stands for."""
    if isinstance(limit, Timeout):
        return limit
    return Timeout() if limit is None else Timeout(total=limit)
