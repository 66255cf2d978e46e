"""Client and AsyncClient: one line per operation, and what is not the same when awaited."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import ec2lite
from ec2lite.base_client import BaseClient
from ec2lite.engine.call import call
from ec2lite.engine.flow import Flow, arun, run
from ec2lite.methods import (
    LateModule,
    async_listing,
    async_many,
    async_method,
    async_waiter,
    late,
    listing,
    many,
    method,
    waiter,
)

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from ec2lite import waiters
    from ec2lite.bulk import many as bulk
    from ec2lite.bulk.many import Many
    from ec2lite.bulk.outcome import BatchResult
    from ec2lite.engine.dry_run import DryRunResult
    from ec2lite.engine.pages import AsyncListing, Listing
    from ec2lite.engine.world import AsyncWorld, SyncWorld
    from ec2lite.operations.paging import Paged
    from ec2lite.protocol.operation import Operation
    from ec2lite.waiters import Wait
else:
    waiters = LateModule("ec2lite.waiters")
    bulk = LateModule("ec2lite.bulk.many")

R = TypeVar("R")
Item = TypeVar("Item")


class Client(BaseClient["httpx.BaseTransport"]):
    """EC2 for code that blocks. One client serves many threads.

    Everything has a default; nothing is read from disk or network before the first call.

    - ``region``: such as ``"eu-west-1"``; else AWS_REGION, AWS_DEFAULT_REGION, the profile's, the
      instance's own.
    - ``profile``: a profile of the shared files; else AWS_PROFILE, else ``default``.
    - ``credentials``: ``Credentials``, or an object with botocore's ``get_frozen_credentials()``,
      or what that returns; else the default chain's: environment, profile, container, instance
      metadata.
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
    - ``on_event``: called with each event of ``ec2lite.events``, in the thread or task of the call.
      What it raises is logged, and goes no further.
    - ``pacing``: ``Pacing()`` lets every request to EC2 wait for AWS's token buckets, single calls
      and waits too. By default only work on many instances does, and with ``NoPacing()`` not even
      that. It is the default of ``stop_many`` and its siblings, too.

    A wrong argument is a ``ConfigError``. Calls raise what ``ec2lite.errors`` draws.
    Close the client, or use it as a context manager.
    """

    _send_method = "handle_request"
    _owned: httpx.BaseTransport | None
    _world: SyncWorld | None = None

    describe_instance_status: Final = late(lambda: listing(ec2lite.DescribeInstanceStatus))
    describe_instances: Final = late(lambda: listing(ec2lite.DescribeInstances))
    stop_instances: Final = late(lambda: method(ec2lite.StopInstances))
    start_instances: Final = late(lambda: method(ec2lite.StartInstances))
    reboot_instances: Final = late(lambda: method(ec2lite.RebootInstances))
    terminate_instances: Final = late(lambda: method(ec2lite.TerminateInstances))
    modify_instance_attribute: Final = late(lambda: method(ec2lite.ModifyInstanceAttribute))
    describe_instance_attribute: Final = late(lambda: method(ec2lite.DescribeInstanceAttribute))
    wait_until_running: Final = late(lambda: waiter(waiters.WaitUntilRunning))
    wait_until_stopped: Final = late(lambda: waiter(waiters.WaitUntilStopped))
    wait_until_terminated: Final = late(lambda: waiter(waiters.WaitUntilTerminated))
    wait_until_status_ok: Final = late(lambda: waiter(waiters.WaitUntilStatusOk))
    stop_many: Final = late(lambda: many(bulk.StopMany))
    start_many: Final = late(lambda: many(bulk.StartMany))
    reboot_many: Final = late(lambda: many(bulk.RebootMany))
    terminate_many: Final = late(lambda: many(bulk.TerminateMany))

    def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return self._run(self._setup.perform(call, request))

    def listing(self, request: Paged[R, Item]) -> Listing[R, Item]:
        """Iterate over what a request describes, page after page; see ``Listing``."""
        from ec2lite.engine.pages import Listing

        return Listing(request, self._ask, lambda: self._world or self._open())

    def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        from ec2lite.engine.dry_run import dry_run

        return self._run(self._setup.perform(dry_run, request))

    def wait(self, wait: Wait[Item]) -> dict[str, Item]:
        """Carry out a wait, and return what is known of each instance by its id."""
        from ec2lite.waiting.loop import Waiting

        with Waiting(wait) as waiting:
            return self._run(waiting.flow(self._setup.context()))

    def carry_out(self, many: Many) -> BatchResult:
        """Act on many instances, and return one outcome each."""
        from ec2lite.bulk.batch import Batches

        work = Batches(self._paced(many), self._setup.passing)
        try:
            return self._run(work.flow(self._setup.context()))
        finally:
            # After Ctrl-C: a flow that is interrupted can send nothing more.
            if work.owes:
                self._run(work.restore())

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
                    from ec2lite.transports.transport import Transport

                    ca_bundle = self._setup.settings.ca_bundle
                    transport = self._owned = Transport(ca_bundle=ca_bundle)
                credentials = credentials_for(transport=transport, **self._identity())
                self._world = SyncWorld(
                    transport, credentials, self._setup.max_response_size, self._setup.passing
                )
            return self._world


class AsyncClient(BaseClient["httpx.AsyncBaseTransport"]):
    """EC2 for code that awaits, on asyncio or trio. One client serves many tasks.

    The arguments are those of ``Client``; ``transport`` is an ``httpx.AsyncBaseTransport``.
    """

    _send_method = "handle_async_request"
    _owned: httpx.AsyncBaseTransport | None
    _world: AsyncWorld | None = None

    describe_instance_status: Final = late(lambda: async_listing(ec2lite.DescribeInstanceStatus))
    describe_instances: Final = late(lambda: async_listing(ec2lite.DescribeInstances))
    stop_instances: Final = late(lambda: async_method(ec2lite.StopInstances))
    start_instances: Final = late(lambda: async_method(ec2lite.StartInstances))
    reboot_instances: Final = late(lambda: async_method(ec2lite.RebootInstances))
    terminate_instances: Final = late(lambda: async_method(ec2lite.TerminateInstances))
    modify_instance_attribute: Final = late(lambda: async_method(ec2lite.ModifyInstanceAttribute))
    describe_instance_attribute: Final = late(
        lambda: async_method(ec2lite.DescribeInstanceAttribute)
    )
    wait_until_running: Final = late(lambda: async_waiter(waiters.WaitUntilRunning))
    wait_until_stopped: Final = late(lambda: async_waiter(waiters.WaitUntilStopped))
    wait_until_terminated: Final = late(lambda: async_waiter(waiters.WaitUntilTerminated))
    wait_until_status_ok: Final = late(lambda: async_waiter(waiters.WaitUntilStatusOk))
    stop_many: Final = late(lambda: async_many(bulk.StopMany))
    start_many: Final = late(lambda: async_many(bulk.StartMany))
    reboot_many: Final = late(lambda: async_many(bulk.RebootMany))
    terminate_many: Final = late(lambda: async_many(bulk.TerminateMany))

    def _prepare(self) -> None:
        from ec2lite.engine.first_call import FirstCall, load

        setup = self._setup
        # Not a method: that would be a cycle, and clients are to be freed at once.
        loading = partial(
            load, setup.settings, setup.signer, setup.endpoint_url, self._transport is None
        )
        self._first_call: FirstCall = FirstCall(loading)

    async def send(self, request: Operation[R]) -> R:
        """Carry out a request and return its result."""
        return await self._run(self._setup.perform(call, request))

    def listing(self, request: Paged[R, Item]) -> AsyncListing[R, Item]:
        """Iterate over what a request describes, page after page; see ``AsyncListing``."""
        from ec2lite.engine.first_call import LaterWorld
        from ec2lite.engine.pages import AsyncListing

        return AsyncListing(
            request, self._ask, lambda: self._world or LaterWorld(self._loaded_world)
        )

    async def dry_run(self, request: Operation[Any]) -> DryRunResult:
        """Ask whether a request would be permitted, without carrying it out."""
        from ec2lite.engine.dry_run import dry_run

        return await self._run(self._setup.perform(dry_run, request))

    async def wait(self, wait: Wait[Item]) -> dict[str, Item]:
        """Carry out a wait, and return what is known of each instance by its id."""
        from ec2lite.waiting.loop import Waiting

        with Waiting(wait) as waiting:
            return await self._run(waiting.flow(self._setup.context()))

    async def carry_out(self, many: Many) -> BatchResult:
        """Act on many instances, and return one outcome each."""
        from ec2lite.bulk.batch import Batches

        work = Batches(self._paced(many), self._setup.passing)
        try:
            return await self._run(work.flow(self._setup.context()))
        finally:
            # After a cancellation: a flow that is interrupted can send nothing more.
            if work.owes:
                import anyio

                with anyio.CancelScope(shield=True):
                    await self._run(work.restore())

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
        from ec2lite.engine.first_call import after_loading

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
                    from ec2lite.transports.transport import AsyncTransport

                    ca_bundle = self._setup.settings.ca_bundle
                    transport = self._owned = AsyncTransport(ca_bundle=ca_bundle)
                self._world = AsyncWorld(
                    transport,
                    async_credentials_for(transport=transport, **self._identity()),
                    self._setup.max_response_size,
                    self._setup.passing,
                )
            return self._world
