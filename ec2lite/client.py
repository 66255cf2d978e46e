"""Client and AsyncClient: one line per operation, and the lifetime of what they own."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Generic, NoReturn, Self, TypeVar

from ec2lite.config.settings import Settings
from ec2lite.engine.call import call
from ec2lite.engine.dry_run import DryRunResult, dry_run
from ec2lite.engine.flow import Flow, GetCredentials, arun, run
from ec2lite.engine.setup import Setup
from ec2lite.engine.world import AsyncWorld, SyncWorld
from ec2lite.errors import ConfigError, CredentialsError
from ec2lite.operations.stop_instances import StopInstances, StopInstancesResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType
    from typing import Any

    import httpx

    from ec2lite.engine.context import Context, Timeout
    from ec2lite.engine.retry import RetryPolicy
    from ec2lite.models import Credentials
    from ec2lite.protocol.operation import Operation
    from ec2lite.protocol.signer import Signer

R = TypeVar("R")
T = TypeVar("T")


class _Source:
    """The given credentials, or the environment's."""

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        self._credentials = credentials
        self._settings = settings

    def get(self, want: GetCredentials) -> Credentials:
        """Return them."""
        del want
        if self._credentials is not None:
            return self._credentials
        from ec2lite.models import Credentials

        env = self._settings.env
        key, secret = env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
        if not key or not secret:
            raise CredentialsError(
                "no credentials: pass credentials=, or set AWS_ACCESS_KEY_ID and"
                " AWS_SECRET_ACCESS_KEY"
            )
        return Credentials(key, secret, env("AWS_SESSION_TOKEN"))


class _AsyncSource(_Source):
    async def get(self, want: GetCredentials) -> Credentials:  # type: ignore[override]
        return super().get(want)


class _Base(Generic[T]):
    """What both clients have in common: their arguments and what follows from them."""

    _send_method: str
    # On the class, because __del__ also sees clients whose constructor failed.
    _closed = False
    _owned: T | None = None

    def __init__(
        self,
        region: str | None = None,
        *,
        profile: str | None = None,
        credentials: Credentials | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        timeout: float | Timeout | None = None,
        transport: T | None = None,
        signer: Signer | None = None,
        user_agent_extra: str | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        if transport is not None and not hasattr(transport, self._send_method):
            raise ConfigError(
                f"transport: {type(self).__name__} needs one with {self._send_method}()"
            )
        self._setup = Setup(
            settings=Settings(profile=profile),
            region=region,
            endpoint_url=endpoint_url,
            use_fips=use_fips,
            use_dualstack=use_dualstack,
            retry=retry,
            timeout=timeout,
            signer=signer,
            user_agent_extra=user_agent_extra,
            clock=clock,
        )
        self._credentials = credentials
        self._transport = transport
        self._lock = threading.Lock()

    def _context(self) -> Context:
        if self._closed:
            raise ConfigError("the client is closed")
        return self._setup.context()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} has connections and secrets: it is not pickled")

    def __del__(self) -> None:
        if self._owned is not None and not self._closed:
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=2, source=self)


class Client(_Base["httpx.BaseTransport"]):
    """EC2 for code that blocks. One client serves many threads.

    Everything has a default; nothing is read from disk or network before the first call.

    - ``region``: such as ``"eu-west-1"``; else AWS_REGION, AWS_DEFAULT_REGION, the profile's.
    - ``profile``: a profile of the shared files; else AWS_PROFILE, else ``default``.
    - ``credentials``: ``Credentials``; else the environment's.
    - ``endpoint_url``: another service that speaks EC2's protocol; else AWS_ENDPOINT_URL_EC2,
      AWS_ENDPOINT_URL, the profile's, else AWS's own for the Region.
    - ``use_fips``, ``use_dualstack``: AWS's endpoints with FIPS 140 cryptography, with IPv6.
    - ``retry``: ``StandardRetry()``, ``AdaptiveRetry()`` or ``NoRetry()``; else AWS_RETRY_MODE,
      AWS_MAX_ATTEMPTS and the profile decide, else standard.
    - ``timeout``: seconds for a whole call with its retries, or a ``Timeout``.
    - ``transport``: an ``httpx.BaseTransport`` to send with; it is the caller's to close.
    - ``signer``: a ``Signer``; botocore's by default.
    - ``user_agent_extra``: added to the ``User-Agent`` header, for AWS's logs.
    - ``clock``: returns the time to sign for, a timezone-aware datetime.

    A wrong argument is a ``ConfigError``. Calls raise what ``ec2lite.errors`` draws.
    Close the client, or use it as a context manager.
    """

    _send_method = "handle_request"
    _owned: httpx.BaseTransport | None
    _world: SyncWorld | None = None

    def stop_instances(
        self,
        instance_ids: str | Iterable[str],
        *,
        hibernate: bool | None = None,
        force: bool | None = None,
        skip_os_shutdown: bool | None = None,
        dry_run: bool | None = None,
    ) -> StopInstancesResult:
        """Stop instances; see ``StopInstances`` for the arguments."""
        return self.send(StopInstances(instance_ids, hibernate, force, skip_os_shutdown, dry_run))

    def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return self._run(call(request, self._context()))

    def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        return self._run(dry_run(request, self._context()))

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards; closing twice is fine."""
        self._closed = True
        if self._owned is not None:
            self._owned.close()
            self._owned = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, flow: Flow[R]) -> R:
        return run(flow, self._world or self._open())

    def _open(self) -> SyncWorld:
        import httpx

        with self._lock:
            if self._world is None:
                transport = self._transport
                if transport is None:
                    transport = self._owned = httpx.HTTPTransport()
                source = _Source(self._credentials, self._setup.settings)
                self._world = SyncWorld(transport, source)
            return self._world


class AsyncClient(_Base["httpx.AsyncBaseTransport"]):
    """EC2 for code that awaits, on asyncio or trio. One client serves many tasks.

    The arguments are those of ``Client``; ``transport`` is an ``httpx.AsyncBaseTransport``.
    """

    _send_method = "handle_async_request"
    _owned: httpx.AsyncBaseTransport | None
    _world: AsyncWorld | None = None

    async def stop_instances(
        self,
        instance_ids: str | Iterable[str],
        *,
        hibernate: bool | None = None,
        force: bool | None = None,
        skip_os_shutdown: bool | None = None,
        dry_run: bool | None = None,
    ) -> StopInstancesResult:
        """Stop instances; see ``StopInstances`` for the arguments."""
        return await self.send(
            StopInstances(instance_ids, hibernate, force, skip_os_shutdown, dry_run)
        )

    async def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return await self._run(call(request, self._context()))

    async def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        return await self._run(dry_run(request, self._context()))

    async def close(self) -> None:
        """Close the connections. The client cannot be used afterwards; closing twice is fine."""
        self._closed = True
        if self._owned is not None:
            await self._owned.aclose()
            self._owned = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self, flow: Flow[R]) -> R:
        return await arun(flow, self._world or self._open())

    def _open(self) -> AsyncWorld:
        import httpx

        with self._lock:
            if self._world is None:
                transport = self._transport
                if transport is None:
                    transport = self._owned = httpx.AsyncHTTPTransport()
                source = _AsyncSource(self._credentials, self._setup.settings)
                self._world = AsyncWorld(transport, source)
            return self._world
