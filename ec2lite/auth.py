"""Signed requests from anybody's httpx client, to any service of AWS.

    auth = ec2lite.SigV4Auth("execute-api", "eu-west-1")
    httpx.get("https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod/pets", auth=auth)

``_exchange`` is a flow, so the text for sync and async clients is one. It emits the request that
the httpx client is to send, and is sent the response.
"""

from __future__ import annotations

import re
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import httpx

from ec2lite import checks
from ec2lite.config.settings import Settings
from ec2lite.credentials import given
from ec2lite.credentials.resolve import async_credentials_for, credentials_for, instance_region
from ec2lite.engine.context import Timeout
from ec2lite.engine.flow import Blocking, Emit, GetCredentials
from ec2lite.engine.locks import ForkSafeLock
from ec2lite.engine.setup import Setup
from ec2lite.engine.skew import Skew
from ec2lite.engine.world import AsyncWorld, SyncWorld
from ec2lite.errors import EXPIRED_CODES
from ec2lite.signing.httpx_request import UNSIGNED as UNSIGNED
from ec2lite.signing.httpx_request import headers_to_sign, normalize, url_of
from ec2lite.signing.signer import PAYLOAD_HASH, S3, default_signer, is_sendable
from ec2lite.transports.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from datetime import datetime

    from ec2lite.base_client import FrozenCredentialsSource
    from ec2lite.engine.flow import Effect
    from ec2lite.models import Credentials
    from ec2lite.signing.signer import Signer

_Exchange: TypeAlias = "Generator[Effect | Emit[httpx.Request], Any, None]"

_UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
_MADE: Final = ("authorization", "x-amz-date", "x-amz-security-token")
# The statuses with which services refuse a signature, a time or a token.
_REFUSED: Final = frozenset({400, 401, 403})
# Once for the clock, once for the credentials.
_MOST_ATTEMPTS: Final = 3
_CODE: Final = re.compile(rb'<Code>\s*([\w.]+)|"(?:__type|[Cc]ode)"\s*:\s*"(?:[^"#]*#)?([\w.]+)')


class SigV4Auth(httpx.Auth):
    """Signs requests of ``httpx.Client`` and ``httpx.AsyncClient`` by Signature Version 4.

    - ``service``: the name to sign for, such as ``"execute-api"``, ``"es"``, ``"lambda"``,
      ``"s3"``. S3 has rules of its own for paths and bodies, which apply for its names.
    - ``region``, ``credentials``, ``profile``, ``clock``, ``signer``, ``mfa_token``,
      ``correct_clock_skew``: as for ``ec2lite.Client``. One object renews its credentials for all
      the clients that use it, threads and tasks alike.
    - ``unsigned_payload``: send ``x-amz-content-sha256: UNSIGNED-PAYLOAD`` and leave the body
      alone, for services that allow it. Otherwise a body that is a stream is read into memory.

    All headers are signed but those in ``ec2lite.auth.UNSIGNED``. A refusal because of the time or
    of expired credentials is answered once with another signature, if the body can be sent again.
    A wrong argument is a ``ConfigError``. A request raises what finding credentials raises.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
    """

    def __init__(
        self,
        service: str,
        region: str | None = None,
        *,
        credentials: Credentials | FrozenCredentialsSource | None = None,
        profile: str | None = None,
        clock: Callable[[], datetime] | None = None,
        signer: Signer | None = None,
        unsigned_payload: bool = False,
        mfa_token: Callable[[str], str] | None = None,
        correct_clock_skew: bool = True,
    ) -> None:
        if not checks.header("service", service).strip():
            raise checks.wrong("service", "the signing name of a service", "a blank string")
        if credentials is not None:
            given.check(credentials)
        if mfa_token is not None:
            checks.function("mfa_token", mfa_token)
        self._service = service
        self._unsigned_payload = checks.flag("unsigned_payload", unsigned_payload)
        self._setup = Setup(
            settings=Settings(profile=profile, own_region=region),
            region=region,
            signer=signer,
            clock=clock,
            correct_clock_skew=correct_clock_skew,
            find_region=instance_region,
        )
        self._identity: dict[str, Any] = {
            "credentials": credentials,
            "settings": self._setup.settings,
            "clock": self._setup.now,
            "mfa_token": mfa_token,
            "signer": signer,
        }
        self._signer = signer
        self._skew = Skew(enabled=correct_clock_skew)
        self._lock = ForkSafeLock()
        self._world: SyncWorld | None = None
        self._async_world: AsyncWorld | None = None

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request of an ``httpx.Client``, which calls this."""
        if not self._unsigned_payload:
            request.read()
        flow = self._exchange(request)
        step: Callable[[Any], Effect | Emit[httpx.Request]] = flow.send
        outcome: Any = None
        try:
            while True:
                effect = step(outcome)
                if isinstance(effect, Emit):
                    response = yield effect.item
                    if response.status_code in _REFUSED:
                        response.read()
                    step, outcome = flow.send, response
                    continue
                try:
                    step, outcome = flow.send, self._open().perform(effect)
                except Exception as error:  # noqa: BLE001 - handed to the flow, as run() does
                    step, outcome = flow.throw, error
        except StopIteration:
            return
        finally:
            flow.close()

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request of an ``httpx.AsyncClient``, which calls this."""
        if not self._unsigned_payload:
            await request.aread()
        flow = self._exchange(request)
        step: Callable[[Any], Effect | Emit[httpx.Request]] = flow.send
        outcome: Any = None
        try:
            while True:
                effect = step(outcome)
                if isinstance(effect, Emit):
                    response = yield effect.item
                    if response.status_code in _REFUSED:
                        await response.aread()
                    step, outcome = flow.send, response
                    continue
                try:
                    step, outcome = flow.send, await self._aopen().perform(effect)
                except Exception as error:  # noqa: BLE001 - handed to the flow, as arun() does
                    step, outcome = flow.throw, error
        except StopIteration:
            return
        finally:
            flow.close()

    def _exchange(self, request: httpx.Request) -> _Exchange:
        """Emit the request, signed; and again, if another signature may be what it needs."""
        region = checks.text("region", (yield from self._setup.get_region()))
        if self._signer is None:
            # Its import takes a tenth of a second, in which an event loop would do nothing else.
            self._signer = yield Blocking(default_signer)
        normalize(request, is_s3=self._service in S3)
        wanted, is_corrected = _want(), False
        for _ in range(_MOST_ATTEMPTS):
            credentials: Credentials = yield wanted
            if credentials is wanted.rejected:
                return
            sent = self._setup.now()
            signed_for = self._skew.correct(sent)
            self._sign(request, credentials, region, signed_for)
            response: httpx.Response = yield Emit(request)
            code = _code(response)
            if code is None:
                return
            is_mended = self._skew.learn(
                code,
                response.headers,
                sent=sent,
                received=self._setup.now(),
                signed_for=signed_for,
                is_corrected=is_corrected,
            )
            is_corrected |= is_mended
            if not is_mended:
                is_temporary = credentials.session_token is not None
                if code not in EXPIRED_CODES or not is_temporary or wanted.rejected:
                    return
                wanted = _want(rejected=credentials)
            if not isinstance(request.stream, httpx.ByteStream):
                return

    def _sign(
        self, request: httpx.Request, credentials: Credentials, region: str, now: datetime
    ) -> None:
        headers = request.headers
        for name in _MADE:
            headers.pop(name, None)
        if self._unsigned_payload:
            headers[PAYLOAD_HASH] = _UNSIGNED_PAYLOAD
        elif self._service in S3:
            headers[PAYLOAD_HASH] = sha256(request.content).hexdigest()
        assert self._signer is not None  # noqa: S101 - for the type checkers
        added = self._signer.sign(
            method=request.method,
            url=url_of(request),
            headers=headers_to_sign(headers),
            body=b"" if self._unsigned_payload else request.content,
            credentials=credentials,
            region=region,
            service=self._service,
            now=now,
        )
        if not is_sendable(added):
            # As for a client's requests: the error and its frames show no token.
            del added
            raise checks.wrong("what the signer returns", "printable ASCII", "other text")
        headers.update(added)

    def _open(self) -> SyncWorld:
        with self._lock.current:
            if self._world is None:
                transport = _Brief(self._setup.settings)
                source = credentials_for(transport=transport, **self._identity)
                self._world = SyncWorld(transport, source)
            return self._world

    def _aopen(self) -> AsyncWorld:
        with self._lock.current:
            if self._async_world is None:
                transport = _AsyncBrief(self._setup.settings)
                source = async_credentials_for(transport=transport, **self._identity)
                self._async_world = AsyncWorld(transport, source)
            return self._async_world


class _Brief(httpx.BaseTransport):
    """Sends what finding credentials takes. Nobody closes an ``httpx.Auth``, so it keeps nothing.

    Such requests are rare: one or two an hour.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and close the connection after its answer."""
        request.headers["connection"] = "close"
        return Transport(ca_bundle=self._settings.ca_bundle).handle_request(request)


class _AsyncBrief(httpx.AsyncBaseTransport):
    """The same, awaiting."""

    keeps_deadlines: Final = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and close the connection after its answer."""
        request.headers["connection"] = "close"
        transport = AsyncTransport(ca_bundle=self._settings.ca_bundle)
        return await transport.handle_async_request(request)


def _want(rejected: Credentials | None = None) -> GetCredentials:
    return GetCredentials(rejected, deadline=time.monotonic() + (Timeout().total or 0))


def _code(response: httpx.Response) -> str | None:
    """Return the code of a refusal: from its header, or its document of XML or JSON."""
    if response.status_code not in _REFUSED:
        return None
    header: str = response.headers.get("x-amzn-errortype", "")
    if header:
        return header.partition(":")[0].rpartition("#")[2]
    if response.request.method == "HEAD":
        # There is no document. Only the date can tell whether the time was the reason.
        return "RequestTimeTooSkewed"
    found = _CODE.search(response.content)
    return None if found is None else (found[1] or found[2]).decode("ascii", "replace")
