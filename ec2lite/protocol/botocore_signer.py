"""Signatures by botocore's SigV4Auth: the only file that imports botocore, on first use.

``SigV4Auth.add_auth`` logs the canonical request at DEBUG, and the session token is in that. So its
public steps are called one by one here, on a request that has just what they read: that is quiet,
spares building botocore's own request, and takes the time as an argument.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from ec2lite.protocol.dates import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ec2lite.models import Credentials


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
    """What SigV4Auth's steps read of botocore's Credentials."""

    access_key: str
    secret_key: str = field(repr=False)


@functools.cache
def _auth_class() -> Callable[[_Key, str, str], Any]:
    from botocore.auth import SigV4Auth

    # Any, because what is handed to it are stand-ins for botocore's own classes.
    auth_class: Any = SigV4Auth
    return auth_class  # type: ignore[no-any-return] # see above


class BotocoreSigner:
    """The default ``Signer``: AWS's own implementation of SigV4, from botocore."""

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
        added = {"x-amz-date": timestamp(now)}
        if credentials.session_token:
            added["x-amz-security-token"] = credentials.session_token
        key = _Key(credentials.access_key_id, credentials.secret_access_key)
        auth = _auth_class()(key, service, region)
        request = _Request(
            method, url, {**headers, **added}, body, {"timestamp": added["x-amz-date"]}
        )
        to_sign = auth.string_to_sign(request, auth.canonical_request(request))
        added["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, "
            f"SignedHeaders={auth.signed_headers(auth.headers_to_sign(request))}, "
            f"Signature={auth.signature(to_sign, request)}"
        )
        return added
