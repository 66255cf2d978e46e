"""Kinds of values that are one text on the wire: text, integer, boolean, time, bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ec2lite import checks
from ec2lite.errors import ResponseError
from ec2lite.operations.members import NO_TEXT, Kind, NoText, Pairs
from ec2lite.protocol import xml

if TYPE_CHECKING:
    from ec2lite.operations.members import Read
    from ec2lite.protocol.xml import Element

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,20}")
_EPOCH: Final = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]*)?")


@frozen
class Scalar(Kind):
    """A kind of values that are one text.

    ``convert`` raises ``ValueError`` for a text that is not ``noun``, or a ``ResponseError`` of its
    own; ``cls`` is what a caller passes.
    """

    noun: str
    cls: type[Any]
    convert: Callable[[str], Any]
    write: Callable[[Any], str] = str

    def reader(self) -> Read:
        """Return the function that reads an element's text."""
        convert, noun = self.convert, self.noun
        if convert is str:
            return read_text

        def read(element: Element) -> object:
            text = element.text or ""
            try:
                return convert(text)
            except (ValueError, OverflowError):
                # Without its cause: the standard library's own errors quote the text at any length.
                name = xml.local_name(element)
                raise ResponseError(f"<{name}> is not {noun}: {text[:40]!r}") from None

        return read

    def from_text(self) -> Callable[[str], Any]:
        """Return ``convert``."""
        return self.convert

    def dump(self, value: Any) -> Any:  # noqa: ANN401 - a value of this kind
        """Return the value itself."""
        return value

    def pairs(self, name: str, value: Any) -> Pairs:  # noqa: ANN401 - a value of this kind
        """Return the one pair."""
        return [(name, self.write(value))]

    def check(self, name: str, value: object) -> None:
        """Refuse an argument of another type; a bool is not an integer."""
        if isinstance(value, bool) and self.cls is int:
            raise checks.wrong(name, self.noun, "bool")
        checks.instance(name, value, self.cls, self.noun)


def read_text(element: Element) -> str:
    """Return an element's text."""
    return element.text or ""


class _KnownText(Scalar):
    """A string that every document should have."""

    __slots__ = ()

    def absent(self) -> NoText:
        """Return an empty string that ``to_dict`` leaves out."""
        return NO_TEXT


# EC2-compatible clouds write <amiLaunchIndex/> and <attachTime/> for what they do not have.
def _integer(text: str) -> int | None:
    # Not int() alone: it takes underscores, other scripts' digits and any length.
    digits = text.strip(xml.WHITE_SPACE)
    if not digits:
        return None
    if not _INTEGER.fullmatch(digits):
        raise ValueError
    return int(digits)


def _time(text: str) -> datetime | None:
    """Read ISO 8601, seconds since 1970, or RFC 822, as botocore does; no zone means UTC."""
    if text[10:11] == "T":  # as EC2 writes times
        with suppress(ValueError):
            return _aware(datetime.fromisoformat(text))
    text = text.strip(xml.WHITE_SPACE)
    if not text:
        return None
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = parsedate_to_datetime(text)
    return _aware(time)


def _aware(time: datetime) -> datetime:
    """Return a time with a zone: one without is meant in UTC, here as in what EC2 sends."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _write_time(time: datetime) -> str:
    text = _aware(time).astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


def _write_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _write_boolean(value: bool) -> str:
    return "true" if value else "false"


TEXT: Final = Scalar("a string", str, str)
KNOWN_TEXT: Final = _KnownText("a string", str, str)
INTEGER: Final = Scalar("an integer", int, _integer)
# botocore's rule: what is not exactly "true" is False.
BOOLEAN: Final = Scalar("True, False or None", bool, "true".__eq__, _write_boolean)
TIME: Final = Scalar("a time", datetime, _time, _write_time)
BYTES: Final = Scalar("bytes", bytes, base64.b64decode, _write_bytes)
