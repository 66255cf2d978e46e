"""Client and AsyncClient: one line per operation, and the lifetime of what they own."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Protocol, Self, TypeVar

from ec2lite import checks
from ec2lite.config.settings import Settings
from ec2lite.credentials import given
from ec2lite.credentials.resolve import instance_region
from ec2lite.engine.call import call
from ec2lite.engine.dry_run import DryRunResult, dry_run
from ec2lite.engine.first_call import FirstCall, LaterWorld, after_loading, load
from ec2lite.engine.flow import Flow, arun, run
from ec2lite.engine.locks import ForkSafeLock
from ec2lite.engine.pages import AsyncListing, Listing
from ec2lite.engine.setup import Setup
from ec2lite.errors import ConfigError
from ec2lite.methods import async_listing, async_method, listing, method
from ec2lite.operations.describe_instance_attribute import DescribeInstanceAttribute
from ec2lite.operations.describe_instance_status import DescribeInstanceStatus
from ec2lite.operations.describe_instances import DescribeInstances
from ec2lite.operations.modify_instance_attribute import ModifyInstanceAttribute
from ec2lite.operations.reboot_instances import RebootInstances
from ec2lite.operations.start_instances import StartInstances
from ec2lite.operations.stop_instances import StopInstances
from ec2lite.operations.terminate_instances import TerminateInstances
from ec2lite.protocol.content import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    import httpx

    from ec2lite.engine.context import Timeout
    from ec2lite.engine.retry import RetryPolicy
    from ec2lite.engine.world import AsyncWorld, SyncWorld
    from ec2lite.models import Credentials
    from ec2lite.operations.paging import Paged
    from ec2lite.protocol.operation import Operation
    from ec2lite.signing.signer import Signer

R = TypeVar("R")
Item = TypeVar("Item")
T = TypeVar("T")


class FrozenCredentialsSource(Protocol):
    """An object that gives credentials as botocore's do, such as a boto3 session's."""

    def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - botocore's or aiobotocore's own
        """Return an object with ``access_key``, ``secret_key`` and ``token``."""
        ...


class _Base(Generic[T]):
    """What both clients have in common: their arguments and what follows from them."""

    _send_method: str
    # On the class, because __del__ also sees clients whose constructor failed.
    _closed = False
    _owned: T | None = None
    # Of a view: the client whose connections it shares, and whether the credentials are its own.
    _parent: Self | None = None
    _has_own_credentials = False

    def __init__(
        self,
        region: str | None = None,
        *,
        profile: str | None = None,
        credentials: Credentials | FrozenCredentialsSource | None = None,
        endpoint_url: str | None = None,
        use_fips: bool | None = None,
        use_dualstack: bool | None = None,
        retry: RetryPolicy | None = None,
        timeout: float | Timeout | None = None,
        transport: T | None = None,
        signer: Signer | None = None,
        user_agent_extra: str | None = None,
        clock: Callable[[], datetime] | None = None,
        mfa_token: Callable[[str], str] | None = None,
        correct_clock_skew: bool = True,
        max_response_size: int = MAX_SIZE,
    ) -> None:
        if transport is not None:
            checks.having(self._send_method)("transport", transport)
        self._setup = Setup(
            settings=Settings(profile=profile, own_region=region, own_endpoint_url=endpoint_url),
            region=region,
            endpoint_url=endpoint_url,
            use_fips=use_fips,
            use_dualstack=use_dualstack,
            retry=retry,
            timeout=timeout,
            signer=signer,
            user_agent_extra=user_agent_extra,
            clock=clock,
            correct_clock_skew=correct_clock_skew,
            max_response_size=max_response_size,
            find_region=instance_region,
        )
        if credentials is not None:
            given.check(credentials)
        if mfa_token is not None:
            checks.function("mfa_token", mfa_token)
        self._credentials = credentials
        self._mfa_token = mfa_token
        self._transport = transport
        self._lock = ForkSafeLock()
        # Not a method: that would be a cycle, and clients are to be freed at once.
        self._first_call = FirstCall(
            partial(load, self._setup.settings, self._setup.signer, self._setup.endpoint_url)
        )

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        credentials: Credentials | FrozenCredentialsSource | None = None,
    ) -> Self:
        """Return a view of this client that makes its calls with other options.

        What is omitted is this client's, and so are the connections. ``retry`` keeps a quota of its
        own for the view. Closing the view does nothing; it ends with this client. A wrong argument
        is a ``ConfigError``.

            ec2.with_options(timeout=5, retry=ec2lite.NoRetry()).describe_instances("i-…")
        """
        view = object.__new__(type(self))
        vars(view).update(vars(self))
        view._parent = self
        view._owned = None
        view._setup = self._setup.view(timeout=timeout, retry=retry)
        if credentials is not None:
            given.check(credentials)
            view._credentials = credentials
            view._has_own_credentials = True
            vars(view).pop("_world", None)
        return view

    def _ask(self, request: Operation[R]) -> Flow[R]:
        self._check_open()
        return self._setup.perform(call, request)

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigError("the client is closed")
        if self._parent is not None:
            self._parent._check_open()  # noqa: SLF001 - of the same class

    def _shut(self) -> T | None:
        """Mark the client as closed; return what there is to close, to one thread only."""
        if self._parent is not None:
            return None
        with self._lock.current:
            self._closed = True
            owned, self._owned = self._owned, None
            return owned

    def _identity(self) -> dict[str, Any]:
        """Return what credentials are found with."""
        return {
            "credentials": self._credentials,
            "settings": self._setup.settings,
            "clock": self._setup.now,
            "mfa_token": self._mfa_token,
            "signer": self._setup.signer,
        }

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} has connections and secrets: it is not pickled")

    def __del__(self) -> None:
        if self._owned is not None and not self._closed:
            warnings.warn(f"{self!r} was never closed", ResourceWarning, stacklevel=2, source=self)


class Client(_Base["httpx.BaseTransport"]):
    """EC2 for code that blocks. One client serves many threads.

    Everything has a default; nothing is read from disk or network before the first call.

    - ``region``: such as ``"eu-west-1"``; else AWS_REGION, AWS_DEFAULT_REGION, the profile's, the
      instance's own.
    - ``profile``: a profile of the shared files; else AWS_PROFILE, else ``default``.
    - ``credentials``: ``Credentials``, or an object with botocore's ``get_frozen_credentials()``;
      else the default chain's: environment, profile, container, instance metadata.
    - ``endpoint_url``: where all requests go instead of AWS, those to STS and other services too;
      else AWS_ENDPOINT_URL_EC2, AWS_ENDPOINT_URL, the profile's, else AWS's own for the Region.
    - ``use_fips``, ``use_dualstack``: AWS's endpoints with FIPS 140 cryptography, with IPv6.
    - ``retry``: ``StandardRetry()``, ``AdaptiveRetry()`` or ``NoRetry()``; else AWS_RETRY_MODE,
      AWS_MAX_ATTEMPTS and the profile decide, else standard.
    - ``timeout``: seconds for a whole call with its retries, or a ``Timeout``.
    - ``transport``: an ``httpx.BaseTransport`` to send with; it is the caller's to close.
    - ``signer``: a ``Signer``; botocore's by default.
    - ``user_agent_extra``: added to the ``User-Agent`` header, for AWS's logs.
    - ``clock``: returns the time to sign for, a timezone-aware datetime. One that can also wait
      (``ec2lite.testing.VirtualClock``) makes time limits, pauses and waits be of its time.
    - ``mfa_token``: returns the code of the MFA device whose serial number it is called with, where
      a role needs one; called in a worker thread by ``AsyncClient``.
    - ``correct_clock_skew``: learn from the service's answers how wrong this machine's clock is.
    - ``max_response_size``: bytes of an answer, as it comes and inflated; more is an error.

    A wrong argument is a ``ConfigError``. Calls raise what ``ec2lite.errors`` draws.
    Close the client, or use it as a context manager.
    """

    _send_method = "handle_request"
    _owned: httpx.BaseTransport | None
    _world: SyncWorld | None = None

    describe_instance_status: Final = listing(DescribeInstanceStatus)
    describe_instances: Final = listing(DescribeInstances)
    stop_instances: Final = method(StopInstances)
    start_instances: Final = method(StartInstances)
    reboot_instances: Final = method(RebootInstances)
    terminate_instances: Final = method(TerminateInstances)
    modify_instance_attribute: Final = method(ModifyInstanceAttribute)
    describe_instance_attribute: Final = method(DescribeInstanceAttribute)

    def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return self._run(self._setup.perform(call, request))

    def listing(self, request: Paged[R, Item]) -> Listing[R, Item]:
        """Iterate over what a request describes, page after page; see ``Listing``."""
        return Listing(request, self._ask, lambda: self._world or self._open())

    def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        return self._run(self._setup.perform(dry_run, request))

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards; closing twice is fine."""
        owned = self._shut()
        if owned is not None:
            owned.close()

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
        self._check_open()
        return run(flow, self._world or self._open())

    def _open(self) -> SyncWorld:
        from ec2lite.credentials.resolve import credentials_for
        from ec2lite.engine.world import SyncWorld
        from ec2lite.transports.transport import Transport

        if self._parent is not None:
            shared = self._parent._world or self._parent._open()  # noqa: SLF001 - as above
            if not self._has_own_credentials:
                return shared
            source = credentials_for(transport=shared.transport, **self._identity())
            self._world = SyncWorld(
                shared.transport, source, shared.max_response_size, shared.clock
            )
            return self._world
        with self._lock.current:
            # Another thread may have closed it since the call began.
            self._check_open()
            if self._world is None:
                transport = self._transport
                if transport is None:
                    ca_bundle = self._setup.settings.ca_bundle
                    transport = self._owned = Transport(ca_bundle=ca_bundle)
                credentials = credentials_for(transport=transport, **self._identity())
                self._world = SyncWorld(
                    transport, credentials, self._setup.max_response_size, self._setup.passing
                )
            return self._world


class AsyncClient(_Base["httpx.AsyncBaseTransport"]):
    """EC2 for code that awaits, on asyncio or trio. One client serves many tasks.

    The arguments are those of ``Client``; ``transport`` is an ``httpx.AsyncBaseTransport``.
    """

    _send_method = "handle_async_request"
    _owned: httpx.AsyncBaseTransport | None
    _world: AsyncWorld | None = None

    describe_instance_status: Final = async_listing(DescribeInstanceStatus)
    describe_instances: Final = async_listing(DescribeInstances)
    stop_instances: Final = async_method(StopInstances)
    start_instances: Final = async_method(StartInstances)
    reboot_instances: Final = async_method(RebootInstances)
    terminate_instances: Final = async_method(TerminateInstances)
    modify_instance_attribute: Final = async_method(ModifyInstanceAttribute)
    describe_instance_attribute: Final = async_method(DescribeInstanceAttribute)

    async def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return await self._run(self._setup.perform(call, request))

    def listing(self, request: Paged[R, Item]) -> AsyncListing[R, Item]:
        """Iterate over what a request describes, page after page; see ``AsyncListing``."""
        return AsyncListing(
            request, self._ask, lambda: self._world or LaterWorld(self._loaded_world)
        )

    async def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        return await self._run(self._setup.perform(dry_run, request))

    async def close(self) -> None:
        """Close the connections. The client cannot be used afterwards; closing twice is fine."""
        owned = self._shut()
        if owned is not None:
            await owned.aclose()

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
        self._check_open()
        return await arun(flow, self._world or await self._loaded_world())

    def _ask(self, request: Operation[R]) -> Flow[R]:
        flow = super()._ask(request)
        return after_loading(flow) if self._world is None else flow

    async def _loaded_world(self) -> AsyncWorld:
        """Return the world, made after a thread has loaded what it takes."""
        if self._world is None:
            await self._first_call.wait()
        return self._world or self._open()

    def _open(self) -> AsyncWorld:
        from ec2lite.credentials.resolve import async_credentials_for
        from ec2lite.engine.world import AsyncWorld
        from ec2lite.transports.transport import AsyncTransport

        if self._parent is not None:
            shared = self._parent._world or self._parent._open()  # noqa: SLF001 - as above
            if not self._has_own_credentials:
                return shared
            source = async_credentials_for(transport=shared.transport, **self._identity())
            self._world = AsyncWorld(
                shared.transport, source, shared.max_response_size, shared.clock
            )
            return self._world
        with self._lock.current:
            # Another thread may have closed it since the call began.
            self._check_open()
            if self._world is None:
                transport = self._transport
                if transport is None:
                    ca_bundle = self._setup.settings.ca_bundle
                    transport = self._owned = AsyncTransport(ca_bundle=ca_bundle)
                self._world = AsyncWorld(
                    transport,
                    async_credentials_for(transport=transport, **self._identity()),
                    self._setup.max_response_size,
                    self._setup.passing,
                )
            return self._world
