"""aiobotocore: botocore over aiohttp."""

import contextlib

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

REGION = "eu-west-1"
KEYS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}


@contextlib.asynccontextmanager
async def concurrent(url, concurrency):
    # Its default is 10 connections; as many as ec2lite's 100 make it faster.
    config = AioConfig(max_pool_connections=max(10, min(concurrency, 100)))
    async with get_session().create_client(
        "ec2", region_name=REGION, endpoint_url=url, config=config, **KEYS
    ) as client:
        yield lambda ids: client.stop_instances(InstanceIds=ids)
