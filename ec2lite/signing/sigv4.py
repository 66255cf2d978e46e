"""AWS Signature Version 4, whole, for requests whose body is at hand.

What is signed is a text, the *canonical request*: method, path, query, headers, their names, and
the body's hash, a line each. Its hash goes with the time and the scope into a second text, the
*string to sign*, and that is signed with a key derived from the secret.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import functools
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ec2lite.signing.key import SigningKey, sign
from ec2lite.signing.signer import NEVER_SIGNED
from ec2lite.signing.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ec2lite.models import Credentials


class SigV4:
    """A ``Signer`` that needs no botocore: less to import, less to compute, the same signatures.

    One serves any number of clients and threads. It is not for S3, whose paths are not normalised.
    """

    def __init__(self) -> None:
        self._key = SigningKey()

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
        day = time[:8]
        added = {"x-amz-date": time}
        if credentials.session_token:
            added["x-amz-security-token"] = credentials.session_token

        canonical, names = canonical_request(method, url, {**headers, **added}, body)
        scope = f"{day}/{region}/{service}/aws4_request"
        hashed = sha256(canonical.encode()).hexdigest()
        key = self._key.get(credentials, day, region, service)
        signature = sign(key, f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}")
        added["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return added


def canonical_request(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[str, str]:
    """Return the text that stands for a request, and the names of the headers in it."""
    signed = sorted(headers.keys() - NEVER_SIGNED)
    lines = "".join([f"{name}:{' '.join(headers[name].split())}\n" for name in signed])
    names = ";".join(signed)
    hashed = sha256(body).hexdigest()
    return f"{method.upper()}\n{_location(url)}\n{lines}\n{names}\n{hashed}", names


@functools.lru_cache(maxsize=32)  # a client has one URL, and taking it apart is half of the work
def _location(url: str) -> str:
    """Return the two lines for path and query."""
    parts = urlsplit(url)
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&") if parts.query)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{quote(_normal(parts.path), safe='/~')}\n{query}"


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
