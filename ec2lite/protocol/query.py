"""The Query protocol's request body: pairs of names and values, form-encoded.

https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ec2lite import checks

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTENT_TYPE: Final = "application/x-www-form-urlencoded; charset=utf-8"

_PLAIN: Final = re.compile(r"[A-Za-z0-9\-_.~]*")


def encode(action: str, version: str, pairs: Iterable[tuple[str, str]]) -> bytes:
    """Return ``Action=…&Version=…`` and the pairs, percent-encoded as UTF-8.

    A space becomes ``%20`` rather than ``+``: every parser of forms understands it.
    """
    pairs = list(pairs)
    # Ids need no escaping. One search over all of them takes a tenth of the time.
    if not _PLAIN.fullmatch("".join([value for _, value in pairs])):
        pairs = [(name, _quoted(name, value)) for name, value in pairs]
    parts = [f"Action={action}", f"Version={version}", *map("=".join, pairs)]
    return "&".join(parts).encode("ascii")


def _quoted(name: str, value: str) -> str:
    if not any("\ud800" <= each <= "\udfff" for each in value):
        return quote(value, safe="-_.~")
    # What Python makes of bytes that are no UTF-8, in a file's name say.
    raise checks.wrong(name, "text that UTF-8 can encode", "text with half a surrogate pair")
