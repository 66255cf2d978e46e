"""What signs a request: a protocol that callers may implement themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ec2lite.models import Credentials

NEVER_SIGNED: Final = frozenset(
    {
        "baggage",
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)
"""Headers that are left out of a signature, as proxies and tracing may change them; botocore's."""


class Signer(Protocol):
    """Makes the headers that authenticate a request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
    """

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
        """Return the headers to add: the date, the session token if there is one, the signature.

        ``headers`` are those to be signed, with lower-case names, ``host`` among them. ``now`` is
        timezone-aware. It is called from several threads at once.
        """
        ...
