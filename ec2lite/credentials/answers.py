"""Read documents that hold secrets, without ever quoting them in an error.

Exceptions of the parsers carry the text. They are let go before another error is raised: ``from
None`` would only hide them, and whoever walks ``__context__``, as error trackers do, would find it.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from ec2lite.errors import ConfigError, CredentialsError
from ec2lite.models import Credentials
from ec2lite.protocol.dates import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ec2lite.engine.flow import Answer

_SECOND = timedelta(seconds=1)
_BROKEN: Final = object()
_CODE = re.compile(r"[A-Za-z][A-Za-z_.]{2,63}")


def parse_json(body: bytes | str, what: str) -> dict[str, Any]:
    """Return the JSON object that ``body`` is, or raise an error that names ``what``."""
    document = _load(body)
    if document is _BROKEN:
        raise CredentialsError(f"{what} is not JSON.")
    if not isinstance(document, dict):
        raise CredentialsError(f"{what} is not a JSON object.")
    return cast("dict[str, Any]", document)


def is_not_json(answer: Answer) -> bool:
    """Whether an answer is empty or broken, as while the service starts."""
    return _load(answer.body) is _BROKEN


def is_empty(answer: Answer) -> bool:
    """Whether an answer has nothing but white space."""
    return not answer.body.strip()


def _load(body: bytes | str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return _BROKEN


def parse_time(value: object, what: str) -> datetime:
    """Return the time that an ISO 8601 string names; without a time zone it is UTC."""
    # Older versions of the AWS CLI wrote "UTC" for "Z".
    time = read_time(str(value).replace("UTC", "+00:00"))
    if time is None:
        raise CredentialsError(f"{what} is not a time in ISO 8601.")
    return time


def string(document: Mapping[str, Any], key: str, what: str) -> str:
    """Return a required string."""
    if not (found := optional(document, key, what)):
        raise CredentialsError(f"{what} has no {key}.")
    return found


def optional(document: Mapping[str, Any], key: str, what: str) -> str | None:
    """Return an optional string."""
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise CredentialsError(f"{what}: {key} is not a string.")
    return value


def later(
    start: datetime, document: Mapping[str, Any], key: str, what: str, unit: timedelta = _SECOND
) -> datetime:
    """Return the time that a required whole number of units names, counted from ``start``."""
    value = document.get(key)
    if not isinstance(value, int):
        raise CredentialsError(f"{what} has no {key}.")
    try:
        return start + value * unit
    except OverflowError:
        raise CredentialsError(f"{what}: {key} is out of range.") from None


def plain(value: str, what: str) -> str:
    """Return a string if a header may have it; HTTP libraries quote the others in their errors."""
    if not (value.isascii() and value.isprintable()):
        raise CredentialsError(f"{what} has characters that a header must not have.")
    return value


def members(document: Mapping[str, Any], key: str, what: str) -> dict[str, Any]:
    """Return a required object."""
    value = document.get(key)
    if not isinstance(value, dict):
        raise CredentialsError(f"{what} has no {key}.")
    return cast("dict[str, Any]", value)


def keys(document: Mapping[str, Any], what: str, *, account_id: str | None = None) -> Credentials:
    """Return the credentials in a document with ``AccessKeyId``, ``SecretAccessKey`` and so on."""
    end = optional(document, "Expiration", what)
    return credentials(
        what,
        string(document, "AccessKeyId", what),
        string(document, "SecretAccessKey", what),
        optional(document, "Token", what),
        None if end is None else parse_time(end, f"{what}: Expiration"),
        optional(document, "AccountId", what) or account_id,
    )


def credentials(what: str, *parts: Any) -> Credentials:  # noqa: ANN401 - checked by the class
    """Return ``Credentials`` made of the parts; an error names ``what`` they come from."""
    try:
        return Credentials(*parts)
    except ConfigError as error:
        raise CredentialsError(f"{what}: {error}.") from None


def error_code(body: bytes, headers: Mapping[str, str]) -> str:
    """Return the code of an error answer as `` (…)``, or an empty string; never its sentence.

    A sentence might quote what was sent; a code is letters.
    """
    document = _load(body)
    candidates = [headers.get("x-amzn-errortype", "").partition(":")[0]]
    if isinstance(document, dict):
        members = cast("dict[str, Any]", document)
        candidates += [str(members.get(key)) for key in ("error", "code", "Code", "__type")]
    for candidate in candidates:
        if candidate != "None" and _CODE.fullmatch(candidate):
            return f" ({candidate})"
    return ""
