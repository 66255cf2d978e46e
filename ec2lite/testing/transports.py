"""A fake EC2 as httpx transports, one of each colour: in this process, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from ec2lite.testing.faults import Reset
from ec2lite.testing.sent import Sent

if TYPE_CHECKING:
    from ec2lite.testing.fake import FakeEC2


class FakeTransport(httpx.BaseTransport):
    """Answers httpx's requests, blocking."""

    def __init__(self, fake: FakeEC2) -> None:
        self._fake = fake

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after the fake's latency, on its clock."""
        body = request.read()
        late = _late(request, self._fake.latency)
        self._fake.clock.sleep(self._fake.latency if late is None else late)
        if late is not None:
            raise httpx.ReadTimeout("timed out", request=request)
        return _respond(self._fake, request, body)


class AsyncFakeTransport(httpx.AsyncBaseTransport):
    """Answers httpx's requests, awaiting, on asyncio or trio."""

    # Time limits are of the fake's clock, which a timer of the event loop knows nothing of.
    keeps_deadlines: bool = True

    def __init__(self, fake: FakeEC2) -> None:
        self._fake = fake

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after the fake's latency, on its clock."""
        body = await request.aread()
        late = _late(request, self._fake.latency)
        await self._fake.clock.asleep(self._fake.latency if late is None else late)
        if late is not None:
            raise httpx.ReadTimeout("timed out", request=request)
        return _respond(self._fake, request, body)


def _late(request: httpx.Request, latency: float) -> float | None:
    """Return the seconds after which the caller stops waiting, if that is before the answer."""
    limit: float | None = request.extensions.get("timeout", {}).get("read")
    return limit if limit is not None and limit < latency else None


def _respond(fake: FakeEC2, request: httpx.Request, body: bytes) -> httpx.Response:
    sent = Sent(request.method, str(request.url), dict(request.headers.items()), body)
    try:
        reply = fake.answer(sent)
    except Reset:
        raise httpx.ReadError("Connection reset by peer", request=request) from None
    return httpx.Response(reply.status, headers=reply.headers, content=reply.body, request=request)
