"""An answer to another request: refused, kept, and its connection closed."""

from __future__ import annotations

import httpx
import pytest
from fault_cases import STOPPED, good

import ec2lite
from colours import Colour
from ec2lite.errors import ResponseError
from samples import KEYS
from servers import answer, each, serve, take

FOREIGN = answer(STOPPED.replace(b"i-1234567890abcdef0", b"i-of-another"))
SWAPS = [each(take, FOREIGN)]
KEEPS = [each(take, good)]


def arguments(server, **others):
    """Return a client's arguments."""
    given = {"region": "eu-west-1", "endpoint_url": server.url, "credentials": KEYS}
    return given | others


def check(server, colour, **others):
    """Let two calls be made, of which the first gets another's answer."""
    with colour.client(**arguments(server, **others)) as ec2:
        with pytest.raises(ResponseError, match="'i-of-another'") as caught:
            ec2.stop_instances("i-1")
        assert "i-of-another" == caught.value.result.stopping_instances[0].instance_id

        result = ec2.stop_instances("i-2")
    assert "i-2" == result.stopping_instances[0].instance_id
    assert 2 == server.connections


def test_connection_is_closed(colour):
    """After an answer that belongs to another request the next call has a new connection."""
    with serve(SWAPS, KEEPS) as server:
        check(server, colour)


def test_connection_of_another_transport_is_closed():
    """So it is with a transport of httpx's own."""
    with serve(SWAPS, KEEPS) as server, httpx.HTTPTransport() as transport:
        check(server, Colour("sync"), transport=transport)


def test_connection_of_another_async_transport_is_closed(loop):
    """And with an awaited one, in every event loop."""

    async def main(server):
        transport = httpx.AsyncHTTPTransport()
        async with (
            transport,
            ec2lite.AsyncClient(**arguments(server, transport=transport)) as ec2,
        ):
            with pytest.raises(ResponseError, match="'i-of-another'"):
                await ec2.stop_instances("i-1")
            await ec2.stop_instances("i-2")

    with serve(SWAPS, KEEPS) as server:
        loop.run(main, server)
        assert 2 == server.connections
