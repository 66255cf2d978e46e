"""ec2lite with the extra [aiohttp] and its own signer."""

import contextlib

import ec2lite
from rivals import ours


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    del concurrency
    transport = ec2lite.AiohttpTransport()
    options = ours.options(url, "SigV4")
    async with transport, ec2lite.AsyncClient(**options, transport=transport) as client:
        yield client.stop_instances
