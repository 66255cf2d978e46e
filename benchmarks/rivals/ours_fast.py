"""ec2lite with the extra [fast] and its own signer."""

import contextlib

import ec2lite
from rivals import ours


def sync(url):
    transport = ec2lite.FastTransport()
    return ec2lite.Client(**ours.options(url, "SigV4"), transport=transport).stop_instances


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    del concurrency
    transport = ec2lite.AsyncFastTransport()
    options = ours.options(url, "SigV4")
    async with ec2lite.AsyncClient(**options, transport=transport) as client:
        yield client.stop_instances
    await transport.aclose()
