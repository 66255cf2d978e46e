"""ec2lite with the extra [aiohttp] and its own signer."""

import contextlib

import httpx_aiohttp

import ec2lite
from rivals import ours


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    del concurrency
    transport = httpx_aiohttp.AiohttpTransport()
    options = ours.options(url, "SigV4")
    async with transport, ec2lite.AsyncClient(**options, transport=transport) as client:
        yield client.stop_instances
