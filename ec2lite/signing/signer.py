"""What signs a request: a protocol, which callers may implement themselves, and the default."""

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
"""Headers that are not signed, because proxies and tracing may change them: botocore's list."""


PAYLOAD_HASH: Final = "x-amz-content-sha256"
"""The header whose value is signed in place of the body's hash, as botocore does."""

S3: Final = frozenset({"s3", "s3-object-lambda", "s3-outposts"})
"""What S3's services are signed for. Their paths are signed as they are sent."""


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

        ``headers`` are those to be signed, with lower-case names, ``host`` among them. If they have
        ``x-amz-content-sha256``, its value is signed in place of the hash of ``body``. ``now`` is
        timezone-aware. Several threads may call it at once.
        """
        ...


def is_sendable(added: Mapping[str, str]) -> bool:
    """Whether what a signer returned can be sent as headers."""
    values = "".join(added.values())
    return values.isascii() and values.isprintable()


def default_signer() -> Signer:
    """Return botocore's signer, or ``SigV4()`` where botocore is not installed.

    The signatures are the same. A botocore that is there but cannot be imported is an error: it is
    not for us to guess which part of an installation may be missing.
    """
    from ec2lite.signing.botocore_signer import BotocoreSigner
    from ec2lite.signing.sigv4 import SigV4

    return BotocoreSigner() if BotocoreSigner.is_installed() else SigV4()
