"""The worlds in which flows run: one that blocks, one that awaits.

Each holds a transport and a source of credentials, and turns what HTTP libraries raise into
``TransportError``.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Final, Protocol

import httpx
from attrs import define, field

from ec2lite.engine.clock import MACHINE, Clock
from ec2lite.engine.flow import Answer, Blocking, GetCredentials, Sleep, Together
from ec2lite.errors import TransportError
from ec2lite.protocol.content import MAX_SIZE
from ec2lite.transports import body
from ec2lite.transports.genuine import sends_itself
from ec2lite.transports.private import transport_for

if TYPE_CHECKING:
    from ec2lite.engine.flow import Effect
    from ec2lite.models import Credentials

# What HTTP libraries raise when no answer came, or not all of it.
NO_ANSWER: Final = (httpx.TransportError, httpx.StreamError, OSError)
# And those of them that happen before a byte of the request is sent.
UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class CredentialsSource(Protocol):
    """Gives credentials, blocking; called from many threads."""

    @property
    def provider(self) -> str | None:
        """The name of the provider that gave them; None before the first ones."""
        ...

    def get(self, want: GetCredentials) -> Credentials:
        """Return credentials, others than ``want.rejected``."""
        ...


class AsyncCredentialsSource(Protocol):
    """Gives credentials, awaiting; called from many tasks."""

    @property
    def provider(self) -> str | None:
        """The name of the provider that gave them; None before the first ones."""
        ...

    async def get(self, want: GetCredentials) -> Credentials:
        """Return credentials, others than ``want.rejected``."""
        ...


@define(eq=False, repr=False)
class SyncWorld:
    """Does effects, blocking."""

    transport: httpx.BaseTransport
    credentials: CredentialsSource
    max_response_size: int = MAX_SIZE
    clock: Clock = MACHINE
    _client: httpx.Client = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._client = httpx.Client(transport=self.transport, trust_env=False)

    def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        if isinstance(effect, GetCredentials):
            return self.credentials.get(effect)
        if isinstance(effect, Sleep):
            self.clock.sleep(effect.seconds)
            return None
        if isinstance(effect, Blocking):
            return effect.function()
        if isinstance(effect, Together):
            from ec2lite.engine.together import together

            return together([(each, self) for each in effect.flows], effect.at_most, self.clock)
        return self._send(effect)

    def _send(self, request: httpx.Request) -> Answer:
        request.extensions["max_response_size"] = self.max_response_size
        try:
            response = self._exchange(request)
            return _answer(response, body.read(response, self.max_response_size))
        except NO_ANSWER as error:
            raise _translated(error, request, believed=True) from error

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send as an httpx.Client would, without what it adds: redirects, cookies, headers.

        Its transport is asked for each time, and its ``send`` is used where somebody has replaced
        that: a program that mocks or guards httpx must see every request.
        """
        client = self._client
        if not sends_itself(httpx.Client):
            return client.send(request, stream=True, auth=None, follow_redirects=False)
        response: httpx.Response = transport_for(client, request.url).handle_request(request)
        return response


@define(eq=False, repr=False)
class AsyncWorld:
    """Does effects, awaiting; on asyncio or trio."""

    transport: httpx.AsyncBaseTransport
    credentials: AsyncCredentialsSource
    max_response_size: int = MAX_SIZE
    clock: Clock = MACHINE
    _keeps_deadlines: bool = field(init=False, repr=False)
    _client: httpx.AsyncClient = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # A transport that ends a request at its deadline by itself says so.
        self._keeps_deadlines = getattr(self.transport, "keeps_deadlines", False)
        self._client = httpx.AsyncClient(transport=self.transport, trust_env=False)

    async def perform(self, effect: Effect) -> object:
        """Do it and return its outcome."""
        if isinstance(effect, GetCredentials):
            return await self.credentials.get(effect)
        if isinstance(effect, Sleep):
            await self.clock.asleep(effect.seconds)
            return None
        if isinstance(effect, Blocking):
            import anyio.to_thread

            # A cancelled task leaves at once; what the thread still does, nobody waits for.
            return await anyio.to_thread.run_sync(effect.function, abandon_on_cancel=True)
        if isinstance(effect, Together):
            from ec2lite.engine.together import atogether

            return await atogether([(each, self) for each in effect.flows], effect.at_most)
        return await self._send(effect)

    async def _send(self, request: httpx.Request) -> Answer:
        request.extensions["max_response_size"] = self.max_response_size
        deadline = request.extensions.get("deadline")
        try:
            if deadline is None or self._keeps_deadlines:
                return await self._read(request)
            import anyio

            with anyio.fail_after(max(0.0, deadline - self.clock.monotonic())):
                return await self._read(request)
        except NO_ANSWER as error:
            # What keeps deadlines is ours, and takes more care with the names of errors.
            believed = self._keeps_deadlines or not _comes_from_aiohttp(error)
            raise _translated(error, request, believed=believed) from error

    async def _read(self, request: httpx.Request) -> Answer:
        response = await self._exchange(request)
        return _answer(response, await body.aread(response, self.max_response_size))

    async def _exchange(self, request: httpx.Request) -> httpx.Response:
        """Send as an httpx.AsyncClient would, as above."""
        client = self._client
        if not sends_itself(httpx.AsyncClient):
            return await client.send(request, stream=True, auth=None, follow_redirects=False)
        transport = transport_for(client, request.url)
        response: httpx.Response = await transport.handle_async_request(request)
        return response


def _answer(response: httpx.Response, content: bytes) -> Answer:
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers.raw:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    discard = functools.partial(_discard, response)
    return Answer(response.status_code, headers, content, discard)


def _discard(response: httpx.Response) -> None:
    """End the connection of a response. Our transports tell how; httpcore's tell their socket."""
    close = response.extensions.get("discard")
    if close is not None:
        close()
        return
    stream = response.extensions.get("network_stream")
    own = None if stream is None else stream.get_extra_info("socket")
    if own is None:
        return
    import socket

    # Only shut down: httpcore's pool then takes it for dropped by the server, and closes it itself.
    with (
        contextlib.suppress(OSError),
        socket.fromfd(own.fileno(), socket.AF_INET, socket.SOCK_STREAM) as copy,
    ):
        copy.shutdown(socket.SHUT_RDWR)


def _translated(error: Exception, request: httpx.Request, *, believed: bool) -> TransportError:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return TransportError(
        f"no answer from {request.url.netloc.decode('ascii')}: {what}",
        is_timeout=isinstance(error, httpx.TimeoutException | TimeoutError),
        maybe_sent=not (believed and isinstance(error, UNSENT)),
    )


def _comes_from_aiohttp(error: Exception) -> bool:
    # httpx-aiohttp also calls a connection that broke after the request a ConnectTimeout.
    return type(error.__cause__).__module__.startswith("aiohttp")
