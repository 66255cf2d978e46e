"""The signing key: derived from the secret for one day, Region and service, and kept so long.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#calculate-signature
"""

from __future__ import annotations

import hmac
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ec2lite.models import Credentials


def steps(secret: str, day: str, region: str, service: str) -> Iterator[tuple[str, bytes]]:
    """Return the four steps from a secret to its signing key: what is authenticated, the outcome.

    ``day`` is the date in UTC, ``20150830``.
    """
    key = b"AWS4" + secret.encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
        yield part, key


def derive(secret: str, day: str, region: str, service: str) -> bytes:
    """Return the 32 bytes to sign with: the outcome of the last step."""
    *_, (_, key) = steps(secret, day, region, service)
    return key


def signature(key: bytes, text: str) -> str:
    """Return the signature of a string to sign, in hexadecimal."""
    return hmac.digest(key, text.encode(), "sha256").hex()


class SigningKey:
    """The last key that was derived. It serves until midnight, or until something changes.

    One is enough: a client has one Region and one service. The key is kept, the secret is not: a
    weak reference tells which credentials the key belongs to.
    """

    def __init__(self) -> None:
        # Replaced as a whole, so that threads need no lock.
        self._kept: tuple[weakref.ref[Credentials] | None, str, bytes] = (None, "", b"")

    def get(self, credentials: Credentials, day: str, region: str, service: str) -> bytes:
        """Return the key for these credentials, derived only if it is another than the last."""
        scope = f"{day}/{region}/{service}"
        owner, kept_scope, key = self._kept
        # Identity, because equal access key ids do not mean equal secrets.
        if owner is None or owner() is not credentials or scope != kept_scope:
            key = derive(credentials.secret_access_key, day, region, service)
            self._kept = (weakref.ref(credentials), scope, key)
        return key
