"""Signatures by botocore's SigV4Auth: the only file that imports botocore, on first use.

``SigV4Auth.add_auth`` logs the canonical request at DEBUG, and the session token is in that. So we
call its public steps one by one, on a request that has just what they read. That is quiet, spares
building botocore's own request, and takes the time as an argument.
"""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from ec2lite.signing import key as signing_key
from ec2lite.signing.signer import PAYLOAD_HASH, S3
from ec2lite.signing.timestamp import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ec2lite.models import Credentials

# botocore's own dict of headers ignores case; it asks ours for this name.
_PAYLOAD_HASH: Final = "X-Amz-Content-SHA256"


@define
class _Request:
    """What SigV4Auth reads of botocore's AWSRequest."""

    method: str
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    context: dict[str, Any]
    params: None = None


@frozen
class _Key:
    """What SigV4Auth reads of botocore's Credentials; the secret is in the derived key."""

    access_key: str


@functools.cache
def _auth_class(*, is_s3: bool) -> Callable[[_Key, str, str, bytes], Any]:
    from botocore.auth import S3SigV4Auth, SigV4Auth

    # Any, because we hand it stand-ins for botocore's own classes.
    base: Any = S3SigV4Auth if is_s3 else SigV4Auth

    class Auth(base):  # type: ignore[misc] # see above
        """One with a key that is derived already: botocore's own derives one for each signature."""

        def __init__(self, key: _Key, service: str, region: str, derived: bytes) -> None:
            base.__init__(self, key, service, region)
            self._derived = derived

        def signature(self, string_to_sign: str, request: _Request) -> str:
            """Return the signature by the derived key."""
            del request
            return signing_key.signature(self._derived, string_to_sign)

    return Auth


class BotocoreSigner:
    """The default ``Signer``: AWS's own implementation of SigV4, from botocore."""

    def __init__(self) -> None:
        self._key = signing_key.SigningKey()

    @staticmethod
    def is_installed() -> bool:
        """Whether there is a botocore. One that is there is imported, and has to work."""
        try:
            importlib.import_module("botocore")
        except ImportError:
            return False
        _auth_class(is_s3=False)
        return True

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
        added = {"x-amz-date": time}
        if credentials.session_token:
            added["x-amz-security-token"] = credentials.session_token
        key = _Key(credentials.access_key_id)
        derived = self._key.get(credentials, time[:8], region, service)
        auth = _auth_class(is_s3=service in S3)(key, service, region, derived)
        whole = {**headers, **added}
        if PAYLOAD_HASH in whole:
            whole[_PAYLOAD_HASH] = whole.pop(PAYLOAD_HASH)
        request = _Request(method, url, whole, body, {"timestamp": time})
        canonical = auth.canonical_request(request)
        # The names of the signed headers are its last line but one; botocore would select and sort
        # the headers a second time.
        names = canonical.rsplit("\n", 2)[1]
        signature = auth.signature(auth.string_to_sign(request, canonical), request)
        added["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return added
