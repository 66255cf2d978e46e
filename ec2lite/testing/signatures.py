"""Signatures: computed again with our own SigV4, and refused as EC2 and STS do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from ec2lite.signing import sigv4
from ec2lite.signing.key import derive, signature
from ec2lite.testing.refusals import Refusal

if TYPE_CHECKING:
    from ec2lite.testing.identities import Identities, Identity
    from ec2lite.testing.sent import Sent

_HEADER: Final = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/,]+)/(?P<scope>[^,]+), *"
    r"SignedHeaders=(?P<names>[^,]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW: Final = timedelta(minutes=15)
# What is wrong, and what each service says to that: EC2's code with its usual text, and STS's own.
_STS: Final = {
    "key": ("InvalidClientTokenId", "The security token included in the request is invalid."),
    "scope": ("SignatureDoesNotMatch", "Credential should be scoped to a valid region."),
    "signature": (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your "
        "AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    "time": ("SignatureDoesNotMatch", "Signature expired: it is too far from the current time."),
    "expired": ("ExpiredToken", "The security token included in the request is expired"),
    "missing": ("MissingAuthenticationToken", "Request is missing Authentication Token"),
}
_EC2: Final = {"time": "RequestExpired", "expired": "RequestExpired"}


def identify(
    sent: Sent, identities: Identities, *, region: str, service: str, now: datetime
) -> Identity:
    """Return who signed a request; raise ``Refusal`` if nobody did, or not so that it counts."""
    problem, identity = _look(sent, identities, region, service, now)
    if identity is not None:
        return identity
    if service == "sts":
        raise Refusal(*_STS[problem])
    raise Refusal(_EC2.get(problem, "AuthFailure"))


def _look(
    sent: Sent, identities: Identities, region: str, service: str, now: datetime
) -> tuple[str, Identity | None]:
    """Return what is wrong, or whose the signature is."""
    parts = _HEADER.fullmatch(sent.headers.get("authorization", ""))
    if parts is None:
        return "missing", None
    identity = identities.find(parts["key"])
    if identity is None or sent.headers.get("x-amz-security-token") != (
        identity.credentials.session_token
    ):
        return "key", None
    time = sent.headers.get("x-amz-date", "")
    if parts["scope"] != sigv4.scope(time[:8], region, service):
        return "scope", None
    if not hmac.compare_digest(_expected(sent, parts, time, identity), parts["signature"]):
        return "signature", None
    if abs(_read(time) - now) > _SKEW:
        return "time", None
    return ("expired", None) if identity.has_expired(now) else ("", identity)


def _expected(sent: Sent, parts: re.Match[str], time: str, identity: Identity) -> str:
    names = parts["names"].split(";")
    headers = {name: sent.headers.get(name, "") for name in names}
    canonical = sigv4.canonical_request(sent.method, sent.url, headers, sent.body)
    day, region, service, _ = parts["scope"].split("/")
    key = derive(identity.credentials.secret_access_key, day, region, service)
    return signature(key, sigv4.string_to_sign(canonical, time, parts["scope"]))


def _read(time: str) -> datetime:
    """Return the date of a request; one that is none is as far away as can be."""
    try:
        return datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
