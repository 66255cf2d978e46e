"""Transports of each colour, to be used alike by blocking tests."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import httpx
from anyio.from_thread import BlockingPortal
from attrs import define

from ec2lite.transports import body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colours import Colour

TIMEOUT = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


@define(eq=False)
class Sender:
    """A transport, and the event loop it may need."""

    transport: Any
    portal: BlockingPortal | None = None

    def start(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the response, whose place is taken until it is read."""
        if self.portal is None:
            return self.transport.handle_request(request)
        return self.portal.call(self.transport.handle_async_request, request)

    def read(self, response: httpx.Response, limit: int = 1 << 20) -> bytes:
        """Read a response's body."""
        if self.portal is None:
            return body.read(response, limit)
        return self.portal.call(body.aread, response, limit)

    def send(self, request: httpx.Request) -> bytes:
        """Send a request and return the body of its response."""
        return self.read(self.start(request))

    def close(self) -> None:
        """Close the transport."""
        if self.portal is None:
            self.transport.close()
        else:
            self.portal.call(self.transport.aclose)


@contextlib.contextmanager
def sender(colour: Colour, **arguments: Any) -> Iterator[Sender]:
    """Open a transport of a colour; the environment is empty unless given."""
    if not colour.is_async:
        made = Sender(colour.transport(**arguments))
        try:
            yield made
        finally:
            made.close()
        return
    with colour.portal() as portal:
        made = Sender(colour.transport(**arguments), portal)
        try:
            yield made
        finally:
            made.close()


def post(
    url: str, *, within: float = 10.0, content: Any = b"Action=StopInstances", **extensions: Any
) -> httpx.Request:
    """Return a request as the engine sends them."""
    extensions = {"timeout": TIMEOUT, "deadline": time.monotonic() + within, **extensions}
    return httpx.Request("POST", url, content=content, extensions=extensions)


async def asend(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> bytes:
    """Send a request and return the body of its response."""
    return await body.aread(await transport.handle_async_request(request), 1 << 20)
