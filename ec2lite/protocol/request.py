"""From an operation to a signed HTTP request."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from ec2lite import checks
from ec2lite._version import __version__
from ec2lite.models import Credentials, Endpoint
from ec2lite.protocol import query
from ec2lite.protocol.operation import check
from ec2lite.signing.signer import default_signer, is_sendable

if TYPE_CHECKING:
    import httpx

    from ec2lite.protocol.operation import Operation
    from ec2lite.signing.signer import Signer


# RFC 9110, section 5.6.2, without the # that the parts before it use.
_NOT_IN_A_TOKEN: Final = re.compile(r"[^!$%&'*+\-.^_`|~0-9A-Za-z]")


def build_request(
    request: Operation[Any],
    *,
    endpoint: Endpoint,
    credentials: Credentials,
    now: datetime,
    signer: Signer | None = None,
) -> httpx.Request:
    """Return the signed HTTP request for an operation, to be sent by any means.

    AWS accepts it for 15 minutes around ``now``, the time that it is signed for; a time without a
    zone is UTC. ``signer`` is botocore's unless given, or ``SigV4()`` where botocore is not
    installed. A ``ConfigError`` names a wrong argument.
    """
    check(request)
    checks.instance("endpoint", endpoint, Endpoint, "an ec2lite.Endpoint")
    checks.instance("now", now, datetime, "a datetime")
    # A client's call may go unsigned; this function promises a signature.
    if request.signed:
        checks.instance("credentials", credentials, Credentials, "ec2lite.Credentials")
    if signer is not None:
        checks.having("sign")("signer", signer)
    builder = RequestBuilder(endpoint, signer or default_signer())
    return builder.build(request, encode(request), credentials=credentials, now=now)


def encode(operation: Operation[Any]) -> bytes:
    """Return the body of an operation's request."""
    return query.encode(operation.action, operation.version, operation.form_pairs())


def user_agent(extra: str | None = None, app_id: str | None = None) -> str:
    """Return the ``User-Agent`` header, which AWS's logs (CloudTrail's ``userAgent``) show.

    ``app_id`` is a program's name. As in AWS's SDKs, a ``-`` stands for each character that a part
    of the header must not have.
    """
    python = ".".join(map(str, sys.version_info[:3]))
    app = f"app/{_NOT_IN_A_TOKEN.sub('-', app_id)}" if app_id else None
    parts = [f"ec2lite/{__version__}", f"lang/python#{python}", app, extra]
    return " ".join(filter(None, parts))


class RequestBuilder:
    """Builds the requests to one endpoint. What they have in common is made once."""

    def __init__(self, endpoint: Endpoint, signer: Signer, agent: str | None = None) -> None:
        import httpx

        self.endpoint = endpoint
        self._signer = signer
        self._url = _url(endpoint.url)
        # The URL on the wire: httpx escapes characters and removes dots from the path.
        self._signed_url = str(self._url)
        self._signed = {
            "host": self._url.netloc.decode("ascii"),
            "content-type": query.CONTENT_TYPE,
        }
        unsigned = {"user-agent": agent or user_agent(), "accept-encoding": "identity"}
        self._fixed = _raw(self._signed | unsigned)
        self._request = httpx.Request
        self._stream = httpx.ByteStream

    def build(
        self,
        operation: Operation[Any],
        body: bytes,
        *,
        credentials: Credentials | None,
        now: datetime,
        headers: dict[str, str] | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> httpx.Request:
        """Return the request with that body, signed for ``now``; ``headers`` are sent unsigned."""
        added = {"content-length": str(len(body)), **(headers or {})}
        if operation.signed and credentials is not None:
            signed = self._signer.sign(
                method="POST",
                url=self._signed_url,
                headers=self._signed,
                body=body,
                credentials=credentials,
                region=self.endpoint.signing_region,
                service=self.endpoint.signing_name,
                now=now,
            )
            if not is_sendable(signed):
                # Programs that record the variables of tracebacks would record the token.
                del signed
                raise checks.wrong("what the signer returns", "printable ASCII", "other text")
            added |= signed
        request = self._request(
            "POST",
            self._url,
            headers=self._fixed + _raw(added),
            # httpx would derive headers from `content=`, at four times the cost; they are all here.
            stream=self._stream(body),
            extensions=extensions,
        )
        request.read()
        return request


def _url(text: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(text)
        # Some hosts are decoded only when somebody asks; in a proxy's rules, say.
        _ = url.host
    except (httpx.InvalidURL, UnicodeError):
        problem = "one that httpx cannot read"
    else:
        return url
    # Raised out here, as httpx's error shows the URL.
    raise checks.wrong("the URL of the endpoint", "an http:// or https:// URL", problem)


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
