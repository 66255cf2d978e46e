"""The ways to use ec2lite: blocking, or awaiting on one of the event loops there are."""

from __future__ import annotations

import contextlib
import functools
import inspect
import os
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

import ec2lite
from ec2lite.transports.transport import AsyncTransport, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

LOOPS = ("asyncio", "uvloop", "trio")
NAMES = ("sync", *LOOPS)
# The same with the fast transports.
FAST_LOOPS = tuple(f"{name}, fast" for name in LOOPS)
FAST_NAMES = tuple(f"{name}, fast" for name in NAMES)
# For what only the default transports do.
default_only = pytest.mark.parametrize("colour", NAMES, indirect=True)


class Colour:
    """One of the ways, by its name."""

    def __init__(self, name: str) -> None:
        self.name = name
        name, _, fast = name.partition(", ")
        self.is_async = name != "sync"
        self.is_fast = bool(fast)
        # What anyio calls it.
        self.backend = "asyncio" if name == "uvloop" else name
        self.backend_options = {"use_uvloop": True} if name == "uvloop" else {}

    def __repr__(self) -> str:
        return self.name

    def run(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """Run an async function in an event loop of its own."""
        options = self.backend_options
        return anyio.run(function, *args, backend=self.backend, backend_options=options)

    @contextlib.contextmanager
    def portal(self) -> Iterator[BlockingPortal]:
        """Run an event loop in another thread."""
        with start_blocking_portal(self.backend, self.backend_options) as portal:
            yield portal

    def transport(self, **arguments: Any) -> Any:
        """Return a transport of this colour; the environment is empty unless given."""
        arguments.setdefault("environ", {})
        if self.is_fast:
            kinds = (ec2lite.FastTransport, ec2lite.AsyncFastTransport)
        else:
            kinds = (Transport, AsyncTransport)
        return kinds[self.is_async](**arguments)

    @contextlib.contextmanager
    def client(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Open a client of this colour, whose methods are called like those of ``Client``."""
        if self.is_fast:
            kwargs["transport"] = self.transport(
                ca_bundle=os.environ.get("AWS_CA_BUNDLE"), environ=os.environ
            )
        if not self.is_async:
            with ec2lite.Client(*args, **kwargs) as client:
                yield client
            if self.is_fast:
                kwargs["transport"].close()
            return
        with self.portal() as portal:
            client = ec2lite.AsyncClient(*args, **kwargs)
            try:
                yield InLoop(client, portal)
            finally:
                portal.call(client.close)
                if self.is_fast:
                    portal.call(kwargs["transport"].aclose)


class ListingInLoop:
    """An AsyncListing on an event loop in another thread, to be used like a Listing."""

    def __init__(self, listing: ec2lite.AsyncListing[Any, Any], portal: BlockingPortal) -> None:
        self._listing = listing
        self._portal = portal

    def __iter__(self) -> Iterator[Any]:
        return self._iterate(aiter(self._listing))

    def pages(self) -> Iterator[Any]:
        """Iterate over the results instead."""
        return self._iterate(self._listing.pages())

    def _iterate(self, iterator: AsyncIterator[Any]) -> Iterator[Any]:
        end = object()
        while (item := self._portal.call(anext, iterator, end)) is not end:
            yield item


class InLoop:
    """An AsyncClient on an event loop in another thread, to be used like a Client."""

    def __init__(self, client: ec2lite.AsyncClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._client, name)
        if not callable(value):
            return value

        def blocking(*args: Any, **kwargs: Any) -> Any:
            if inspect.iscoroutinefunction(value):
                return self._portal.call(functools.partial(value, *args, **kwargs))
            result = value(*args, **kwargs)
            if isinstance(result, ec2lite.AsyncClient):
                return InLoop(result, self._portal)
            is_listing = isinstance(result, ec2lite.AsyncListing)
            return ListingInLoop(result, self._portal) if is_listing else result

        return blocking


SYNC = Colour("sync")
