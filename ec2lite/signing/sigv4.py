"""AWS Signature Version 4 in three steps, for requests whose body is at hand.

1. ``canonical_request``: method, path, query, headers, their names and the body's hash, by lines.
2. ``string_to_sign``: the algorithm, the time, the scope, and the hash of the canonical request.
3. ``signature``: the string to sign, authenticated with a key that is derived from the secret.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import functools
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from ec2lite.signing.key import SigningKey, signature
from ec2lite.signing.signer import NEVER_SIGNED, PAYLOAD_HASH, S3
from ec2lite.signing.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ec2lite.models import Credentials

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_BLANK: Final = "\r\n"  # in no header and no URL
_DATE: Final = "x-amz-date"
_TOKEN: Final = "x-amz-security-token"  # noqa: S105 - the name of a header


def canonical_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes, *, is_s3: bool = False
) -> str:
    """Return the text that stands for a request; ``headers`` have lower-case names.

    S3's paths are signed as they are; those of other services are normalised and escaped again.
    """
    return _form(method, url, headers, is_s3=is_s3) % payload_hash(headers, body)


def payload_hash(headers: Mapping[str, str], body: bytes) -> str:
    """Return the last line of that text: the body's hash, unless a header has another."""
    given = headers.get(PAYLOAD_HASH)
    return sha256(body).hexdigest() if given is None else given


def signed_headers(headers: Mapping[str, object]) -> str:
    """Return the names of the headers that are signed, the last line but one of that text."""
    return ";".join(_signed(headers))


def scope(day: str, region: str, service: str) -> str:
    """Return what a signature is good for: a day in UTC (``20150830``), a Region, a service."""
    return f"{day}/{region}/{service}/aws4_request"


def string_to_sign(canonical: str, time: str, credential_scope: str) -> str:
    """Return the text that is signed; ``time`` is ``20150830T123600Z``."""
    hashed = sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{time}\n{credential_scope}\n{hashed}"


class SigV4:
    """A ``Signer`` that needs no botocore: less to import, less to compute, the same signatures.

    One serves any number of clients and threads.
    """

    def __init__(self) -> None:
        self._key = SigningKey()
        # Method, URL and headers hardly change from one request to the next. What follows from
        # them is kept, without the token; it is replaced as a whole, so threads need no lock.
        self._kept: tuple[tuple[str, str, Mapping[str, str], bool, bool], str, str] | None = None

    def sign(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        credentials: Credentials,
        region: str,
        service: str,
        now: datetime,
    ) -> dict[str, str]:
        """Return ``x-amz-date``, ``x-amz-security-token`` if needed, and ``authorization``."""
        time = timestamp(now)
        token = credentials.session_token
        added = {_DATE: time, _TOKEN: token} if token else {_DATE: time}
        form, names = self._form(method, url, headers, bool(token), service in S3)

        # The blanks are in alphabetical order: the date, the token, the hash of the body.
        canonical = form % (*map(_squeezed, added.values()), payload_hash(headers, body))
        credential_scope = scope(time[:8], region, service)
        text = string_to_sign(canonical, time, credential_scope)
        key = self._key.get(credentials, time[:8], region, service)
        added["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key_id}/{credential_scope}, "
            f"SignedHeaders={names}, Signature={signature(key, text)}"
        )
        return added

    def _form(
        self, method: str, url: str, headers: Mapping[str, str], has_token: bool, is_s3: bool
    ) -> tuple[str, str]:
        """Return the canonical request with blanks, and the names of the signed headers."""
        made_of = (method, url, headers, has_token, is_s3)
        kept = self._kept
        if kept is None or kept[0] != made_of:
            blanks = dict.fromkeys((_DATE, _TOKEN) if has_token else (_DATE,))
            whole: dict[str, str | None] = {**headers, **blanks}
            copied = (method, url, dict(headers), has_token, is_s3)
            form = _form(method, url, whole, is_s3=is_s3)
            kept = self._kept = (copied, form, signed_headers(whole))
        return kept[1:]


def _form(method: str, url: str, headers: Mapping[str, str | None], *, is_s3: bool) -> str:
    """Return the canonical request with blanks (``%s``): headers that are None, the body's hash."""
    signed = _signed(headers)
    lines = "".join([f"{name}:{_line(headers[name])}\n" for name in signed])
    text = f"{method.upper()}\n{_location(url, is_s3)}\n{lines}\n{';'.join(signed)}\n{_BLANK}"
    return text.replace("%", "%%").replace(_BLANK, "%s")


def _signed(headers: Mapping[str, object]) -> list[str]:
    return sorted(headers.keys() - NEVER_SIGNED)


def _line(value: str | None) -> str:
    return _BLANK if value is None else _squeezed(value)


def _squeezed(value: str) -> str:
    """Return a header's value without space around it, and with single spaces in it."""
    return " ".join(value.split())


@functools.lru_cache(maxsize=32)  # a client has one URL, and taking it apart is half of the work
def _location(url: str, is_s3: bool) -> str:
    """Return the two lines for path and query."""
    parts = urlsplit(url)
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&") if parts.query)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    path = parts.path if is_s3 else quote(_normal(parts.path), safe="/~")
    return f"{path}\n{query}"


def _normal(path: str) -> str:
    """Return a path without ``.``, ``..`` and empty segments (RFC 3986, section 5.2.4)."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in {"", "."}:
            kept.append(segment)
    last = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{last}"
