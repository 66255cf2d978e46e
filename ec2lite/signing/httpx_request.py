"""Anybody's httpx request, as AWS reads it: its URL, and which of its headers are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

import httpx

from ec2lite import checks
from ec2lite.signing.signer import NEVER_SIGNED

if TYPE_CHECKING:
    from collections.abc import Mapping

UNSIGNED: Final = NEVER_SIGNED | {"accept", "accept-encoding", "content-length"}
"""Headers that are not signed: httpx adds the last three, and caches on the way change them."""


def normalize(request: httpx.Request, *, is_s3: bool) -> None:
    """Write a request so that AWS reads it as we do: its query, S3's paths, a body's length."""
    if "transfer-encoding" in request.headers and isinstance(request.stream, httpx.ByteStream):
        # A stream that was read. S3 takes no chunks.
        del request.headers["transfer-encoding"]
        request.headers["content-length"] = str(len(request.content))
    if "target" in request.extensions:
        return
    path, mark, query = request.url.raw_path.partition(b"?")
    if is_s3:
        path = b"/".join(map(_segment, path.split(b"/")))
    query = b"&".join(map(_pair, query.split(b"&")))
    request.url = request.url.copy_with(raw_path=path + mark + query)


def _segment(segment: bytes) -> bytes:
    plain = unquote_to_bytes(segment)
    # httpx would remove dots that it can read.
    return segment if plain in {b".", b".."} else _escaped(plain)


def _pair(pair: bytes) -> bytes:
    """Return a pair of a query as AWS writes it. For a plus, forms and httpx mean a space."""
    return b"=".join(
        _escaped(unquote_to_bytes(part.replace(b"+", b" "))) for part in pair.split(b"=", 1)
    )


def _escaped(text: bytes) -> bytes:
    return quote(text, safe="~").encode("ascii")


def url_of(request: httpx.Request) -> str:
    """Return the URL with the path and query that go on the wire."""
    host = request.url.netloc.decode("ascii")
    target: bytes = request.extensions.get("target", request.url.raw_path)
    try:
        return f"{request.url.scheme}://{host}{target.decode()}"
    except UnicodeDecodeError:
        raise checks.wrong("the target of the request", "UTF-8", "other bytes") from None


def headers_to_sign(headers: httpx.Headers) -> Mapping[str, str]:
    """Return the headers to be signed. The values of one name are joined, as AWS joins them."""
    found: dict[str, str] = {}
    for name, text in headers.multi_items():
        if name not in UNSIGNED:
            value = " ".join(text.split())
            found[name] = f"{found[name]},{value}" if name in found else value
    return found
